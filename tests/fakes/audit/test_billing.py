"""Invariant 4: what Invoice Cloud was billed, against Spectrum's book at the cut-off."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.audit.evidence import BilledRow
from sandbox.fakes.spectrum.book import SpectrumBook

CUT_OFF = "2026-01-05T08:00:00Z"
SLUG = "camp-point-mutual"


def upload(as_of=CUT_OFF, state="accepted"):
    return {"biller": SLUG, "as_of": as_of, "state": state, "reference": as_of}


@pytest.fixture
def billed(quiet):
    """Return evidence in which the first invoice was billed, at the opening of the world."""

    def make(total="731.37", uploads=None, **rest):
        row = BilledRow(biller=SLUG, invoice_number="30254", total_due=Decimal(total))
        return replace(
            quiet, billed=(row,), uploads=(upload(),) if uploads is None else uploads, **rest
        )

    return make


def test_the_figure_at_the_cut_off_holds_whatever_came_later(quiet, billed, stories):
    quiet.world.clock.advance(60)
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("10.00"), "an endorsement")
    assert stories(4, billed()) == []


def test_a_change_in_the_cut_offs_instant_may_be_in_the_file_or_not(quiet, billed, stories):
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("10.00"), "an endorsement")
    assert stories(4, billed("731.37")) == []
    assert stories(4, billed("741.37")) == []
    assert len(stories(4, billed("751.37"))) == 1


def test_another_figure_has_its_story(billed, stories):
    [story] = stories(4, billed("700.00"))
    assert "billed 700.00" in story
    assert "731.37 at 2026-01-05T08:00:00Z" in story


@pytest.mark.parametrize(
    "uploads",
    [
        (),
        (upload(state="in_doubt"),),
        (upload(), upload("2026-01-05T09:00:00Z", "in_doubt")),
        (upload(), upload("2026-01-05T08:00:00Z", "refused")),
    ],
)
def test_what_is_on_its_way_is_not_judged(billed, stories, uploads):
    assert stories(4, billed("700.00", uploads)) == []


def test_an_invoice_that_a_person_looks_at_is_not_judged(billed, stories):
    item = {"biller": SLUG, "invoice_number": "30254", "resolved_at": None}
    assert stories(4, billed("700.00", exceptions=(item,))) == []


def test_a_credit_is_billed_as_nothing(quiet, billed, stories):
    quiet.world.book(SpectrumBook).adjust_balance("30254", Decimal("-800.00"), "a cancellation")
    later = (upload("2026-01-05T09:00:00Z"),)
    assert stories(4, billed("0.00", later)) == []
    assert len(stories(4, billed("-68.63", later))) == 1
