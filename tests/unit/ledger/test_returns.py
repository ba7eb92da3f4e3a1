"""Rejects in the ledger: accepted once and all together, with what came back of a payment."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.errors import LedgerError


@pytest.fixture
def returns(bench):
    return bench.ledger.returns


def test_a_reject_is_kept_as_it_came_and_once(bench, returns, now, later):
    reject = bench.reversals.payload()
    assert returns.accept_all([reject, reject], now=now) == ([reject], [])
    assert returns.accept_all([replace(reject, reason="other words")], now=later(5)) == ([], [])
    (item,) = bench.reversals.items.page(limit=9)
    assert (item.payload, item.accepted_at) == (reject, now)


def test_other_content_is_returned_and_changes_nothing(bench, returns, now):
    known = bench.reversals.accept()
    other = replace(known.payload, amount=Decimal("1.00"))
    new = bench.reversals.payload(2)
    assert returns.accept_all([other, new], now=now) == ([new], [other])
    assert bench.reversals.find(known) == known


def test_invoices_and_billers_are_apart(bench, returns, now):
    reject = bench.reversals.payload()
    others = [replace(reject, invoice_number="7"), replace(reject, biller="another-carrier")]
    new, changed = returns.accept_all([reject, *others], now=now)
    assert (len(new), changed) == (3, [])
    assert returns.accept_all([], now=now) == ([], [])


def test_all_of_them_or_none(bench, returns, now, sql):
    sql("ALTER TABLE ach_returns RENAME TO lost")
    with pytest.raises(LedgerError):
        returns.accept_all([bench.reversals.payload(n) for n in (1, 2)], now=now)
    sql("ALTER TABLE lost RENAME TO ach_returns")
    assert bench.reversals.items.page(limit=9) == ()


def test_what_is_new_is_announced_once_for_each_biller(bench, returns, now):
    announced = []
    bench.ledger.announce_to(lambda _connection, kind, biller: announced.append((kind, biller)))
    some = [bench.reversals.payload(n) for n in (1, 2)]
    some.append(bench.reversals.payload(3, biller="another-carrier"))
    for _ in range(2):
        returns.accept_all(some, now=now)
    assert announced == [("reversal", "another-carrier"), ("reversal", bench.biller)]


def test_amounts_are_known_by_payment_and_invoice(bench, returns):
    for number in (1, 2):
        bench.reversals.accept(number)
    guids = [str(UUID(int=1)), str(UUID(int=9))]
    assert returns.amounts(bench.biller, guids) == {(guids[0], "30254"): Decimal("731.37")}
    assert returns.amounts("another-carrier", guids) == {}
    assert returns.amounts(bench.biller, []) == {}
