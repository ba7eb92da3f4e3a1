"""The auditor over a book that lives: what is legal there breaks nothing, what is not does."""

from decimal import Decimal

import pytest

from sandbox.audit import run_audit
from sandbox.fakes.spectrum.book import ReceiptApplied, SpectrumBook
from sandbox.fakes.spectrum.change_kinds import ChangeKind
from sandbox.fakes.spectrum.changes import ChangeOrder, make_change
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


@pytest.fixture
def world():
    return World(start=DEMO_START)


def change(world, kind, amount=None, **named):
    money = None if amount is None else Decimal(amount)
    order = ChangeOrder(kind=ChangeKind(kind), amount=money, **named)
    return make_change(world, world.billers[0], order).event


def broken(world):
    return [violation.story for f in run_audit(world).findings for violation in f.violations]


def receipt_of_ours(world, *, unapplied):
    policy = world.book(SpectrumBook).invoices["30254"].policy
    return ReceiptApplied(
        receipt_id="1001",
        biller=world.billers[0].slug,
        invoice_number="30254",
        policy_number=policy.policy_number,
        reference_number="5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11",
        amount=Decimal("31.37"),
        fee=Decimal("0.00"),
        full_name="",
        date_paid="2026-01-05",
        transaction_id="",
        transaction_message="",
        payment_type="ACH",
        online_vendor="InvoiceCloud",
        unapplied=unapplied,
    )


def test_every_kind_of_change_leaves_the_books_sound(world):
    on = {"invoice_number": "30254"}
    change(world, "new_business", "480.00")
    change(world, "renewal", "900.00", **on)
    for kind in ("fee", "credit", "endorsement", "cheque", "agent_payment"):
        change(world, kind, "10.00", **on)
    change(world, "reversal", receipt_id="1001")
    change(world, "cancellation", **on)
    change(world, "reinstatement", **on)
    assert broken(world) == []


def test_unapplied_cash_counts_in_no_balance(world):
    """Its receipt has no payment in this test, and that alone is told."""
    book = world.book(SpectrumBook)
    book.record(receipt_of_ours(world, unapplied=True))
    [story] = broken(world)
    assert "no approved payment" in story
    book.reverse_receipt("1001", "taken back")
    assert not [story for story in broken(world) if "shows" in story]


def test_our_receipt_taken_back_by_hand_is_told(world):
    """The payer has paid, and Spectrum denies it."""
    world.book(SpectrumBook).record(receipt_of_ours(world, unapplied=False))
    change(world, "reversal", receipt_id="1001")
    assert any("was reversed, and no payment came back" in story for story in broken(world))
