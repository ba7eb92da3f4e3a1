"""Invoice Cloud's paperless and AutoPay customer reports: columns, and a row's meaning (C5).

Both are snapshots of one service; names are assumed (decision 0016).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.partners.report_columns import moment, number, required

SERVICE = "BillerAutoPayCustomerReportSOAP"
OPERATIONS = {
    EnrollmentKind.PAPERLESS: "BillerPaperlessCustomerReportDataSet",
    EnrollmentKind.AUTOPAY: "BillerAutoPayCustomerReportDataSet",
}
# The columns of both reports, by our field names.
COLUMNS = {"account_number": "AccountNumber", "since": "EnrollmentDate"}
# Known, and of no use here.
IGNORED_COLUMNS = frozenset({"CustomerName", "EmailAddress", "PaymentType"})


def enrolled_of(row: Mapping[str, str]) -> EnrolledAccount:
    """Map one row; raises BadInputError with the column, its value and the rule."""
    text = partial(required, row, COLUMNS)
    return EnrolledAccount(
        account_number=number(text("account_number"), COLUMNS["account_number"]),
        since=moment(text("since"), COLUMNS["since"]),
    )
