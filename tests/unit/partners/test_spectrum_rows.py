"""Rows of Spectrum's extract: each rule, and the place, field and value in what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapter.domain.invoice import ExtractedReceipt
from adapter.errors import BadInputError
from adapter.partners.spectrum_rows import (
    Row,
    concerns,
    invoice_of,
    receipt_of,
    row_of,
    utc_text,
)
from tests.unit.partners.conftest import INVOICE, RECEIPT


def test_invoice():
    invoice = invoice_of(row_of(INVOICE, where="row 1"))
    assert invoice.invoice_number == "30254"
    assert invoice.customer_name == "Dana Smith"
    assert invoice.invoice_date == date(2026, 1, 2)
    assert invoice.balance_due == Decimal("731.37")
    assert invoice.autopay_date is None


def test_invoice_takes_numbers_for_digits_and_fields_it_does_not_know():
    row = {
        **INVOICE,
        "invoice_number": 30254,
        "zip_code": 61602,
        "balance_due": Decimal("731.3700"),
        "autopay_date": "2026-01-28",
        "branch": {"id": 7},
    }
    invoice = invoice_of(Row("row 1", row))
    assert (invoice.invoice_number, invoice.zip_code) == ("30254", "61602")
    assert str(invoice.balance_due) == "731.37"
    assert invoice.autopay_date == date(2026, 1, 28)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("invoice_number", ""),
        ("invoice_number", "A-1"),
        ("invoice_number", "0"),
        ("policy_number", None),
        ("policy_number", "1" * 19),
        ("city", ["Peoria"]),
        ("city", True),
        ("invoice_date", "01/02/2026"),
        ("invoice_date", "20260102"),
        ("invoice_date", ""),
        ("due_date", "2026-02-30"),
        ("balance_due", ""),
        ("balance_due", "731,37"),
        ("balance_due", "731.375"),
        ("autopay_date", "soon"),
    ],
)
def test_a_broken_field_is_refused_by_place_name_and_value(name, value):
    with pytest.raises(BadInputError) as caught:
        invoice_of(Row("invoices.jsonl line 3", {**INVOICE, name: value}))
    assert caught.value.field == f"invoices.jsonl line 3 {name}"
    assert caught.value.value == ("" if value is None else str(value))
    assert caught.value.rule


@pytest.mark.parametrize("name", sorted(INVOICE))
def test_a_missing_field_is_refused(name):
    """A misspelt column must not blank what a bill says."""
    told = {field: value for field, value in INVOICE.items() if field != name}
    with pytest.raises(BadInputError, match=f"row 1 {name} = '': it is missing"):
        invoice_of(Row("row 1", told))


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_a_row_that_is_no_object_is_refused(value):
    with pytest.raises(BadInputError, match="row 1"):
        row_of(value, where="row 1")


def test_receipt():
    assert receipt_of(Row("row 1", RECEIPT)) == ExtractedReceipt(
        receipt_id="1001",
        invoice_number="30254",
        reference_number="AAAAAAAA-0000-4000-8000-000000000001",
        amount=Decimal("731.37"),
        applied_at=datetime(2026, 1, 5, 14, 30, 7, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("receipt_id", ""),
        ("invoice_number", "x"),
        ("amount", "ten"),
        ("applied_at", "2026-01-05T14:30:07"),
        ("applied_at", "0001-01-01T00:00:00+05:00"),
        ("applied_at", ""),
        ("reversed_at", "yesterday"),
    ],
)
def test_a_broken_receipt_is_refused(name, value):
    """One of them might be the one that is looked for."""
    with pytest.raises(BadInputError, match=f"row 1 {name}"):
        receipt_of(Row("row 1", {**RECEIPT, name: value}))


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"reference_number": "{aaaaaaaa-0000-4000-8000-000000000001}"}, True),
        ({"reference_number": "aaaaaaaa000040008000000000000001"}, True),
        ({"reference_number": "aaaaaaaa-0000-4000-8000-000000000002"}, False),
        ({"reference_number": "CHECK 1207"}, False),
        ({"reference_number": ""}, False),
        ({"reference_number": None}, False),
    ],
)
@pytest.mark.parametrize("invoice_number", ["30254", "30255"])
def test_a_receipt_concerns_a_payment_by_its_guid_or_its_invoice(
    payment, fields, same, invoice_number
):
    receipt = receipt_of(Row("row 1", {**RECEIPT, **fields, "invoice_number": invoice_number}))
    assert receipt.is_of(payment.payment_guid) is same
    assert concerns(receipt, payment) is (same or invoice_number == payment.invoice_number)


@pytest.mark.parametrize(
    "fields", [{}, {"reversal_id": None, "reversed_at": None}, {"reversed_at": ""}]
)
def test_a_receipt_that_stands(fields):
    """An extract without these columns is an older one."""
    receipt = receipt_of(Row("row 1", {**RECEIPT, **fields}))
    assert (receipt.reversal_id, receipt.reversed_at) == ("", None)


def test_a_receipt_that_was_reversed():
    fields = {"reversal_id": "r-1", "reversed_at": "2026-01-07T08:00:00Z"}
    receipt = receipt_of(Row("row 1", {**RECEIPT, **fields}))
    assert receipt.reversal_id == "r-1"
    assert receipt.reversed_at == datetime(2026, 1, 7, 8, 0, tzinfo=UTC)


def test_moments_are_written_as_the_extract_writes_them():
    assert utc_text(datetime.fromisoformat("2026-01-05T02:00:00-06:00")) == "2026-01-05T08:00:00Z"
