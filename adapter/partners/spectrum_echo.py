"""What Spectrum's answer says of the receipt that was sent: compared by value, not by writing.

A field that is missing, or null, proves nothing against the answer (decision 0031).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from adapter.domain.payment import Payment, is_guid

_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
# What a serializer writes for a receipt that is none; .NET writes 0 for a number never set.
_NO_RECEIPT = frozenset({"", "null", "none", "nil", "undefined"})
_EMPTY_GUID = "0" * 32
_NUMBER = re.compile(r"[+-]?[0-9]{1,100}(?:\.[0-9]{0,100})?(?:[eE][+-]?[0-9]{1,3})?")


def differing_echo(answer: Mapping[str, Any], payment: Payment) -> str:
    """Return the first field whose echo is another's, or nothing; names are in lower case."""
    checks: tuple[tuple[str, Callable[[Any], bool]], ...] = (
        ("referenceNumber", lambda echo: is_guid(_text(echo), payment.payment_guid)),
        ("invoiceNumber", lambda echo: _same_name(echo, payment.invoice_number)),
        ("policyNumber", lambda echo: _same_name(echo, payment.account_number)),
        ("amount", lambda echo: _amount(echo) == payment.amount),
        ("approved", lambda echo: _truth(echo) is payment.approved),
    )
    for name, agrees in checks:
        echo = answer.get(name.casefold())
        if echo is not None and not agrees(echo):
            return name
    return ""


def is_no_receipt(receipt_id: Any) -> bool:
    """Tell whether a receiptID names none: absent, 0, "null", blank, negative, an empty GUID."""
    if receipt_id is None:
        return True
    if isinstance(receipt_id, bool) or not isinstance(receipt_id, str | int | Decimal):
        return False
    text = _text(receipt_id)
    if text.casefold() in _NO_RECEIPT or is_guid(text, _EMPTY_GUID):
        return True
    number = _number(text)
    return number is not None and number <= 0


def _amount(echo: Any) -> Decimal | None:
    return None if isinstance(echo, bool) else _number(_text(echo))


def _same_name(echo: Any, ours: str) -> bool:
    """Compare what names an invoice or a policy, a number as a rule; True is no 1."""
    if isinstance(echo, bool):
        return False
    echoed, sent = "".join(_text(echo).split()), "".join(ours.split())
    number = _number(echoed)
    return echoed.casefold() == sent.casefold() or (number is not None and number == _number(sent))


def _truth(echo: Any) -> bool | None:
    return echo if isinstance(echo, bool) else _TRUTHS.get(_text(echo).casefold())


def _text(value: Any) -> str:
    return str(value).strip()


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None
