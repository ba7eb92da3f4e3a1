"""What reports, polls and settled batches ask about the items of one kind."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest

from adapter.domain.enrollment import EnrollmentKind, Known
from adapter.domain.work_item import Source, State
from adapter.kinds.enrollments import newest_changes
from adapter.kinds.payments import PaymentQueries
from adapter.kinds.reversals import returned_amounts
from adapter.ledger.items import NAMES_PER_STATEMENT

PAPERLESS, AUTOPAY = EnrollmentKind


@pytest.fixture
def desk(bench):
    return bench.payments


@pytest.fixture
def payments(bench):
    return PaymentQueries(bench.ledger)


def test_payments_are_found_by_guid_on_whatever_invoice(bench, desk, payments):
    for number, lane in ((1, "1"), (1, "2"), (2, "3")):
        desk.accept(number, lane=lane)
    bench.reversals.accept(1, lane="1")
    # More than two statements take.
    fill = [str(number) for number in range(NAMES_PER_STATEMENT)]
    guids = [desk.payload(1).payment_guid, *fill, *fill, desk.payload(2).payment_guid]
    found = payments.of_guids(bench.biller, guids)
    assert {item.kind for item in found} == {"payment"}
    assert [item.payload.invoice_number for item in found] == ["1", "2", "3"]
    assert payments.of_guids("another-carrier", guids) == ()
    assert payments.of_guids(bench.biller, []) == ()


def test_what_no_report_agreed_with_is_found_by_payment_time_half_open(bench, desk, payments, now):
    first, second, third = (desk.accept(number) for number in (3, 2, 1))  # paid in this order
    desk.accept(2, biller="another-carrier")
    desk.outbox.confirm([second.id], now=now)
    window = {"paid_from": first.payload.paid_at, "paid_until": third.payload.paid_at}
    assert payments.unreported(bench.biller, **window) == (first,)
    window["paid_until"] += timedelta(microseconds=1)
    assert payments.unreported(bench.biller, **window) == (first, third)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_it_is_the_newest_by_invoice_clouds_time_whatever_came_of_it(bench, now, order):
    desk = bench.enrollments
    for number in order:
        desk.accept(
            number, changed_at=now + timedelta(minutes=number), source=Source.CUSTOMER_REPORT
        )
    desk.record(desk.send(), State.NEEDS_PERSON)
    newest = desk.payload(3, changed_at=now + timedelta(minutes=3))
    assert newest_changes(bench.ledger, bench.biller, PAPERLESS) == {
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
    newest = partial(newest_changes, bench.ledger)
    assert set(newest(bench.biller, PAPERLESS)) == {"30254", "7"}
    assert set(newest(bench.biller, AUTOPAY)) == {"30254"}
    assert set(newest("another-carrier", PAPERLESS)) == {"8"}
    assert newest("another-carrier", AUTOPAY) == {}


def test_amounts_are_known_by_payment_and_invoice(bench):
    for number in (1, 2):
        bench.reversals.accept(number)
    guids = [str(UUID(int=1)), str(UUID(int=9))]
    assert returned_amounts(bench.ledger, bench.biller, guids) == {
        (guids[0], "30254"): Decimal("731.37")
    }
    assert returned_amounts(bench.ledger, "another-carrier", guids) == {}
    assert returned_amounts(bench.ledger, bench.biller, []) == {}
