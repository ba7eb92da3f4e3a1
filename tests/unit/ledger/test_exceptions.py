"""The exceptions list: opened once, resolved in words."""

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import NotFoundError


@pytest.fixture
def opened(bench):
    def opened(detail="amount differs", *, number=1, invoice="30254", **how):
        guid = bench.payments.payload(number).payment_guid
        about = {"payment_guid": guid, "invoice_number": invoice}
        return bench.ask(ExceptionKind.MISMATCH, detail, **about, **how)

    return opened


def test_an_exception_says_what_and_since_when(bench, opened, now):
    item = opened()
    assert bench.exceptions() == (item,)
    assert (item.biller, item.kind) == (bench.biller, ExceptionKind.MISMATCH)
    assert (item.detail, item.opened_at) == ("amount differs", now)
    assert (item.resolved_at, item.resolution) == (None, "")


def test_the_same_thing_is_open_once_beside_other_subjects(bench, opened, later, now):
    first = opened()
    assert opened(at=later(60)) == first
    assert opened("amount differs more", at=later(60)) == first
    assert len(bench.exceptions()) == 1
    opened(invoice="30255")
    opened(number=2)
    bench.ledger.exceptions.open("another", ExceptionKind.MISMATCH, "amount differs", now=now)
    bench.ask(ExceptionKind.NOT_REPORTED)
    assert len(bench.exceptions()) == 5


def test_what_a_person_resolved_is_not_opened_by_the_next_poll(bench, opened, later):
    first = opened()
    resolved = bench.answer(first, "a refund", at=later(60))
    assert (resolved.resolved_at, resolved.resolution) == (later(60), "a refund")
    assert opened(at=later(120)) == resolved
    assert opened("another amount", at=later(120)).is_open
    assert opened(at=later(180)).detail == "another amount"


def test_what_can_happen_again_is_opened_again(bench, opened):
    bench.answer(opened())
    assert opened(again=True).is_open


def test_resolving_twice_keeps_the_first_words(bench, opened, later):
    item = opened()
    first = bench.answer(item, "first", at=later(1))
    assert bench.answer(item, "second", at=later(2)) == first
    with pytest.raises(NotFoundError, match="no exception 99"):
        bench.ledger.exceptions.resolve(99, now=later(3), resolution="what")


def test_what_settles_itself_is_closed_for_the_invoices_named(bench, later):
    kind = ExceptionKind.INVOICE_REFUSED
    for number in ("1", "2", "3"):
        bench.ask(kind, invoice_number=number)
    settle = bench.ledger.exceptions.settle
    words = {"now": later(1), "resolution": "sent"}
    assert settle(bench.biller, kind, invoice_numbers={"1", "7"}, **words) == 1
    assert settle("another", kind, **words) == 0
    assert [item.is_open for item in bench.exceptions()] == [False, True, True]
    assert settle(bench.biller, kind, **words) == 2


def test_pages_follow_each_other(bench, opened, later):
    items = [opened(number=number) for number in (1, 2, 3)]
    resolved = bench.answer(items[0], "done", at=later(1))
    page = bench.ledger.exceptions.page(limit=2)
    assert page == (resolved, items[1])
    assert bench.ledger.exceptions.page(limit=2, after=page[-1].id) == (items[2],)
    assert bench.ledger.exceptions.page(limit=1, only_open=True) == (items[1],)
