"""The newest change that the ledger has of each account."""

from datetime import timedelta

import pytest

from adapter.domain.enrollment import EnrollmentKind, Known
from adapter.domain.work_item import Source, State

PAPERLESS, AUTOPAY = EnrollmentKind


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_it_is_the_newest_by_invoice_clouds_time_whatever_came_of_it(bench, now, order):
    desk = bench.enrollments
    for number in order:
        desk.accept(
            number, changed_at=now + timedelta(minutes=number), source=Source.CUSTOMER_REPORT
        )
    desk.record(desk.send(), State.NEEDS_PERSON)
    newest = desk.payload(3, changed_at=now + timedelta(minutes=3))
    assert bench.ledger.enrollments.newest(bench.biller, PAPERLESS) == {
        "30254": Known(change=newest, source=Source.CUSTOMER_REPORT)
    }


def test_settings_accounts_and_billers_are_apart(bench):
    desk = bench.enrollments
    desk.accept(1)
    desk.accept(2, kind=AUTOPAY)
    desk.accept(3, lane="7")
    desk.accept(4, lane="8", biller="another-carrier")
    bench.payments.accept(5)
    assert {item.state for item in desk.items.page(limit=9)} == {State.WAITING}
    newest = bench.ledger.enrollments.newest
    assert set(newest(bench.biller, PAPERLESS)) == {"30254", "7"}
    assert set(newest(bench.biller, AUTOPAY)) == {"30254"}
    assert set(newest("another-carrier", PAPERLESS)) == {"8"}
    assert newest("another-carrier", AUTOPAY) == {}
