"""Sends a file before the hour where one asked again for what had been paid (decision 0036)."""

from __future__ import annotations

from adapter.context import JobContext
from adapter.jobs import send_invoices
from adapter.jobs.report import JobReport

JOB = "correct_bills"
NOTHING_TO_CORRECT = "no bill to correct"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Send what changed if a bill asks for a payment that was made before it; raises LedgerError.

    Such a payment was made before Invoice Cloud took the file, and became known after it was made.
    """
    paid_since = work.clock.now() - send_invoices.CORRECTED_WITHIN
    if not work.ledger.under_way.to_correct(biller, paid_since=paid_since):
        return JobReport(job=JOB, biller=biller, counts={}, note=NOTHING_TO_CORRECT)
    return send_invoices.run_once(biller, work, job=JOB)
