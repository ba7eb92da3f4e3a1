"""Notices of payments and enrolments: what they become, and what each refuses of its own."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.payment import PaymentMethod
from adapter.doors.notices import change_of, payment_of
from adapter.errors import BadInputError
from tests.unit.doors.conftest import NOTICE

GUID = "9F2C4B6E-0000-4000-8000-0123456789AB"
DOOR = {"biller": "alpha", "biller_guid": "28c724d2-0ee2-4200-8a9e-c9e7ce791440"}
NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
PAYMENT = {**NOTICE, "BillerGUID": DOOR["biller_guid"].upper(), "PaymentGUID": GUID}
DEFAULTS = {
    "CustomerName": "",
    "ConvenienceFee": "0.00",
    "PaymentReference": "",
    "PaymentMessage": "",
    "PaymentType": "",
}
CHANGE = {
    "BillerGUID": DOOR["biller_guid"].upper(),
    "EventGUID": GUID,
    "AccountNumber": "1204117",
    "ChangeDate": "2026-01-05T03:04:05.1234567-06:00",
}
SWITCHES = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}


def pay(**changes):
    return payment_of({**PAYMENT, **changes}, **DOOR)


def change(kind, **changes):
    return change_of({**CHANGE, SWITCHES[kind]: "False", **changes}, kind, now=NOW, **DOOR)


def test_a_whole_notice_becomes_a_payment():
    payment = pay()
    assert payment.key.payment_guid == GUID.lower()
    assert (payment.biller, payment.invoice_number) == ("alpha", "30254")
    assert payment.paid_at == datetime(2026, 1, 5, 9, 4, 5, 123456, tzinfo=UTC)
    assert (payment.amount, payment.fee) == (Decimal("731.37"), Decimal("2.95"))
    assert (payment.method, payment.method_reported) == (PaymentMethod.ACH, "ACH")
    assert payment.approved is True


@pytest.mark.parametrize("told", ["CreditCard", "PayPal", "Venmo", "Visa", "CREDIT CARD"])
def test_a_payment_of_another_kind_is_a_cards_and_its_kind_is_kept(told):
    payment = pay(PaymentType=told)
    assert (payment.method, payment.method_reported) == (PaymentMethod.CREDIT_CARD, told)


def test_what_may_be_left_out_has_its_default():
    told = {field: value for field, value in PAYMENT.items() if field not in DEFAULTS}
    assert payment_of(told, **DOOR) == pay(**DEFAULTS)


@pytest.mark.parametrize("kind", EnrollmentKind)
def test_a_whole_notice_becomes_a_change(kind):
    told = change(kind)
    assert (told.biller, told.event_guid) == ("alpha", GUID.lower())
    assert (told.account_number, told.kind, told.enrolled) == ("1204117", kind, False)
    assert told.changed_at == datetime(2026, 1, 5, 9, 4, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        *((field, [], "must be") for field in PAYMENT),
        ("BillerGUID", GUID, "this door's biller"),
        ("CustomerName", "x" * 201, "at most 200"),
        ("PaymentReference", "x" * 51, "at most 50"),
        ("PaymentMessage", "x" * 501, "at most 500"),
        ("PaymentAmount", "0.00", "it must be positive"),
        ("PaymentAmount", 0, "it must be positive"),
        ("PaymentType", 7, "must be text"),
        ("PaymentType", None, "must be text"),
        ("PaymentType", "x" * 101, "at most 100"),
        ("Approved", "true", 'true or "True"'),
        ("Approved", 1, 'true or "True"'),
        ("Approved", False, "a declined payment is not accepted"),
        ("Approved", "False", "a declined payment is not accepted"),
        ("CardNumber", "x", "no field of a payment notice"),
        ("paymentGUID", GUID, "no field of a payment notice"),
        ("payment_guid", GUID, "no field of a payment notice"),
    ],
)
def test_a_wrong_field_of_a_payment_is_named(field, value, rule):
    with pytest.raises(BadInputError, match=rule) as refusal:
        pay(**{field: value})
    assert refusal.value.field == field


@pytest.mark.parametrize("kind", EnrollmentKind)
def test_a_wrong_field_of_a_change_is_named(kind):
    other = "AutoPay" if kind is EnrollmentKind.PAPERLESS else "Paperless"
    ahead = "2026-01-06T14:00:00.000001Z"
    for field, value, rule in (
        *((field, [], "must be") for field in (*CHANGE, SWITCHES[kind])),
        (SWITCHES[kind], "yes", "true"),
        (other, True, f"no field of an? {SWITCHES[kind]} notice"),
        ("ChangeDate", ahead, "a day ahead"),
    ):
        with pytest.raises(BadInputError, match=rule) as refusal:
            change(kind, **{field: value})
        assert refusal.value.field == field


@pytest.mark.parametrize("field", [field for field in PAYMENT if field not in DEFAULTS])
def test_a_missing_field_is_named(field):
    with pytest.raises(BadInputError, match="it is missing") as refusal:
        payment_of({name: v for name, v in PAYMENT.items() if name != field}, **DOOR)
    assert refusal.value.field == field


def test_a_clock_that_runs_ahead_by_less_than_a_day_is_borne_with():
    told = change(EnrollmentKind.PAPERLESS, ChangeDate="2026-01-06T14:00:00Z")
    assert told.changed_at > NOW
