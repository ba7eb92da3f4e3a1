"""What reports ask about payments."""

from datetime import timedelta

import pytest

from adapter.ledger.item_rows import NAMES_PER_STATEMENT


@pytest.fixture
def desk(bench):
    return bench.payments


@pytest.fixture
def payments(bench):
    return bench.ledger.payments


def test_confirming_happens_once(bench, desk, payments, now, later):
    ids = [desk.accept(number).id for number in (1, 2)]
    assert payments.confirm(ids, now=now) == 2
    assert payments.confirm([*ids, 77], now=later(60)) == 0
    assert [item.confirmed_at for item in desk.items.page(limit=9)] == [now, now]
    assert payments.confirm([], now=now) == 0
    assert bench.exceptions() == ()


def test_payments_are_found_by_guid_on_whatever_invoice(bench, desk, payments):
    for number, lane in ((1, "1"), (1, "2"), (2, "3")):
        desk.accept(number, lane=lane)
    bench.reversals.accept(1, lane="1")
    guids = [desk.payload(1).payment_guid, *(["x"] * NAMES_PER_STATEMENT), "y"]
    found = payments.of_guids(bench.biller, guids)
    assert [(item.kind, item.payload.invoice_number) for item in found] == [
        ("payment", "1"),
        ("payment", "2"),
    ]
    assert payments.of_guids("another-carrier", guids) == ()
    assert payments.of_guids(bench.biller, []) == ()


def test_more_names_than_one_statement_takes_are_asked_for_in_parts(bench, desk, payments):
    numbers = range(1, 2 * NAMES_PER_STATEMENT + 2)
    for number in (1, NAMES_PER_STATEMENT + 1, 2 * NAMES_PER_STATEMENT + 1):
        desk.accept(number)
    guids = [desk.payload(number).payment_guid for number in numbers]
    assert len(payments.of_guids(bench.biller, guids)) == 3


def test_what_no_report_agreed_with_is_found_by_payment_time_half_open(bench, desk, payments, now):
    first, second, third = (desk.accept(number) for number in (3, 2, 1))  # paid in this order
    desk.accept(2, biller="another-carrier")
    payments.confirm([second.id], now=now)
    window = {"paid_from": first.payload.paid_at, "paid_until": third.payload.paid_at}
    assert payments.unreported(bench.biller, **window) == (first,)
    window["paid_until"] += timedelta(microseconds=1)
    assert payments.unreported(bench.biller, **window) == (first, third)
