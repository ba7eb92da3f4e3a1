"""What makes a payment the same payment, and one row of the report against it."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.payment import (
    DeliveryKey,
    Finding,
    PaymentMethod,
    canonical_guid,
    compare,
    differences,
    method_of,
)
from adapter.errors import BadInputError

GUID = "6f1b7c1e-52d4-4c58-9d53-0d9a3f6a2b11"


def test_key_is_biller_guid_and_invoice(payment):
    assert payment.key == DeliveryKey(
        biller="camp-point", payment_guid=GUID, invoice_number="30254"
    )


@pytest.mark.parametrize("shape", [GUID.upper(), f"{{{GUID}}}", GUID.replace("-", "")])
def test_guid_is_the_same_in_every_shape_of_dotnet(payment, shape):
    assert replace(payment, payment_guid=shape).key == payment.key


@given(st.uuids())
def test_canonical_guid_is_stable(guid):
    assert canonical_guid(canonical_guid(str(guid).upper())) == str(guid)


@given(st.text(max_size=80).filter(lambda text: sum(c.isalnum() for c in text) != 32))
def test_what_is_no_guid_is_refused_in_short(text):
    with pytest.raises(BadInputError) as refused:
        canonical_guid(text)
    assert len(refused.value.value) <= 60


def test_times_are_kept_in_utc(payment):
    local = payment.paid_at.astimezone(timezone(timedelta(hours=-6)))
    assert replace(payment, paid_at=local).paid_at.utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match="paid_at must be an aware datetime"):
        replace(payment, paid_at=datetime(2026, 1, 5, 9, 12))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Decimal("731.38")}, "amount: reported 731.38, posted 731.37"),
        ({"fee": Decimal("0.00")}, "fee: reported 0.00, posted 2.95"),
        ({"account_number": "1"}, "account_number: reported 1, posted 1204117"),
        ({"method": PaymentMethod.ACH}, "method: reported ACH, posted CreditCard"),
        ({"approved": False}, "approved: reported False, posted True"),
    ],
)
def test_what_moves_money_is_its_content_and_a_mismatch_by_name(payment, item_of, change, words):
    reported = replace(payment, **change)
    assert reported.fingerprint() != payment.fingerprint()
    assert compare(reported, item_of()) is Finding.MISMATCH
    assert differences(reported, payment) == words


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"customer_name": "R. O'Brien"},
        {"payment_message": "thanks"},
        {"payment_reference": "T-2"},
        {"method_reported": "Visa"},
        {"amount": Decimal("731.3700")},
    ],
)
def test_what_may_be_retold_is_the_same_payment_and_confirmed(payment, item_of, change):
    retold = replace(payment, **change)
    assert retold.fingerprint() == payment.fingerprint()
    assert compare(retold, item_of()) is Finding.CONFIRMED
    assert differences(retold, payment) == ""


def test_another_invoice_is_another_content(payment):
    assert replace(payment, invoice_number="30255").fingerprint() != payment.fingerprint()


def test_what_the_ledger_lacks_is_missing_when_approved(payment):
    assert compare(payment, None) is Finding.MISSING
    assert compare(replace(payment, approved=False), None) is Finding.DECLINED


@pytest.mark.parametrize("told", ["ACH", "ach", "EFT", "eCheck", "E-Check", " e check "])
def test_a_bank_accounts_payment_is_ach_by_whatever_name(told):
    """The data pump may say EFT where the report says ACH: that is no mismatch."""
    assert method_of(told) is PaymentMethod.ACH


@pytest.mark.parametrize("told", ["", "CreditCard", "Visa", "PayPal", "Venmo", "Check", "Cash"])
def test_every_other_payment_is_a_cards(told):
    """A3: Spectrum takes CreditCard or ACH, and Credit Card is its default."""
    assert method_of(told) is PaymentMethod.CREDIT_CARD
