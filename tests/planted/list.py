"""Every wrong, whichever file plants it."""

from tests.planted import (
    enrollments,
    invoice_cloud_due,
    invoice_cloud_files,
    invoice_cloud_payments,
    ledger_payments,
    ledger_reports,
    secrets,
    spectrum_book,
    spectrum_receipts,
)
from tests.planted.wrongs import WRONGS

__all__ = [
    "WRONGS",
    "enrollments",
    "invoice_cloud_due",
    "invoice_cloud_files",
    "invoice_cloud_payments",
    "ledger_payments",
    "ledger_reports",
    "secrets",
    "spectrum_book",
    "spectrum_receipts",
]
