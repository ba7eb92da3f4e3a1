"""Maps a payment notice in the words of Invoice Cloud's post-back to a payment (0005)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import PAYMENT_REFERENCE_LENGTH, Payment, PaymentMethod
from adapter.doors.notice_fields import (
    free_text,
    guid,
    moment,
    number,
    refused,
    require_fields,
    require_own_guid,
)

CUSTOMER_NAME_LENGTH = 200
MESSAGE_LENGTH = 500
_REQUIRED = (
    "BillerGUID",
    "PaymentGUID",
    "InvoiceNumber",
    "AccountNumber",
    "PaymentDate",
    "PaymentAmount",
    "Approved",
)
_OPTIONAL = (
    "CustomerName",
    "ConvenienceFee",
    "PaymentReference",
    "PaymentMessage",
    "PaymentType",
)
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2}(00)?)?")
_DIGITS_BEFORE_POINT_MAX = 15


def payment_of(notice: Mapping[str, Any], *, biller: str, biller_guid: str) -> Payment:
    """Return the payment that a notice tells of; BadInputError names the first wrong field."""
    require_fields(notice, "a payment notice", required=_REQUIRED, optional=_OPTIONAL)
    require_own_guid(notice, biller_guid)
    payment = Payment(
        biller=biller,
        payment_guid=guid(notice, "PaymentGUID"),
        invoice_number=number(notice, "InvoiceNumber"),
        account_number=number(notice, "AccountNumber"),
        customer_name=free_text(notice, "CustomerName", CUSTOMER_NAME_LENGTH),
        paid_at=moment(notice, "PaymentDate"),
        amount=_amount(notice, "PaymentAmount"),
        fee=_amount(notice, "ConvenienceFee"),
        payment_reference=free_text(notice, "PaymentReference", PAYMENT_REFERENCE_LENGTH),
        payment_message=free_text(notice, "PaymentMessage", MESSAGE_LENGTH),
        method=_method(notice),
        approved=_approved(notice),
    )
    if payment.amount == ZERO:
        raise refused("PaymentAmount", notice["PaymentAmount"], "it must be positive")
    return payment


def _amount(notice: Mapping[str, Any], field: str) -> Decimal:
    """Read dollars from text or from a JSON figure, digit by digit."""
    value = notice.get(field, "0.00")
    rule = "it must be dollars and whole cents, not negative"
    if isinstance(value, str):
        if not _AMOUNT.fullmatch(value):
            raise refused(field, value, rule)
        return Decimal(value).quantize(CENT)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise refused(field, value, rule)
    amount = Decimal(value)
    if amount.adjusted() >= _DIGITS_BEFORE_POINT_MAX:
        raise refused(field, "", rule)
    if amount < ZERO or amount != amount.quantize(CENT):
        raise refused(field, value, rule)
    return abs(amount.quantize(CENT))


def _method(notice: Mapping[str, Any]) -> PaymentMethod:
    value = notice.get("PaymentType", PaymentMethod.CREDIT_CARD.value)
    for method in PaymentMethod:
        if value == method.value:
            return method
    raise refused("PaymentType", value, "it must be CreditCard or ACH")


def _approved(notice: Mapping[str, Any]) -> bool:
    """Take approved payments; declined ones are not pumped (decision 0008)."""
    value = notice["Approved"]
    if value is True or value == "True":
        return True
    if value is False or value == "False":
        raise refused("Approved", value, "a declined payment is not taken over")
    raise refused("Approved", value, 'it must be true or "True"')
