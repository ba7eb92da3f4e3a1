"""Invariants 11 and 14 over time: what is shown as due, and what is unbilled for too long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.audit.rows import BilledRow, PaymentRow, ReceiptRow
from sandbox.fakes.spectrum.book import SpectrumBook

SLUG = "camp-point-mutual"
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"
UPLOAD = {
    "biller": SLUG,
    "reference": "BIF1",
    "state": "accepted",
    "as_of": "2026-01-05T08:00:00Z",
}
PAYMENT = PaymentRow(
    biller=SLUG,
    payment_guid=GUID,
    invoice_number="30254",
    amount=Decimal("731.37"),
    approved=True,
    made_at=START,
)
RECEIPT = ReceiptRow(
    biller=SLUG,
    receipt_id="1001",
    invoice_number="30254",
    reference_number=GUID,
    amount=Decimal("731.37"),
    vendor="InvoiceCloud",
    applied_at=START,
    reversed_at=None,
)


@pytest.fixture
def showing(quiet):
    """Return a maker of evidence in which the first invoice is shown with a balance."""

    def make(shown="731.37", hours=3.0, **rest):
        bills = [
            BilledRow(biller=SLUG, invoice_number=number, total_due=each.billed, shown=each.billed)
            for number, each in quiet.world.book(SpectrumBook).invoices.items()
            if number in known
        ]
        bills[0] = replace(bills[0], shown=Decimal(shown))
        told = {"billed": tuple(bills), "uploads": (UPLOAD,), **rest}
        return replace(quiet, now=START + timedelta(hours=hours), **told)

    known = set(quiet.world.book(SpectrumBook).invoices)
    return make


def test_no_more_is_shown_than_spectrum_says(showing, stories):
    assert stories(11, showing()) == []
    [story] = stories(11, showing("731.38"))
    assert "shows 731.38 as due on invoice 30254" in story
    assert stories(11, showing("731.38", uploads=())) == []


def test_the_highest_since_the_cut_off_counts(quiet, showing, stories):
    quiet.world.clock.advance(3600)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("-31.37"), "a credit")
    assert stories(11, showing()) == []
    later = ({**UPLOAD, "as_of": "2026-01-05T10:00:00Z"},)
    assert len(stories(11, showing(uploads=later))) == 1
    assert stories(11, showing("700.00", uploads=later)) == []


def test_a_payment_under_way_is_not_due_again(showing, stories):
    paid = {"payments": (PAYMENT,)}
    [story] = stories(11, showing(**paid))
    assert "731.37 is under way" in story
    assert stories(11, showing("0.00", **paid)) == []
    assert stories(11, showing(**paid, receipts=(RECEIPT,))) == []
    row = {"biller": SLUG, "payment_guid": GUID, "invoice_number": "30254"}
    back = ({**row, "state": "given_back"},)
    assert stories(11, showing(**paid, deliveries=back)) == []


def test_a_returned_payment_is_due_before_spectrum_reverses_it(quiet, showing, stories):
    returned = (replace(PAYMENT, returned_at=START + timedelta(hours=2)),)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("-731.37"), "as a receipt does")
    later = ({**UPLOAD, "as_of": "2026-01-05T09:00:00Z"},)
    assert stories(11, showing(payments=returned, receipts=(RECEIPT,), uploads=later)) == []
    told = ({**UPLOAD, "as_of": "2026-01-05T14:00:00Z"},)  # it never came, as the poll tells
    assert len(stories(11, showing(hours=7, payments=returned, uploads=told))) == 1


@pytest.mark.parametrize(
    ("reversed_at", "found"),
    [(None, 0), (2.7, 0), (2.4, 1)],
    ids=["not reversed", "no file since", "a file since"],
)
def test_a_returned_payment_is_due_whole_until_a_file_tells_of_the_credit(
    quiet, showing, stories, reversed_at, found
):
    """Invoice Cloud, which shows no credit, opens the bill by all that came back (0003)."""
    book, clock = quiet.world.book(SpectrumBook), quiet.world.clock
    book.adjust_balance("30254", Decimal("-731.37"), "as a receipt does")
    clock.advance(600)
    book.adjust_balance("30254", Decimal("-31.37"), "a credit")
    taken_back = None
    if reversed_at is not None:
        clock.advance(reversed_at * 3600 - 600)
        book.adjust_balance("30254", Decimal("731.37"), "as a reversal does")
        taken_back = clock.now()
    told = {
        "payments": (replace(PAYMENT, returned_at=START + timedelta(hours=2)),),
        "receipts": (replace(RECEIPT, reversed_at=taken_back),),
        "uploads": ({**UPLOAD, "as_of": (START + timedelta(hours=2.5)).isoformat()},),
    }
    assert len(stories(11, showing("731.37", **told))) == found
    assert len(stories(11, showing("731.38", **told))) == 1
    assert stories(11, showing("700.00", **told)) == []


def test_what_was_due_beside_a_returned_payment_counts_as_it_stood(quiet, showing, stories):
    """A fee is billed, the payment comes back, and a credit follows before it is reversed."""
    book, clock = quiet.world.book(SpectrumBook), quiet.world.clock
    book.adjust_balance("30254", Decimal("-721.37"), "a receipt of 731.37, and a fee of 10.00")
    clock.advance(3 * 3600)
    book.adjust_balance("30254", Decimal("-31.37"), "a credit")
    clock.advance(60)
    book.adjust_balance("30254", Decimal("731.37"), "as a reversal does")
    told = {
        "payments": (replace(PAYMENT, returned_at=START + timedelta(hours=2)),),
        "receipts": (replace(RECEIPT, reversed_at=clock.now()),),
        "uploads": ({**UPLOAD, "as_of": (START + timedelta(hours=2)).isoformat()},),
    }
    assert stories(11, showing("741.37", hours=3.1, **told)) == []
    assert len(stories(11, showing("741.38", hours=3.1, **told))) == 1


@pytest.mark.parametrize(
    "excuse",
    [
        {"hours": 1.5},
        {"uploads": ()},
        {"uploads": (UPLOAD, {**UPLOAD, "reference": "BIF2", "state": "in_doubt"})},
        {"alarms": ({"name": "invoice_file_late", "biller": SLUG},)},
        {"alarms": ({"name": "ledger_not_writable", "biller": None},)},
        {"exceptions": ({"biller": SLUG, "kind": "upload_refused", "resolved_at": None},)},
    ],
)
def test_a_change_is_billed_within_two_hours_or_something_says_why(
    quiet, showing, stories, excuse
):
    quiet.world.clock.advance(600)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("1.00"), "a fee")
    [story] = stories(14, showing())
    assert "Spectrum has said 732.37 for more than two hours" in story
    assert stories(14, showing(**{"exceptions": (), **excuse})) == []
    other = {"alarms": ({"name": "payment_dead", "biller": SLUG},)}
    assert len(stories(14, showing(**other))) == 1


@pytest.mark.parametrize(
    ("moments", "found"), [((0.5, None), 0), ((-0.5, None), 1), ((0.5, 0.6), 1)]
)
def test_what_waits_for_its_money_is_billed_two_hours_later(
    quiet, showing, stories, moments, found
):
    """A second payment within the hour keeps the invoice out of the next file, too (0036)."""
    quiet.world.clock.advance(600)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("1.00"), "a fee")
    told = [hours and (START + timedelta(hours=hours)).isoformat() for hours in moments]
    row = {
        "biller": SLUG,
        "payment_guid": GUID,
        "invoice_number": "30254",
        "state": "pending",
        **dict(zip(("paid_at", "applied_at"), told, strict=True)),
    }
    assert len(stories(14, showing("0.00", deliveries=(row,)))) == found
