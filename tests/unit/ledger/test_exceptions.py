"""The exceptions list: opened once, assigned, resolved in words, sorted by due date."""

from datetime import date
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import BadInputError, NotFoundError


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


def test_an_item_is_of_whoever_took_it_on_last(bench, opened, later):
    item = opened()
    assign = bench.ledger.exceptions.assign
    assert (item.owner, item.assigned_at) == (None, None)
    assert assign(item.id, "Ada", now=later(5)) == bench.exceptions()[0]
    assert (bench.exceptions()[0].owner, bench.exceptions()[0].assigned_at) == ("Ada", later(5))
    assert assign(item.id, "Renée", now=later(9)).assigned_at == later(9)
    given_back = assign(item.id, None, now=later(11))
    assert (given_back.owner, given_back.assigned_at) == (None, None)
    with pytest.raises(NotFoundError, match="no exception 99"):
        assign(99, "Ada", now=later(12))


def test_a_resolved_item_keeps_its_owner(bench, opened, later):
    item = opened()
    bench.ledger.exceptions.assign(item.id, "Ada", now=later(5))
    assert bench.answer(item, at=later(6)).owner == "Ada"
    with pytest.raises(BadInputError, match="its owner stays"):
        bench.ledger.exceptions.assign(item.id, None, now=later(7))
    assert bench.exceptions()[0].owner == "Ada"


def test_an_item_about_a_payment_or_a_return_has_its_amount(bench):
    """A payment and its return have one reference."""
    payment = bench.payments.accept(1, amount=Decimal("80.01"))
    bench.payments.done()
    returned = bench.reversals.accept(1, amount=Decimal("20.02"))
    assert payment.reference == returned.reference
    guid, invoice = payment.payload.payment_guid, payment.payload.invoice_number
    bench.ask(ExceptionKind.MISMATCH, payment_guid=guid, invoice_number=invoice)
    bench.ask(ExceptionKind.REJECT_MISMATCH, invoice_number=invoice, reference=payment.reference)
    other = bench.payments.accept(2, amount=Decimal("7.00"))
    bench.ask(ExceptionKind.UNSETTLED, reference=other.reference)
    bench.ask(ExceptionKind.INVOICE_REFUSED, invoice_number=invoice)
    bench.ask(ExceptionKind.REPORT_UNREADABLE, reference="reject report")
    bench.ledger.exceptions.open(
        "another", ExceptionKind.UNSETTLED, "of another biller", now=bench.now,
        reference=other.reference,
    )  # fmt: skip
    amounts = [Decimal("80.01"), Decimal("20.02"), Decimal("7.00"), None, None, None]
    assert [item.amount for item in bench.exceptions()] == amounts


@pytest.mark.sqlite
def test_a_row_that_somebody_spoilt_hides_no_list(bench, sql):
    item = bench.payments.accept(1)
    bench.ask(ExceptionKind.DEAD, reference=item.reference)
    sql("UPDATE payments SET amount = 'much'")
    assert [each.amount for each in bench.exceptions()] == [None]


def test_those_whose_invoices_are_due_first_come_first(bench, bill, later):
    bill({"1": "2026-01-09", "2": "2026-01-07", "3": "2026-02-01"})
    bench.ask(ExceptionKind.REPORT_UNREADABLE, reference="reject report")
    for seconds, number in ((9, "3"), (8, "1"), (7, "2"), (6, "never billed"), (5, "1")):
        kind = ExceptionKind.DEAD if seconds == 5 else ExceptionKind.MISMATCH
        bench.ask(kind, at=later(seconds), invoice_number=number)
    listed = bench.ledger.exceptions.by_due_date()
    assert [(each.invoice_number, each.due_date) for each in listed] == [
        ("2", date(2026, 1, 7)),
        ("1", date(2026, 1, 9)),
        ("1", date(2026, 1, 9)),
        ("3", date(2026, 2, 1)),
        (None, None),
        ("never billed", None),
    ]
    assert [each.kind for each in listed[1:3]] == [ExceptionKind.DEAD, ExceptionKind.MISMATCH]
    assert bench.ledger.exceptions.by_due_date(limit=2) == listed[:2]
    resolved = bench.answer(listed[0])
    assert bench.ledger.exceptions.by_due_date() == listed[1:]
    assert bench.ledger.exceptions.by_due_date(only_open=False) == (resolved, *listed[1:])


def test_the_due_date_is_that_of_the_newest_bill(bench, bill):
    bench.ask(ExceptionKind.MISMATCH, invoice_number="1")
    for day in ("2026-01-09", "2026-02-09"):
        bill({"1": day})
        assert bench.exceptions()[0].due_date == date.fromisoformat(day)
