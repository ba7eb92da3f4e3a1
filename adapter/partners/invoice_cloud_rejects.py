"""Invoice Cloud's report of ACH rejects: its columns, and what a row of it means (C3).

Names are assumed (decision 0016).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from adapter.domain.ach_return import AchReturn
from adapter.domain.money import CENT
from adapter.domain.payment import canonical_guid
from adapter.errors import BadInputError
from adapter.partners.report_columns import dollars, moment, number, refused, required

SERVICE = "ACHRejectReportingSOAP"
OPERATION = "ACHRejectReportingDataSetFromGMT"
# The report's columns, by our field names.
COLUMNS = {
    "reject_guid": "RejectGUID",
    "payment_guid": "PaymentGUID",
    "invoice_number": "InvoiceNumber",
    "account_number": "AccountNumber",
    "returned_at": "RejectDate",
    "amount": "RejectAmount",
    "code": "RejectCode",
    "reason": "RejectReason",
}
# Known, and of no use here.
IGNORED_COLUMNS = frozenset({"CustomerName", "PaymentDate", "PaymentReference"})
CODE_LENGTH_MAX = 10
REASON_LENGTH_MAX = 200


def return_of(row: Mapping[str, str], *, biller: str) -> AchReturn:
    """Map one row; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, COLUMNS)
    code = text("code")
    if len(code) > CODE_LENGTH_MAX or not code.isprintable():
        raise refused(COLUMNS["code"], code, f"it must have at most {CODE_LENGTH_MAX} characters")
    return AchReturn(
        biller=biller,
        reject_guid=_guid(text("reject_guid"), COLUMNS["reject_guid"]),
        payment_guid=_guid(text("payment_guid"), COLUMNS["payment_guid"]),
        invoice_number=number(text("invoice_number"), COLUMNS["invoice_number"]),
        account_number=number(text("account_number"), COLUMNS["account_number"]),
        amount=dollars(text("amount"), COLUMNS["amount"], least=CENT),
        code=code,
        reason=row.get(COLUMNS["reason"], "").strip()[:REASON_LENGTH_MAX],
        returned_at=moment(text("returned_at"), COLUMNS["returned_at"]),
    )


def _guid(text: str, column: str) -> str:
    try:
        return canonical_guid(text)
    except BadInputError as error:
        raise refused(column, error.value, error.rule) from None
