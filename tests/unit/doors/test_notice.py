"""Payment notices: what they become, and each way in which a field can be wrong."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapter.domain.payment import PaymentMethod
from adapter.doors.notice import payment_of
from adapter.errors import BadInputError

BILLER_GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
PAYMENT_GUID = "9F2C4B6E-0000-4000-8000-0123456789AB"


def notice(**changes):
    """Return a whole notice; a field changed to None is left out."""
    whole = {
        "BillerGUID": BILLER_GUID.upper(),
        "PaymentGUID": PAYMENT_GUID,
        "InvoiceNumber": "30254",
        "AccountNumber": "1204117",
        "CustomerName": "Ada Carver",
        "PaymentDate": "2026-01-05T03:04:05.1234567-06:00",
        "PaymentAmount": "731.37",
        "ConvenienceFee": "2.95",
        "PaymentReference": "REF-1",
        "PaymentMessage": "Approved",
        "PaymentType": "ACH",
        "Approved": "True",
    }
    whole.update(changes)
    return {field: value for field, value in whole.items() if value is not None}


def read(**changes):
    return payment_of(notice(**changes), biller="alpha", biller_guid=BILLER_GUID)


def test_a_whole_notice_becomes_a_payment():
    payment = read()
    assert payment.key.payment_guid == PAYMENT_GUID.lower()
    assert (payment.biller, payment.invoice_number) == ("alpha", "30254")
    assert payment.paid_at == datetime(2026, 1, 5, 9, 4, 5, 123456, tzinfo=UTC)
    assert (payment.amount, payment.fee) == (Decimal("731.37"), Decimal("2.95"))
    assert payment.method is PaymentMethod.ACH
    assert payment.approved is True


def test_what_may_be_left_out_has_its_default():
    payment = read(
        CustomerName=None,
        ConvenienceFee=None,
        PaymentReference=None,
        PaymentMessage=None,
        PaymentType=None,
    )
    assert payment.fee == Decimal("0.00")
    assert payment.method is PaymentMethod.CREDIT_CARD
    assert payment.payment_reference == ""


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("10", "10.00"),
        ("0.10", "0.10"),
        ("100.5", "100.50"),
        ("100.5000", "100.50"),
        ("999999999999999.99", "999999999999999.99"),
        (10, "10.00"),
        (Decimal("0.1"), "0.10"),
        (Decimal("100.0000"), "100.00"),
        (Decimal("1E+2"), "100.00"),
    ],
)
def test_amounts_are_taken_as_text_or_as_figures(value, amount):
    assert str(read(PaymentAmount=value).amount) == amount


def test_a_fee_of_minus_zero_is_zero():
    assert str(read(ConvenienceFee=Decimal("-0.0")).fee) == "0.00"


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "1,000.00", "-1.00", "+1", "1e3", "10.001", "0.00", "1" * 16, "NaN", "٣"),
        *(True, False, [], {}, 0, -1, Decimal("0.001"), Decimal("-5.00"), Decimal("1E+400")),
        *(10**16, Decimal("1E-400"), Decimal("0E+999999")),
    ],
)
def test_an_amount_that_is_none_is_refused(value):
    with pytest.raises(BadInputError) as refusal:
        read(PaymentAmount=value)
    assert refusal.value.field == "PaymentAmount"
    assert len(refusal.value.value) <= 60


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("BillerGUID", "28c724d2-0ee2-4200-8a9e-c9e7ce791441"),
        ("BillerGUID", 7),
        ("PaymentGUID", "9F2C4B6E000040008000-0123456789AB"),
        ("PaymentGUID", f"{{{PAYMENT_GUID}}}"),
        ("InvoiceNumber", "030254"),
        ("InvoiceNumber", 30254),
        ("InvoiceNumber", "3" * 19),
        ("InvoiceNumber", "30254\n"),
        ("AccountNumber", ""),
        ("CustomerName", "x" * 201),
        ("CustomerName", ["Ada"]),
        ("PaymentDate", "2026-01-05T03:04:05"),
        ("PaymentDate", "2026-01-05"),
        ("PaymentDate", "2026-02-30T03:04:05Z"),
        ("PaymentDate", "2026-01-05T03:04:05+99:00"),
        ("PaymentDate", "0001-01-01T00:00:00+14:00"),
        ("PaymentDate", "9999-12-31T23:59:59-14:00"),
        ("PaymentDate", 1767600000),
        ("ConvenienceFee", "-0.01"),
        ("ConvenienceFee", True),
        ("PaymentReference", "x" * 51),
        ("PaymentMessage", "x" * 501),
        ("PaymentMessage", "nul\0"),
        ("PaymentMessage", "half \ud800"),
        ("PaymentType", "Cash"),
        ("PaymentType", {}),
        ("Approved", "true"),
        ("Approved", 1),
        ("Approved", False),
        ("Approved", "False"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(BadInputError) as refusal:
        read(**{field: value})
    assert refusal.value.field == field
    assert refusal.value.value.isprintable()


def test_a_declined_payment_says_so():
    with pytest.raises(BadInputError, match="a declined payment is not taken over"):
        read(Approved="False")


@pytest.mark.parametrize("field", ["BillerGUID", "PaymentGUID", "PaymentAmount", "Approved"])
def test_a_missing_field_is_named(field):
    with pytest.raises(BadInputError, match="it is missing") as refusal:
        read(**{field: None})
    assert refusal.value.field == field


@pytest.mark.parametrize("field", ["CardNumber", "paymentGUID", "x" * 5000])
def test_an_unknown_field_is_refused(field):
    with pytest.raises(BadInputError, match="no field of a payment notice") as refusal:
        read(**{field: "x"})
    assert refusal.value.field == field[:60]
