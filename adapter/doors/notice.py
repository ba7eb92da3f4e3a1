"""Maps a payment notice in the words of Invoice Cloud's post-back to a payment (0005)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import PAYMENT_REFERENCE_LENGTH, Payment, PaymentMethod
from adapter.errors import BadInputError

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
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2}(00)?)?")
_DIGITS_BEFORE_POINT_MAX = 15
_VALUE_SHOWN_MAX = 60


def payment_of(notice: Mapping[str, Any], *, biller: str, biller_guid: str) -> Payment:
    """Return the payment that a notice tells of; BadInputError names the first wrong field."""
    _require_known_fields(notice)
    told_guid = _text(notice, "BillerGUID", _GUID, "it must be a GUID")
    if told_guid.lower() != biller_guid.lower():
        raise _refused("BillerGUID", told_guid, "it is not the biller of this door")
    payment = Payment(
        biller=biller,
        payment_guid=_text(notice, "PaymentGUID", _GUID, "it must be a GUID"),
        invoice_number=_text(notice, "InvoiceNumber", _NUMBER, "it must be digits"),
        account_number=_text(notice, "AccountNumber", _NUMBER, "it must be digits"),
        customer_name=_free_text(notice, "CustomerName", CUSTOMER_NAME_LENGTH),
        paid_at=_moment(notice, "PaymentDate"),
        amount=_amount(notice, "PaymentAmount"),
        fee=_amount(notice, "ConvenienceFee"),
        payment_reference=_free_text(notice, "PaymentReference", PAYMENT_REFERENCE_LENGTH),
        payment_message=_free_text(notice, "PaymentMessage", MESSAGE_LENGTH),
        method=_method(notice),
        approved=_approved(notice),
    )
    if payment.amount == ZERO:
        raise _refused("PaymentAmount", notice["PaymentAmount"], "it must be positive")
    return payment


def _require_known_fields(notice: Mapping[str, Any]) -> None:
    known = (*_REQUIRED, *_OPTIONAL)
    for field in notice:
        if field not in known:
            raise BadInputError(
                field=field[:_VALUE_SHOWN_MAX],
                value="",
                rule="it is no field of a payment notice",
                remedy=f"Send these fields only: {', '.join(known)}",
            )
    for field in _REQUIRED:
        if field not in notice:
            raise BadInputError(field=field, value="", rule="it is missing", remedy="Send it")


def _text(notice: Mapping[str, Any], field: str, pattern: re.Pattern[str], rule: str) -> str:
    value = notice[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _refused(field, value, f"{rule}, as text")
    return value


def _free_text(notice: Mapping[str, Any], field: str, length_max: int) -> str:
    value = notice.get(field, "")
    if not isinstance(value, str):
        raise _refused(field, value, "it must be text")
    if len(value) > length_max:
        raise _refused(field, value, f"it must have at most {length_max} characters")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        raise _refused(field, "", "it must be text that can be stored")
    return value


def _moment(notice: Mapping[str, Any], field: str) -> datetime:
    rule = "it must be a date and time with its offset, as 2026-01-05T08:00:00-06:00"
    text = _text(notice, field, _DATE, rule)
    try:
        moment = datetime.fromisoformat(text)
        is_set = moment.utctimetuple().tm_year > 1
    except (ValueError, OverflowError):
        raise _refused(field, text, rule) from None
    if not is_set:
        raise _refused(field, text, "it must be set; .NET writes no moment as the year 1")
    return moment


def _amount(notice: Mapping[str, Any], field: str) -> Decimal:
    """Read dollars from text or from a JSON figure, digit by digit."""
    value = notice.get(field, "0.00")
    rule = "it must be dollars and whole cents, not negative"
    if isinstance(value, str):
        if not _AMOUNT.fullmatch(value):
            raise _refused(field, value, rule)
        return Decimal(value).quantize(CENT)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _refused(field, value, rule)
    amount = Decimal(value)
    if amount.adjusted() >= _DIGITS_BEFORE_POINT_MAX:
        raise _refused(field, "", rule)
    if amount < ZERO or amount != amount.quantize(CENT):
        raise _refused(field, value, rule)
    return abs(amount.quantize(CENT))


def _method(notice: Mapping[str, Any]) -> PaymentMethod:
    value = notice.get("PaymentType", PaymentMethod.CREDIT_CARD.value)
    for method in PaymentMethod:
        if value == method.value:
            return method
    raise _refused("PaymentType", value, "it must be CreditCard or ACH")


def _approved(notice: Mapping[str, Any]) -> bool:
    """Take approved payments; declined ones are not pumped (decision 0008)."""
    value = notice["Approved"]
    if value is True or value == "True":
        return True
    if value is False or value == "False":
        raise _refused("Approved", value, "a declined payment is not taken over")
    raise _refused("Approved", value, 'it must be true or "True"')


def _refused(field: str, value: object, rule: str) -> BadInputError:
    shown = (
        value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)
    )
    safe = "".join(c if c.isprintable() else "?" for c in shown[:_VALUE_SHOWN_MAX])
    return BadInputError(
        field=field,
        value=safe,
        rule=rule,
        remedy="Send the notice as the contract of the doors says",
    )
