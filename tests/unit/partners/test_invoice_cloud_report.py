"""Rows of the payment report: what they mean, and which mean nothing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapter.domain.payment import REPORT_FIELDS, PaymentMethod
from adapter.errors import BadInputError
from adapter.partners.invoice_cloud_report import COLUMNS, payment_of

ROW = {
    "PaymentGUID": "AAAAAAAA-0000-4000-8000-000000000001",
    "InvoiceNumber": "30254",
    "AccountNumber": "900100",
    "CustomerName": "Dana Smith",
    "PaymentDate": "2026-01-05T09:30:00.1234567-05:00",
    "PaymentAmount": "731.3700",
    "ConvenienceFee": "2.5000",
    "PaymentReference": "ref-1",
    "PaymentMessage": "Approved",
    "PaymentType": "ACH",
    "Approved": "true",
}


def mapped(**changes):
    row = {name: value for name, value in {**ROW, **changes}.items() if value is not None}
    return payment_of(row, COLUMNS, biller="alpha")


def test_every_reported_field_has_its_column():
    assert tuple(COLUMNS) == REPORT_FIELDS


def test_every_column():
    payment = mapped()
    assert payment.biller == "alpha"
    assert payment.payment_guid == "aaaaaaaa-0000-4000-8000-000000000001"
    assert payment.invoice_number == "30254"
    assert payment.account_number == "900100"
    assert payment.customer_name == "Dana Smith"
    assert payment.paid_at == datetime(2026, 1, 5, 14, 30, 0, 123456, tzinfo=UTC)
    assert str(payment.amount) == "731.37"
    assert str(payment.fee) == "2.50"
    assert payment.payment_reference == "ref-1"
    assert payment.payment_message == "Approved"
    assert payment.method is PaymentMethod.ACH
    assert payment.approved is True


def test_null_and_empty_where_they_are_allowed():
    nothing = dict.fromkeys(
        ["CustomerName", "ConvenienceFee", "PaymentReference", "PaymentMessage", "PaymentType"]
    )
    payment = mapped(**nothing)
    assert (payment.customer_name, payment.fee) == ("", Decimal("0.00"))
    assert payment.method is PaymentMethod.CREDIT_CARD
    assert mapped(ConvenienceFee="", PaymentType="").fee == 0


def test_a_moment_without_offset_is_the_server_s():
    """The server's zone is assumed to be New York's (decision 0004), in summer and winter."""
    assert mapped(PaymentDate="2026-01-05T09:30:00").paid_at.hour == 14
    assert mapped(PaymentDate="2026-07-05T09:30:00").paid_at.hour == 13


def test_columns_are_read_by_the_names_of_the_settings():
    columns = {**COLUMNS, "amount": "Total", "paid_at": "Paid"}
    row = {**ROW, "Total": "1.0000", "Paid": "2026-01-05T00:00:00Z", "PaymentAmount": "junk"}
    assert str(payment_of(row, columns, biller="alpha").amount) == "1.00"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("PaymentGUID", None),
        ("PaymentGUID", "no guid"),
        ("InvoiceNumber", None),
        ("InvoiceNumber", " "),
        ("AccountNumber", ""),
        ("PaymentDate", None),
        ("PaymentDate", "01/05/2026"),
        ("PaymentDate", "0001-01-01T00:00:00"),
        ("PaymentDate", "0001-01-01T00:00:00+05:30"),
        ("PaymentAmount", None),
        ("PaymentAmount", "731.3750"),
        ("PaymentAmount", "7e2"),
        ("ConvenienceFee", "free"),
        ("PaymentType", "Cash"),
        ("Approved", None),
        ("Approved", "maybe"),
    ],
)
def test_what_cannot_be_mapped_names_column_and_value(column, value):
    with pytest.raises(BadInputError) as caught:
        mapped(**{column: value})
    assert caught.value.field == column
    assert caught.value.value == (value or "").strip()
