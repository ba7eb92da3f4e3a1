"""Invoice Cloud's payment report: what its columns are called, and what a row of it means (C2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from adapter.domain.money import CENT, ZERO, parse_money
from adapter.domain.payment import Payment, PaymentMethod
from adapter.errors import BadInputError

# Of rows that cannot be read, the error lists so many and counts the rest.
LISTED_ROWS_MAX = 10
# Where a moment without an offset was written (decision 0004).
SERVER_ZONE = "America/New_York"
# The report's columns, by our field names; a biller's settings may rename them.
COLUMNS = {
    "payment_guid": "PaymentGUID",
    "invoice_number": "InvoiceNumber",
    "account_number": "AccountNumber",
    "customer_name": "CustomerName",
    "paid_at": "PaymentDate",
    "amount": "PaymentAmount",
    "fee": "ConvenienceFee",
    "payment_reference": "PaymentReference",
    "payment_message": "PaymentMessage",
    "method": "PaymentType",
    "approved": "Approved",
}
# Known, and of no use here.
IGNORED_COLUMNS = frozenset({"CardType"})
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_METHODS = {method.value.casefold(): method for method in PaymentMethod}


def payment_of(row: Mapping[str, str], columns: Mapping[str, str], *, biller: str) -> Payment:
    """Map one row of the report; raises BadInputError with the column, its value and the rule."""
    text = partial(_required, row, columns)
    fee = row.get(columns["fee"], "").strip()
    return Payment(
        biller=biller,
        payment_guid=text("payment_guid"),
        invoice_number=_number(text("invoice_number"), columns["invoice_number"]),
        account_number=_number(text("account_number"), columns["account_number"]),
        customer_name=row.get(columns["customer_name"], ""),
        paid_at=_moment(text("paid_at"), columns["paid_at"]),
        amount=_dollars(text("amount"), columns["amount"], least=CENT),
        fee=_dollars(fee, columns["fee"], least=ZERO) if fee else ZERO,
        payment_reference=row.get(columns["payment_reference"], ""),
        payment_message=row.get(columns["payment_message"], ""),
        method=_method(row.get(columns["method"], ""), columns["method"]),
        approved=_truth(text("approved"), columns["approved"]),
    )


@dataclass
class RefusedRows:
    """Rows that could not be mapped: the first ones in full, the rest as a number.

    A row is told by its payment and moment, which are its own in every window; its place is not.
    """

    count: int = 0
    listed: list[tuple[str, BadInputError]] = field(default_factory=list)

    def add(
        self, row: Mapping[str, str], columns: Mapping[str, str], error: BadInputError
    ) -> None:
        self.count += 1
        if len(self.listed) < LISTED_ROWS_MAX:
            told = (row.get(columns[name], "").strip() for name in ("payment_guid", "paid_at"))
            self.listed.append((" of ".join(text[:40] or "?" for text in told), error))

    def raise_if_any(self) -> None:
        if not self.count:
            return
        more = self.count - len(self.listed)
        fields = (f"payment {payment}: {error.field}" for payment, error in self.listed)
        rest = f", and {more} rows more" if more else ""
        raise BadInputError(
            field=f"{', '.join(fields)}{rest}",
            value=", ".join(error.value for _, error in self.listed),
            rule="; ".join(dict.fromkeys(error.rule for _, error in self.listed)),
            remedy="Ask Invoice Cloud about these payments; the others were read",
        )


def truth_of(text: str) -> bool | None:
    """Read an xsd:boolean, in any case; None for anything else."""
    return _TRUTHS.get(text.strip().lower())


def _required(row: Mapping[str, str], columns: Mapping[str, str], name: str) -> str:
    value = row.get(columns[name], "").strip()
    if not value:
        raise _refused(columns[name], "", "it must have a value")
    return value


def _number(text: str, column: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise _refused(column, text, "it must be digits without a leading zero")
    return text


def _dollars(text: str, column: str, *, least: Decimal) -> Decimal:
    amount = parse_money(text, field=column)
    if amount < least:
        raise _refused(column, text, f"it must be at least {least}")
    return amount


def _moment(text: str, column: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(SERVER_ZONE))
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused(column, text, "it must be a moment in ISO 8601") from None
    if moment.year == 1:
        raise _refused(column, text, "it must be set; .NET writes no moment as the year 1")
    return moment


def _method(text: str, column: str) -> PaymentMethod:
    """Read CreditCard or ACH; A3's default is CreditCard."""
    if not text.strip():
        return PaymentMethod.CREDIT_CARD
    method = _METHODS.get(text.strip().casefold())
    if method is None:
        raise _refused(column, text, f"it must be {' or '.join(m.value for m in PaymentMethod)}")
    return method


def _truth(text: str, column: str) -> bool:
    truth = truth_of(text)
    if truth is None:
        raise _refused(column, text, "it must be true or false")
    return truth


def _refused(column: str, value: str, rule: str) -> BadInputError:
    return BadInputError(
        field=column, value=value[:40], rule=rule, remedy="Ask Invoice Cloud about it"
    )
