"""The exceptions list: opened once, resolved in words."""

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import NotFoundError


@pytest.fixture
def opened(bench, now):
    def open_one(detail="amount differs", *, at=now, invoice="30254", again=False, number=1):
        return bench.ledger.exceptions.open(
            bench.biller,
            ExceptionKind.MISMATCH,
            detail,
            now=at,
            payment_guid=bench.payments.payload(number).payment_guid,
            invoice_number=invoice,
            again=again,
        )

    return open_one


def test_an_exception_says_what_and_since_when(bench, opened, now):
    item = opened()
    assert bench.exceptions() == (item,)
    assert (item.biller, item.kind, item.detail) == (
        bench.biller,
        ExceptionKind.MISMATCH,
        "amount differs",
    )
    assert (item.opened_at, item.resolved_at, item.resolution) == (now, None, "")


def test_the_same_thing_is_open_once(bench, opened, later):
    first = opened()
    assert opened(at=later(60)) == first
    assert opened("amount differs more", at=later(60)) == first
    assert len(bench.exceptions()) == 1


def test_other_subjects_are_other_exceptions(bench, opened, now):
    opened()
    opened(invoice="30255")
    opened(number=2)
    bench.ledger.exceptions.open("another", ExceptionKind.MISMATCH, "amount differs", now=now)
    bench.ledger.exceptions.open(bench.biller, ExceptionKind.NOT_REPORTED, "gone", now=now)
    assert len(bench.exceptions()) == 5


def test_what_a_person_resolved_is_not_opened_by_the_next_poll(bench, opened, later):
    first = opened()
    resolved = bench.ledger.exceptions.resolve(first.id, now=later(60), resolution="a refund")
    assert (resolved.resolved_at, resolved.resolution) == (later(60), "a refund")
    assert opened(at=later(120)) == resolved
    assert opened("another amount", at=later(120)).is_open
    assert opened(at=later(180)).detail == "another amount"


def test_what_can_happen_again_is_opened_again(bench, opened, later):
    first = opened()
    bench.ledger.exceptions.resolve(first.id, now=later(60), resolution="mended")
    assert opened(at=later(120), again=True).is_open


def test_resolving_twice_keeps_the_first_words(bench, opened, later):
    item = opened()
    first = bench.ledger.exceptions.resolve(item.id, now=later(1), resolution="first")
    assert bench.ledger.exceptions.resolve(item.id, now=later(2), resolution="second") == first
    with pytest.raises(NotFoundError, match="no exception 99"):
        bench.ledger.exceptions.resolve(99, now=later(3), resolution="what")


def test_what_settles_itself_is_closed_for_the_invoices_named(bench, now, later):
    for number in ("1", "2", "3"):
        bench.ledger.exceptions.open(
            bench.biller, ExceptionKind.INVOICE_REFUSED, "a |", now=now, invoice_number=number
        )
    settle = bench.ledger.exceptions.settle
    kind = ExceptionKind.INVOICE_REFUSED
    words = {"now": later(1), "resolution": "sent"}
    assert settle(bench.biller, kind, invoice_numbers={"1", "7"}, **words) == 1
    assert settle("another", kind, **words) == 0
    assert [item.is_open for item in bench.exceptions()] == [False, True, True]
    assert settle(bench.biller, kind, **words) == 2


def test_pages_follow_each_other(bench, opened, later):
    items = [opened(number=number) for number in (1, 2, 3)]
    resolved = bench.ledger.exceptions.resolve(items[0].id, now=later(1), resolution="done")
    page = bench.ledger.exceptions.page(limit=2)
    assert page == (resolved, items[1])
    assert bench.ledger.exceptions.page(limit=2, after=page[-1].id) == (items[2],)
    assert bench.ledger.exceptions.page(limit=1, only_open=True) == (items[1],)
