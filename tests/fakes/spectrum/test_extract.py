"""The extract over HTTP: what changed since a moment, of one's own, in the contract's shape."""

import jsonschema_rs
import pytest

from contracts.loader import schema

INVOICES = "/spectrum/extract/v1/invoices"
RECEIPTS = "/spectrum/extract/v1/receipts"


def test_first_extract_tells_every_invoice_of_the_biller(spectrum):
    for biller in (0, 1):
        answer = spectrum.get(INVOICES, biller=biller)
        assert answer.status_code == 200
        jsonschema_rs.validate(schema("spectrum", "InvoiceExtract"), answer.json)
        told = [row["invoice_number"] for row in answer.json["invoices"]]
        own = spectrum.book.invoices_of(spectrum.biller(biller))
        assert told == [invoice.number for invoice in own]
        assert len(told) == 25


def test_cursor_is_the_moment_and_asks_for_what_comes_after(spectrum):
    spectrum.world.clock.advance(3600)
    first = spectrum.get(INVOICES).json
    assert first["cursor"] == first["as_of"] == "2026-01-05T09:00:00Z"
    assert spectrum.get(INVOICES, since=first["cursor"]).json["invoices"] == []
    spectrum.world.clock.advance(60)
    spectrum.post(spectrum.receipt())
    second = spectrum.get(INVOICES, since=first["cursor"]).json
    assert [(row["invoice_number"], row["balance_due"]) for row in second["invoices"]] == [
        ("30254", "721.37")
    ]


def test_since_is_inclusive(spectrum):
    """What changed in the very moment of the cursor is told again rather than lost."""
    spectrum.world.clock.advance(60)
    cursor = spectrum.get(INVOICES).json["cursor"]
    spectrum.post(spectrum.receipt())
    assert len(spectrum.get(INVOICES, since=cursor).json["invoices"]) == 1
    assert len(spectrum.get(RECEIPTS, since=cursor).json["receipts"]) == 1


def test_receipts_tell_every_vendor_and_reversals_move_the_invoice(spectrum):
    spectrum.post(spectrum.receipt())
    spectrum.post(spectrum.receipt(1, onlineVendor="SomebodyElse", fee=None))
    told = spectrum.get(RECEIPTS).json
    jsonschema_rs.validate(schema("spectrum", "ReceiptExtract"), told)
    assert told["receipts"][0] == {
        "receipt_id": "1001",
        "invoice_number": "30254",
        "policy_number": spectrum.receipt()["policyNumber"],
        "reference_number": "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f",
        "amount": "10.00",
        "fee": "0.50",
        "online_vendor": "InvoiceCloud",
        "date_paid": "2026-01-05T02:30:00-06:00",
        "applied_at": "2026-01-05T08:00:00Z",
        "reversal_id": None,
        "reversed_at": None,
    }
    assert told["receipts"][1]["online_vendor"] == "SomebodyElse"
    spectrum.world.clock.advance(60)
    spectrum.book.reverse_receipt("1001", "R01")
    changed = spectrum.get(INVOICES, since="2026-01-05T08:01:00Z").json["invoices"]
    assert [row["balance_due"] for row in changed] == ["731.37"]
    [receipt] = spectrum.get(RECEIPTS, since="2026-01-05T08:01:00Z").json["receipts"]
    assert (receipt["receipt_id"], receipt["reversed_at"]) == ("1001", "2026-01-05T08:01:00Z")


def test_biller_sees_only_its_own_receipts(spectrum):
    spectrum.post(spectrum.receipt())
    assert spectrum.get(RECEIPTS, biller=1).json["receipts"] == []


def test_receipts_feed_can_be_absent(spectrum):
    spectrum.world.behaviours.change({"spectrum_receipts_feed": False})
    answer = spectrum.get(RECEIPTS)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert spectrum.get(INVOICES).status_code == 200


@pytest.mark.parametrize("path", [INVOICES, RECEIPTS])
@pytest.mark.parametrize(
    "since",
    [
        "",
        "yesterday",
        "2026-01-05",
        "2026-01-05T08:00:00",
        "2026-01-05T08:00:00+00:00",
        "2026-13-05T08:00:00Z",
        "2026-01-05T25:00:00Z",
        "0000-01-01T00:00:00Z",
        "1767600000",
    ],
)
def test_wrong_moment_is_refused(spectrum, path, since):
    answer = spectrum.get(path, since=since)
    assert answer.status_code == 400
    assert list(answer.json["errors"]) == ["since"]
