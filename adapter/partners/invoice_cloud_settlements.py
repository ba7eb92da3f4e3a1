"""Invoice Cloud's settled batches: the report's columns, and what a row of it means (C4).

Names, those of ticket EBPP-1811 among them, are assumed (decision 0016).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from adapter.domain.money import parse_money
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.errors import BadInputError
from adapter.partners.report_columns import SERVER_ZONE, moment, number, refused, required

SERVICE = "BillerSettledBatchDetailSOAP"
OPERATION = "BillerSettledBatchDetailDataSet"
# The report's columns, by our field names.
COLUMNS = {
    "batch_id": "BatchID",
    "settled_on": "SettlementDate",
    "transaction": "TransactionType",
    "payment_guid": "PaymentGUID",
    "invoice_number": "InvoiceNumber",
    "amount": "PaymentAmount",
    "batch_total": "BatchTotal",
    "batch_count": "BatchCount",
}
# Known, and of no use here.
IGNORED_COLUMNS = frozenset(
    {
        "BatchType",
        "AccountNumber",
        "PaymentDate",
        "ConvenienceFee",
        "PaymentReference",
        "DepositReference",
    }
)
_TRANSACTIONS = {kind.value: kind for kind in TransactionType}


def settlement_day(when: datetime) -> date:
    """Return the server's day of a moment: batches are asked for by it."""
    return when.astimezone(ZoneInfo(SERVER_ZONE)).date()


def settled_row_of(row: Mapping[str, str], *, biller: str) -> SettledRow:
    """Map one row; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, COLUMNS)
    transaction = _TRANSACTIONS.get(text("transaction").casefold())
    if transaction is None:
        known = " or ".join(kind.value.title() for kind in TransactionType)
        raise refused(COLUMNS["transaction"], text("transaction"), f"it must be {known}")
    amount = parse_money(text("amount"), field=COLUMNS["amount"])
    if (amount < 0) != (transaction is TransactionType.RETURN):
        raise refused(COLUMNS["amount"], text("amount"), "only a return is below nothing")
    try:
        return SettledRow(
            biller=biller,
            batch_id=text("batch_id"),
            settled_on=settlement_day(moment(text("settled_on"), COLUMNS["settled_on"])),
            transaction=transaction,
            payment_guid=text("payment_guid"),
            invoice_number=number(text("invoice_number"), COLUMNS["invoice_number"]),
            amount=amount,
            batch_total=parse_money(text("batch_total"), field=COLUMNS["batch_total"]),
            batch_count=int(number(text("batch_count"), COLUMNS["batch_count"])),
        )
    except BadInputError as error:
        if error.field in COLUMNS.values():
            raise
        raise refused(COLUMNS["payment_guid"], error.value, error.rule) from None
