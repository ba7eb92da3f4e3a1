"""Many items at once: accepted together, or agreed with by a partner's report."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from adapter.domain.work_item import Source
from adapter.errors import LedgerError


@pytest.fixture
def accept_all(bench):
    return partial(bench.reversals.outbox.accept_all, source=Source.REJECT_REPORT)


def test_confirming_happens_once(bench, now, later):
    desk = bench.payments
    ids = [desk.accept(number).id for number in (1, 2)]
    assert desk.outbox.confirm(ids, now=now) == 2
    assert desk.outbox.confirm([*ids, 77], now=later(60)) == 0
    assert [item.confirmed_at for item in desk.items.page(limit=9)] == [now, now]
    assert desk.outbox.confirm([], now=now) == 0
    assert bench.exceptions() == ()


def test_a_reject_is_kept_as_it_came_and_once(bench, accept_all, now, later):
    reject = bench.reversals.payload()
    assert accept_all([reject, reject], now=now) == ([reject], [])
    assert accept_all([replace(reject, reason="other words")], now=later(5)) == ([], [])
    (item,) = bench.reversals.items.page(limit=9)
    assert (item.payload, item.accepted_at) == (reject, now)
    others = [replace(reject, invoice_number="7"), replace(reject, biller="another-carrier")]
    assert accept_all(others, now=now) == (others, [])
    assert accept_all([], now=now) == ([], [])


def test_other_content_is_returned_and_changes_nothing(bench, accept_all, now):
    known = bench.reversals.accept()
    other = replace(known.payload, amount=Decimal("1.00"))
    new = bench.reversals.payload(2)
    assert accept_all([other, new], now=now) == ([new], [other])
    assert bench.reversals.find(known) == known


def test_all_of_them_or_none(bench, accept_all, now, sql):
    sql("ALTER TABLE ach_returns RENAME TO lost")
    with pytest.raises(LedgerError):
        accept_all([bench.reversals.payload(n) for n in (1, 2)], now=now)
    sql("ALTER TABLE lost RENAME TO ach_returns")
    assert bench.reversals.items.page(limit=9) == ()


def test_what_is_new_is_announced_once_for_each_biller(bench, accept_all, now):
    announced = []
    bench.ledger.announce_to(lambda _connection, kind, biller: announced.append((kind, biller)))
    some = [bench.reversals.payload(n) for n in (1, 2)]
    some.append(bench.reversals.payload(3, biller="another-carrier"))
    for _ in range(2):
        accept_all(some, now=now)
    assert announced == [("reversal", "another-carrier"), ("reversal", bench.biller)]
