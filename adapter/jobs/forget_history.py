"""Forgets who paid, and how it went, once it has long been finished (`keep_days`)."""

from __future__ import annotations

from datetime import timedelta

from adapter.context import JobContext
from adapter.jobs.report import JobReport

JOB = "forget_history"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Forget what was finished before `keep_days` ago; without the setting, nothing ever."""
    if work.rules.keep_days is None:
        return JobReport(job=JOB, biller=biller, counts={})
    before = work.clock.now() - timedelta(days=work.rules.keep_days)
    forgetting = work.ledger.forgetting
    counts = {
        "payments": forgetting.payments(biller, before=before),
        "enrollment_events": forgetting.enrollments(biller, before=before),
        "exceptions": forgetting.exceptions(biller, before=before),
    }
    return JobReport(
        job=JOB, biller=biller, counts={name: count for name, count in counts.items() if count}
    )
