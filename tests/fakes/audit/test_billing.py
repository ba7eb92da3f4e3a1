"""Invariant 14: what Invoice Cloud was billed, against Spectrum's book at the cut-off."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.audit.rows import BilledRow
from sandbox.fakes.spectrum.book import ReceiptApplied, SpectrumBook

CUT_OFF = "2026-01-05T08:00:00Z"
SLUG = "camp-point-mutual"


def upload(as_of=CUT_OFF, state="accepted"):
    return {"biller": SLUG, "as_of": as_of, "state": state, "reference": as_of}


@pytest.fixture
def billed(quiet):
    """Return evidence in which the first invoice was billed, at the opening of the world."""

    def make(total="731.37", uploads=None, **rest):
        bills = {
            number: BilledRow(biller=SLUG, invoice_number=number, total_due=invoice.billed)
            for number, invoice in quiet.world.book(SpectrumBook).invoices.items()
        }
        bills["30254"] = replace(bills["30254"], total_due=Decimal(total))
        told = {"billed": tuple(bills.values()), "uploads": uploads or (upload(),), **rest}
        now = quiet.world.clock.now() + timedelta(minutes=1)
        return replace(quiet, now=now, **told)

    return make


def test_the_figure_at_the_cut_off_holds_whatever_came_later(quiet, billed, stories):
    quiet.world.clock.advance(60)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("10.00"), "an endorsement")
    assert stories(14, billed()) == []


def test_a_change_in_the_cut_offs_instant_may_be_in_the_file_or_not(quiet, billed, stories):
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("10.00"), "an endorsement")
    assert stories(14, billed("731.37")) == []
    assert stories(14, billed("741.37")) == []
    assert len(stories(14, billed("751.37"))) == 1


def test_another_figure_has_its_story(billed, stories):
    [story] = stories(14, billed("700.00"))
    assert "billed 700.00" in story
    assert "731.37 at 2026-01-05T08:00:00Z" in story


def test_an_invoice_that_was_never_billed_has_its_story(billed, stories):
    evidence = billed()
    [story] = stories(14, replace(evidence, billed=evidence.billed[1:]))
    assert "invoice 30254 is not billed at Invoice Cloud, and Spectrum said 731.37" in story


def test_an_invoice_that_nothing_is_due_on_needs_no_bill(quiet, billed, stories):
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("-731.37"), "a cancellation")
    evidence = billed(uploads=(upload("2026-01-05T09:00:00Z"),))
    assert stories(14, replace(evidence, billed=evidence.billed[1:])) == []


def test_a_bill_of_an_invoice_that_spectrum_does_not_know_has_its_story(billed, stories):
    evidence = billed()
    strange = replace(evidence.billed[0], invoice_number="7")
    [story] = stories(14, replace(evidence, billed=(*evidence.billed, strange)))
    assert "Spectrum had no such invoice" in story


def test_a_reversal_is_in_the_figure_from_its_moment_on(quiet, billed, stories):
    book, clock = quiet.world.book(SpectrumBook), quiet.world.clock
    policy = book.invoices["30254"].policy
    book.record(
        ReceiptApplied(
            receipt_id="1001",
            biller=SLUG,
            invoice_number="30254",
            policy_number=policy.policy_number,
            reference_number="a",
            amount=Decimal("31.37"),
            fee=Decimal("0.00"),
            full_name="",
            date_paid="2026-01-05",
            transaction_id="",
            transaction_message="",
            payment_type="CreditCard",
            online_vendor="InvoiceCloud",
        )
    )
    clock.advance(7200)
    book.reverse_receipt("1001", "R01")
    assert stories(14, billed("700.00", (upload("2026-01-05T09:00:00Z"),))) == []
    assert stories(14, billed("731.37", (upload("2026-01-05T11:00:00Z"),))) == []
    assert len(stories(14, billed("700.00", (upload("2026-01-05T11:00:00Z"),)))) == 1


@pytest.mark.parametrize(
    ("as_of", "found"), [("2026-01-05T08:00:00Z", 0), ("2026-01-05T08:00:00.500000Z", 1)]
)
def test_a_cut_off_in_whole_seconds_may_be_anywhere_in_its_second(
    quiet, billed, stories, as_of, found
):
    book = quiet.world.book(SpectrumBook)
    book.adjust_balance("30254", Decimal("1.00"), "an endorsement")
    moment = quiet.world.clock.now() + timedelta(seconds=0.7)
    book.record(book.events[-1].event, at=moment)
    assert len(stories(14, billed("733.37", (upload(as_of),)))) == found


def test_without_an_accepted_file_nothing_is_judged(billed, stories):
    assert stories(14, replace(billed("700.00"), uploads=())) == []


@pytest.mark.parametrize(
    "uploads",
    [
        (upload(state="in_doubt"),),
        (upload(), upload("2026-01-05T09:00:00Z", "in_doubt")),
        (upload(), upload("2026-01-05T08:00:00Z", "refused")),
    ],
)
def test_what_is_on_its_way_is_not_judged(billed, stories, uploads):
    assert stories(14, billed("700.00", uploads)) == []


def test_an_invoice_that_a_person_looks_at_is_not_judged(billed, stories):
    item = {
        "biller": SLUG,
        "kind": "invoice_refused",
        "invoice_number": "30254",
        "resolved_at": None,
    }
    assert stories(14, billed("700.00", exceptions=(item,))) == []
    for change in ({"kind": "mismatch"}, {"resolved_at": CUT_OFF}):
        assert len(stories(14, billed("700.00", exceptions=({**item, **change},)))) == 1


def test_a_credit_is_billed_as_nothing(quiet, billed, stories):
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("-800.00"), "a cancellation")
    later = (upload("2026-01-05T09:00:00Z"),)
    assert stories(14, billed("0.00", later)) == []
    assert len(stories(14, billed("-68.63", later))) == 1
