"""The inbox of reversals: a receipt is taken back once, and every misfit is named."""

import jsonschema_rs
import pytest

from contracts.loader import schema

INBOX = "/spectrum/extract/v1/reversals"
RECEIPT_GUID = "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f"


def reversal(spectrum, **changes):
    """Return the reversal of `spectrum.receipt()`."""
    return {
        "reversal_id": "0b5c9d6c-8e0f-4d4f-9b8f-8e1a2b3c4d5e:30254",
        "reference_number": RECEIPT_GUID,
        "invoice_number": spectrum.receipt()["invoiceNumber"],
        "policy_number": spectrum.receipt()["policyNumber"],
        "amount": "10.00",
        "reason_code": "R01",
        "reason": "Insufficient Funds",
        "returned_at": "2026-01-08T10:00:00Z",
        **changes,
    }


@pytest.fixture
def applied(spectrum):
    """Apply a receipt of 10.00 to the first invoice, and let a minute pass."""
    spectrum.post(spectrum.receipt())
    spectrum.world.clock.advance(60)
    return spectrum


def test_a_reversal_puts_the_balance_back_once(applied):
    assert applied.balance("30254") == "721.3700"
    first = applied.post(reversal(applied), path=INBOX)
    assert first.status_code == 201
    jsonschema_rs.validate(schema("spectrum", "ReversalAnswer"), first.json)
    assert (first.json["receipt_id"], first.json["repeated"]) == ("1001", False)
    again = applied.post(reversal(applied), path=INBOX)
    assert again.status_code == 200
    assert again.json == {**first.json, "repeated": True}
    assert applied.balance("30254") == "731.3700"


def test_the_reference_is_found_in_any_case(applied):
    changed = reversal(applied, reference_number=RECEIPT_GUID.upper())
    assert applied.post(changed, path=INBOX).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"reference_number": "00000000-0000-4000-8000-000000000000"},
        {"invoice_number": "99"},
        {"policy_number": "99"},
    ],
)
def test_a_reversal_of_no_receipt_is_not_found(applied, change):
    answer = applied.post(reversal(applied, **change), path=INBOX)
    assert answer.status_code == 404
    assert "There is no receipt" in answer.json["detail"]
    assert applied.balance("30254") == "721.3700"


def test_another_billers_receipt_is_not_found(applied):
    assert applied.post(reversal(applied), path=INBOX, biller=1).status_code == 404


def test_a_second_reversal_of_one_receipt_is_a_conflict(applied):
    applied.post(reversal(applied), path=INBOX)
    answer = applied.post(reversal(applied, reversal_id="another"), path=INBOX)
    assert answer.status_code == 409
    assert "1001 was reversed before" in answer.json["detail"]


def test_one_id_for_two_reversals_is_a_conflict(applied):
    applied.post(reversal(applied), path=INBOX)
    for change in ({"amount": "9.00"}, {"policy_number": "99"}, {"reference_number": "another"}):
        answer = applied.post(reversal(applied, **change), path=INBOX)
        assert answer.status_code == 409
        assert "taken before, of another receipt" in answer.json["detail"]
    assert applied.balance("30254") == "731.3700"


def test_two_receipts_of_one_payment_are_reversed_one_by_one(spectrum):
    """What was applied twice, because Spectrum was told not to de-duplicate, can be put right."""
    spectrum.world.behaviours.change({"spectrum_deduplicates": False})
    for _ in range(2):
        spectrum.post(spectrum.receipt())
    for number in ("a", "b"):
        assert spectrum.post(reversal(spectrum, reversal_id=number), path=INBOX).status_code == 201
    assert spectrum.balance("30254") == "731.3700"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "9.99"}, "amount"),
        ({"amount": "10"}, "amount"),
        ({"amount": "-10.00"}, "amount"),
        ({"invoice_number": 30254}, "invoice_number"),
        ({"returned_at": "2026-01-08"}, "returned_at"),
        ({"returned_at": "2026-02-30T10:00:00Z"}, "returned_at"),
        ({"reversal_id": ""}, "reversal_id"),
        ({"bank": "First"}, "bank"),
    ],
)
def test_a_wrong_field_is_named(applied, change, field):
    answer = applied.post(reversal(applied, **change), path=INBOX)
    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [field]
    assert applied.balance("30254") == "721.3700"


def test_the_journal_tells_a_reversal(applied):
    applied.post(reversal(applied), path=INBOX)
    [entry] = applied.world.journal.entries(operation="ReceiveReversal")
    assert entry.outcome == "receipt 1001 for 10.00 reversed (R01)"
    assert entry.tags["payment_guid"] == RECEIPT_GUID
