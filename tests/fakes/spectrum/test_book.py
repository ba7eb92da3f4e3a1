"""Spectrum's book: balances follow from events, whatever the order of what happens."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.fakes.spectrum.book import ReceiptApplied, SpectrumBook
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

CENTS = st.integers(min_value=1, max_value=500_000).map(lambda cents: Decimal(cents).scaleb(-2))
INVOICE_COUNT = 3


def new_book(**options) -> SpectrumBook:
    options = {"seed": 1, "start": DEMO_START, "open_invoices": INVOICE_COUNT, **options}
    return World(**options).book(SpectrumBook)


def apply_receipt(book, invoice_number, amount, reference="ref"):
    invoice = book.invoices[invoice_number]
    applied = ReceiptApplied(
        receipt_id=book.next_receipt_id(),
        biller=invoice.biller,
        invoice_number=invoice_number,
        policy_number=invoice.policy.policy_number,
        reference_number=reference,
        amount=amount,
        fee=Decimal("0.00"),
        full_name="",
        date_paid="2026-01-05",
        transaction_id="",
        transaction_message="",
        payment_type="ACH",
        online_vendor="InvoiceCloud",
    )
    book.record(applied)
    return applied.receipt_id


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["pay", "reverse", "adjust"]), st.integers(0, 9), CENTS),
        max_size=30,
    )
)
@settings(max_examples=60)
def test_balance_is_billed_and_adjusted_less_receipts_plus_reversals(steps):
    """For any sequence, against sums kept here by hand."""
    book = new_book()
    numbers = sorted(book.invoices)
    expected = {number: invoice.policy.billed for number, invoice in book.invoices.items()}
    standing = {}
    for kind, which, amount in steps:
        number = numbers[which % len(numbers)]
        if kind == "pay":
            standing[apply_receipt(book, number, amount)] = (number, amount)
            expected[number] -= amount
        elif kind == "adjust":
            signed = amount if which % 2 else -amount
            book.adjust_balance(number, signed, "endorsement")
            expected[number] += signed
        elif book.receipts:
            receipt_id = sorted(book.receipts)[which % len(book.receipts)]
            book.reverse_receipt(receipt_id, "R01")
            paid_number, paid = standing.pop(receipt_id, (number, Decimal(0)))
            expected[paid_number] += paid
    assert {number: invoice.balance for number, invoice in book.invoices.items()} == expected
    for invoice in book.invoices.values():
        parts = invoice.billed + invoice.adjusted - invoice.received + invoice.reversed
        assert invoice.balance == parts


def test_state_follows_from_the_events_alone():
    """Applying the recorded events to an empty book gives the same book."""
    book = new_book(billers=2)
    number = next(iter(book.invoices))
    receipt_id = apply_receipt(book, number, Decimal("10.00"))
    book.world.clock.advance(60)
    book.reverse_receipt(receipt_id, "R01")
    book.adjust_balance(number, Decimal("-1.25"), "endorsement")
    replayed = new_book(billers=2)
    for recorded in book.events[len(replayed.events) :]:
        replayed.apply(recorded)
    assert replayed.as_json() == book.as_json()
    assert book.as_json()["receipts"][0]["reversed_at"] == "2026-01-05T08:01:00Z"


def test_invoices_are_older_than_their_world():
    """However late the book is opened, nothing in it has just changed."""
    world = World(seed=1, start=DEMO_START, billers=2, open_invoices=40)
    world.clock.advance(3600)
    book = world.book(SpectrumBook)
    assert [len(book.invoices_of(biller)) for biller in world.billers] == [40, 40]
    for invoice in book.invoices.values():
        assert invoice.changed_at.hour == 6, "midnight in Chicago"
        assert invoice.changed_at.date() == invoice.policy.invoice_date
        assert invoice.changed_at < DEMO_START
    assert len(book.invoices) == 80


def test_changes_move_changed_at():
    book = new_book()
    number = next(iter(book.invoices))
    book.world.clock.advance(60)
    receipt_id = apply_receipt(book, number, Decimal("10.00"))
    assert book.invoices[number].changed_at == book.receipts[receipt_id].changed_at
    assert book.invoices[number].changed_at > DEMO_START
    book.world.clock.advance(60)
    book.reverse_receipt(receipt_id, "R01")
    assert book.receipts[receipt_id].changed_at == book.world.clock.now()
    assert book.invoices[number].changed_at == book.world.clock.now()


def test_reversing_twice_is_reversing_once():
    book = new_book()
    number = next(iter(book.invoices))
    before = book.invoices[number].balance
    receipt_id = apply_receipt(book, number, Decimal("10.00"))
    assert book.reverse_receipt(receipt_id, "R01") == book.reverse_receipt(receipt_id, "R01")
    assert book.invoices[number].balance == before


def test_receipts_are_found_by_reference_and_invoice_in_any_case():
    book = new_book()
    first, second = sorted(book.invoices)[:2]
    ids = [apply_receipt(book, first, Decimal("1.00"), "Ab-1") for _ in range(2)]
    apply_receipt(book, second, Decimal("1.00"), "Ab-1")
    assert [receipt.id for receipt in book.find_receipts("aB-1", first)] == ids
    assert book.find_receipts("other", first) == []


def test_wrong_commands_change_nothing():
    book = new_book()
    number = next(iter(book.invoices))
    events = len(book.events)
    with pytest.raises(ValueError, match="whole cents"):
        book.adjust_balance(number, Decimal("0.001"), "endorsement")
    with pytest.raises(KeyError):
        book.adjust_balance("1", Decimal("1.00"), "endorsement")
    with pytest.raises(KeyError):
        book.reverse_receipt("1", "R01")
    assert len(book.events) == events


def test_state_shows_money_as_text():
    book = new_book()
    row = book.as_json()["invoices"][0]
    assert row["invoice_number"] == "30254"
    assert row["balance_due"] == row["billed"] == "731.37"
    assert row["received"] == row["reversed"] == row["adjusted"] == "0.00"
