"""Invariants 6 and 8: what breaks them, and what stands visibly open instead."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.audit.rows import BatchEntryRow, PaymentRow, ReceiptRow, RejectRow

NOW = datetime(2026, 1, 9, tzinfo=UTC)
GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"
REJECT = RejectRow(
    biller="camp",
    reject_guid="r-1",
    payment_guid=GUID,
    invoice_number="1",
    amount=Decimal("50.00"),
    rejected_at=NOW - timedelta(hours=14),
)
RECEIPT = ReceiptRow(
    biller="camp",
    receipt_id="1001",
    invoice_number="1",
    reference_number=GUID.upper(),
    amount=Decimal("50.00"),
    vendor="InvoiceCloud",
    applied_at=NOW - timedelta(days=3),
    reversed_at=None,
)
REVERSED = replace(RECEIPT, reversed_at=NOW - timedelta(hours=10))
ROW = {
    "biller": "camp",
    "reversal_id": "r-1:1",
    "state": "waiting",
    "next_at": "2026-01-09T01:00:00Z",
    "receipt_id": None,
    "reversed_at": None,
}
PAYMENT = PaymentRow(
    biller="camp",
    payment_guid=GUID,
    invoice_number="1",
    amount=Decimal("50.00"),
    approved=True,
    made_at=NOW - timedelta(days=3),
)
ENTRY = BatchEntryRow(
    biller="camp",
    batch_id="B-1",
    transaction="payment",
    payment_guid=GUID,
    invoice_number="1",
    amount=Decimal("50.00"),
    settled_at=NOW - timedelta(days=1),
)
RETURN = replace(ENTRY, transaction="return", batch_id="B-2", amount=Decimal("-50.00"))


def row(**changes):
    return ({**ROW, **changes},)


@pytest.mark.parametrize(
    "change",
    [
        {"receipts": (REVERSED,)},
        {"reversals": row()},
        {"reversals": row(state="refused", next_at=None)},
        {"reversals": row(state="failed", next_at=None)},
        {"reversals": row(state="handed_over")},
        {"reversals": row(state="sending", next_at=None), "at_rest": False},
        {"rejects": (replace(REJECT, rejected_at=NOW - timedelta(hours=3)),)},
    ],
)
def test_a_reject_is_reversed_once_or_visible(quiet, stories, change):
    evidence = replace(quiet, **{"rejects": (REJECT,), "receipts": (RECEIPT,), **change})
    assert stories(6, evidence) == []


@pytest.mark.parametrize(
    ("change", "story"),
    [
        ({}, "the adapter does not know it"),
        ({"reversals": row(state="sending", next_at=None)}, "the adapter says sending"),
        ({"reversals": row(next_at="2026-01-09T00:00:00Z")}, "the adapter says waiting"),
        (
            {
                "reversals": row(
                    state="reversed", receipt_id="1001", reversed_at="2026-01-08T23:59:00Z"
                )
            },
            "Spectrum's receipt stands",
        ),
        ({"receipts": (REVERSED, replace(REVERSED, receipt_id="1002"))}, "2 receipts"),
        ({"rejects": (), "receipts": (REVERSED,)}, "no payment came back"),
    ],
)
def test_a_broken_reversal_has_its_story(quiet, stories, change, story):
    evidence = replace(quiet, **{"rejects": (REJECT,), "receipts": (RECEIPT,), **change})
    [told] = stories(6, evidence)
    assert story in told


NOTICE = replace(REJECT, reject_guid="r-0", goes_back=False)


def test_a_row_that_takes_no_money_back_needs_no_reversal(quiet, stories):
    """A notice, or the same return told again: the one that counts is reversed once."""
    assert stories(6, replace(quiet, rejects=(NOTICE,), receipts=(RECEIPT,))) == []
    evidence = replace(quiet, rejects=(NOTICE, REJECT), receipts=(REVERSED,))
    assert stories(6, evidence) == []


def test_a_row_that_takes_no_money_back_must_bring_none_about(quiet, stories):
    [told] = stories(6, replace(quiet, rejects=(NOTICE,), receipts=(REVERSED,)))
    assert "no payment came back" in told
    noticed = replace(quiet, rejects=(NOTICE,), payments=(PAYMENT,), batch_entries=(RETURN,))
    [told] = stories(8, noticed)
    assert "not 0" in told


def test_another_vendors_reversal_is_nobodys_concern(quiet, stories):
    evidence = replace(quiet, receipts=(replace(REVERSED, vendor="SomebodyElse"),))
    assert stories(6, evidence) == []


@pytest.mark.parametrize(
    ("entries", "story"),
    [
        ((ENTRY, replace(ENTRY, batch_id="B-2")), "in the batches B-1, B-2"),
        ((replace(ENTRY, amount=Decimal("49.99")),), "49.99 in batch B-1, not 50.00"),
        ((replace(ENTRY, payment_guid="none"),), "not 0"),
        ((replace(ENTRY, transaction="return"),), "not -50.00"),
        ((RETURN, replace(RETURN, batch_id="B-3")), "in the batches B-2, B-3"),
        ((replace(RETURN, invoice_number="2"),), "the return of payment"),
    ],
)
def test_a_batch_that_does_not_match_has_its_story(quiet, stories, entries, story):
    evidence = replace(quiet, payments=(PAYMENT,), rejects=(REJECT,), batch_entries=entries)
    [told] = stories(8, evidence)
    assert story in told


def test_a_payment_and_its_return_match(quiet, stories):
    evidence = replace(
        quiet, payments=(PAYMENT,), rejects=(REJECT,), batch_entries=(ENTRY, RETURN)
    )
    assert stories(8, evidence) == []
    [story] = stories(8, replace(evidence, rejects=()))
    assert "is -50.00 in batch B-2, not 0" in story


def test_the_ledger_may_not_tell_another_batch(quiet, stories):
    told = {
        "biller": "camp",
        "batch_id": "B-1",
        "transaction": "payment",
        "payment_guid": GUID,
        "invoice_number": "1",
        "amount": "50.00",
        "batch_total": "50.00",
        "batch_count": 1,
        "settled_on": "",
    }
    evidence = replace(quiet, payments=(PAYMENT,), batch_entries=(ENTRY,), settlements=(told,))
    assert stories(8, evidence) == []
    [story] = stories(8, replace(evidence, settlements=({**told, "amount": "51.00"},)))
    assert "the processor says 50.00" in story
    [story] = stories(8, replace(evidence, settlements=({**told, "batch_total": "49.99"},)))
    assert "of 49.99 in all, in 1 rows, and the processor paid out 50.00, in 1" in story
    [story] = stories(8, replace(evidence, settlements=({**told, "settled_on": "2026-01-07"},)))
    assert "is of 2026-01-07" in story
