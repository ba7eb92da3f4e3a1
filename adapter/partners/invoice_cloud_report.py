"""Invoice Cloud's payment report: what its columns are called, and what a row of it means (C2)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import Payment, PaymentMethod
from adapter.partners.report_columns import dollars, moment, number, refused, required, truth

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
_METHODS = {method.value.casefold(): method for method in PaymentMethod}


def payment_of(row: Mapping[str, str], columns: Mapping[str, str], *, biller: str) -> Payment:
    """Map one row of the report; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, columns)
    fee = row.get(columns["fee"], "").strip()
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
        method=_method(row.get(columns["method"], ""), columns["method"]),
        approved=truth(text("approved"), columns["approved"]),
    )


def _method(text: str, column: str) -> PaymentMethod:
    """Read CreditCard or ACH; A3's default is CreditCard."""
    if not text.strip():
        return PaymentMethod.CREDIT_CARD
    method = _METHODS.get(text.strip().casefold())
    if method is None:
        raise refused(column, text, f"it must be {' or '.join(m.value for m in PaymentMethod)}")
    return method
