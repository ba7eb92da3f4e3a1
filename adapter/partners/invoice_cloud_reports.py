"""Invoice Cloud's five reports: their columns, and what a row of each means (C2 to C5).

Names are assumed (decisions 0004 and 0016). Rows that break a rule are gathered and listed last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from adapter.domain.ach_return import AchReturn
from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.domain.money import CENT, ZERO, parse_money
from adapter.domain.payment import METHOD_LENGTH_MAX, Payment, canonical_guid, method_of
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.errors import BadInputError

Read = TypeVar("Read")
# Of rows that cannot be read, the error lists so many and counts the rest.
LISTED_ROWS_MAX = 10
# Where a moment without an offset was written (decision 0004).
SERVER_ZONE = "America/New_York"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
CODE_LENGTH_MAX = 10
REASON_LENGTH_MAX = 200
_TRANSACTIONS = {kind.value: kind for kind in TransactionType}


@dataclass
class RefusedRows:
    """Rows that could not be mapped: the first ones in full, the rest as a number.

    A row is named by `names`, which are its own in every poll; its place in the report is not.
    """

    what: str
    names: tuple[str, ...]
    count: int = 0
    listed: list[tuple[str, BadInputError]] = field(default_factory=list)

    def add(
        self, row: Mapping[str, str], columns: Mapping[str, str], error: BadInputError
    ) -> None:
        self.count += 1
        if len(self.listed) < LISTED_ROWS_MAX:
            texts = (row.get(columns[name], "").strip() for name in self.names)
            self.listed.append((" of ".join(text[:40] or "?" for text in texts), error))

    def raise_if_any(self) -> None:
        if not self.count:
            return
        more = self.count - len(self.listed)
        fields = (f"{self.what} {subject}: {error.field}" for subject, error in self.listed)
        rest = f", and {more} rows more" if more else ""
        raise BadInputError(
            field=f"{', '.join(fields)}{rest}",
            value=", ".join(error.value for _, error in self.listed),
            rule="; ".join(dict.fromkeys(error.rule for _, error in self.listed)),
            remedy=f"Ask Invoice Cloud about these {self.what}s; the others were read",
        )


@dataclass(frozen=True, kw_only=True)
class Report(Generic[Read]):
    """One report: where it is, its columns by our field names, and how a row is read.

    `ignored` columns are known, and of no use here. `what` and `names` name a row in an error.
    """

    service: str
    operation: str
    columns: Mapping[str, str]
    ignored: frozenset[str]
    what: str
    names: tuple[str, ...]
    row_of: Callable[[Mapping[str, str], Mapping[str, str], str], Read]

    def read(
        self, rows: Iterable[Mapping[str, str]], columns: Mapping[str, str], *, biller: str
    ) -> Iterator[Read]:
        """Yield every row that can be read; one BadInputError lists the others after the last."""
        refused_rows = RefusedRows(what=self.what, names=self.names)
        for row in rows:
            try:
                found = self.row_of(row, columns, biller)
            except BadInputError as error:
                refused_rows.add(row, columns, error)
                continue
            yield found
        refused_rows.raise_if_any()


def payment_of(row: Mapping[str, str], columns: Mapping[str, str], biller: str) -> Payment:
    """Map one row of the report; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, columns)
    fee = row.get(columns["fee"], "").strip()
    reported = row.get(columns["method"], "").strip()
    return Payment(
        biller=biller,
        payment_guid=text("payment_guid"),
        invoice_number=number(text("invoice_number"), columns["invoice_number"]),
        account_number=number(text("account_number"), columns["account_number"]),
        customer_name=row.get(columns["customer_name"], ""),
        paid_at=moment(text("paid_at"), columns["paid_at"]),
        amount=dollars(text("amount"), columns["amount"], least=CENT),
        fee=dollars(fee, columns["fee"], least=ZERO) if fee else ZERO,
        payment_reference=row.get(columns["payment_reference"], ""),
        payment_message=row.get(columns["payment_message"], ""),
        method=method_of(reported),
        method_reported=reported[:METHOD_LENGTH_MAX],
        approved=truth(text("approved"), columns["approved"]),
    )


def return_of(row: Mapping[str, str], columns: Mapping[str, str], biller: str) -> AchReturn:
    """Map one row; raises BadInputError with the column, its value and the rule.

    An amount may be missing or nothing: a notification of change takes no money back.
    """
    text = partial(required, row, columns)
    code = text("code")
    amount = row.get(columns["amount"], "").strip()
    if len(code) > CODE_LENGTH_MAX or not code.isprintable():
        raise refused(columns["code"], code, f"it must have at most {CODE_LENGTH_MAX} characters")
    return AchReturn(
        biller=biller,
        reject_guid=_guid(text("reject_guid"), columns["reject_guid"]),
        payment_guid=_guid(text("payment_guid"), columns["payment_guid"]),
        invoice_number=number(text("invoice_number"), columns["invoice_number"]),
        account_number=number(text("account_number"), columns["account_number"]),
        amount=dollars(amount, columns["amount"], least=ZERO) if amount else ZERO,
        code=code,
        reason=row.get(columns["reason"], "").strip()[:REASON_LENGTH_MAX],
        returned_at=moment(text("returned_at"), columns["returned_at"]),
    )


def _guid(text: str, column: str) -> str:
    try:
        return canonical_guid(text)
    except BadInputError as error:
        raise refused(column, error.value, error.rule) from None


def settlement_day(when: datetime) -> date:
    """Return the server's day of a moment: batches are asked for by it."""
    return when.astimezone(ZoneInfo(SERVER_ZONE)).date()


def settled_row_of(row: Mapping[str, str], columns: Mapping[str, str], biller: str) -> SettledRow:
    """Map one row; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, columns)
    transaction = _TRANSACTIONS.get(text("transaction").casefold())
    if transaction is None:
        known = " or ".join(kind.value.title() for kind in TransactionType)
        raise refused(columns["transaction"], text("transaction"), f"it must be {known}")
    amount = parse_money(text("amount"), field=columns["amount"])
    if (amount < 0) != (transaction is TransactionType.RETURN):
        raise refused(columns["amount"], text("amount"), "only a return is below nothing")
    try:
        return SettledRow(
            biller=biller,
            batch_id=text("batch_id"),
            settled_on=settlement_day(moment(text("settled_on"), columns["settled_on"])),
            transaction=transaction,
            payment_guid=text("payment_guid"),
            invoice_number=number(text("invoice_number"), columns["invoice_number"]),
            amount=amount,
            batch_total=parse_money(text("batch_total"), field=columns["batch_total"]),
            batch_count=int(number(text("batch_count"), columns["batch_count"])),
        )
    except BadInputError as error:
        if error.field in columns.values():
            raise
        raise refused(columns["payment_guid"], error.value, error.rule) from None


def enrolled_of(
    row: Mapping[str, str], columns: Mapping[str, str], biller: str
) -> EnrolledAccount:
    """Map one row of a customer report; raises BadInputError as the others do."""
    del biller  # an account is known by its number
    text = partial(required, row, columns)
    return EnrolledAccount(
        account_number=number(text("account_number"), columns["account_number"]),
        since=moment(text("since"), columns["since"]),
    )


def required(row: Mapping[str, str], columns: Mapping[str, str], name: str) -> str:
    """Return a column's text by our name of it; raises BadInputError where there is none."""
    value = row.get(columns[name], "").strip()
    if not value:
        raise refused(columns[name], "", "it must have a value")
    return value


def number(text: str, column: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise refused(column, text, "it must be digits without a leading zero")
    return text


def dollars(text: str, column: str, *, least: Decimal) -> Decimal:
    amount = parse_money(text, field=column)
    if amount < least:
        raise refused(column, text, f"it must be at least {least}")
    return amount


def moment(text: str, column: str) -> datetime:
    """Read a moment as UTC; one without an offset was written on the server's clock."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(SERVER_ZONE))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused(column, text, "it must be a moment in ISO 8601") from None
    if found.year == 1:
        raise refused(column, text, "it must be set; .NET writes no moment as the year 1")
    return found


def truth_of(text: str) -> bool | None:
    """Read an xsd:boolean, in any case; None for anything else."""
    return _TRUTHS.get(text.strip().lower())


def truth(text: str, column: str) -> bool:
    found = truth_of(text)
    if found is None:
        raise refused(column, text, "it must be true or false")
    return found


def refused(column: str, value: str, rule: str) -> BadInputError:
    return BadInputError(
        field=column, value=value[:40], rule=rule, remedy="Ask Invoice Cloud about it"
    )


PAYMENTS = Report(
    service="PaymentReportingSOAP",
    operation="PaymentReportingDataSetFromGMT",
    columns={
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
    },
    ignored=frozenset({"CardType"}),
    what="payment",
    names=("payment_guid", "paid_at"),
    row_of=payment_of,
)
REJECTS = Report(
    service="ACHRejectReportingSOAP",
    operation="ACHRejectReportingDataSetFromGMT",
    columns={
        "reject_guid": "RejectGUID",
        "payment_guid": "PaymentGUID",
        "invoice_number": "InvoiceNumber",
        "account_number": "AccountNumber",
        "returned_at": "RejectDate",
        "amount": "RejectAmount",
        "code": "RejectCode",
        "reason": "RejectReason",
    },
    ignored=frozenset({"CustomerName", "PaymentDate", "PaymentReference"}),
    what="reject",
    names=("reject_guid", "payment_guid"),
    row_of=return_of,
)
# The names of ticket EBPP-1811 are among these.
SETTLED_BATCHES = Report(
    service="BillerSettledBatchDetailSOAP",
    operation="BillerSettledBatchDetailDataSet",
    columns={
        "batch_id": "BatchID",
        "settled_on": "SettlementDate",
        "transaction": "TransactionType",
        "payment_guid": "PaymentGUID",
        "invoice_number": "InvoiceNumber",
        "amount": "PaymentAmount",
        "batch_total": "BatchTotal",
        "batch_count": "BatchCount",
    },
    ignored=frozenset(
        {
            "BatchType",
            "AccountNumber",
            "PaymentDate",
            "ConvenienceFee",
            "PaymentReference",
            "DepositReference",
        }
    ),
    what="settled row",
    names=("batch_id", "payment_guid"),
    row_of=settled_row_of,
)
# Both are snapshots, and of one service.
CUSTOMERS = {
    kind: Report(
        service="BillerAutoPayCustomerReportSOAP",
        operation=operation,
        columns={"account_number": "AccountNumber", "since": "EnrollmentDate"},
        ignored=frozenset({"CustomerName", "EmailAddress", "PaymentType"}),
        what="account",
        names=("account_number",),
        row_of=enrolled_of,
    )
    for kind, operation in {
        EnrollmentKind.PAPERLESS: "BillerPaperlessCustomerReportDataSet",
        EnrollmentKind.AUTOPAY: "BillerAutoPayCustomerReportDataSet",
    }.items()
}
