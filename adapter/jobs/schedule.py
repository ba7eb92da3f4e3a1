"""The table of the jobs: what runs when, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapter.clock import require_aware
from adapter.jobs import (
    follow_change_log,
    forget_history,
    match_settlements,
    post_payments,
    post_reversals,
    push_enrollments,
    reconcile_payments,
    reverse_rejects,
    send_invoices,
)
from adapter.context import JobContext
from adapter.jobs.report import JobReport
from adapter.ledger.ledger import Ledger
from adapter.ledger.store import Due

_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)

Job = Callable[..., JobReport]
_RUNS: Mapping[str, Job] = {
    send_invoices.JOB: send_invoices.run_once,
    reconcile_payments.JOB: reconcile_payments.run_once,
    post_payments.JOB: post_payments.run_once,
    reverse_rejects.JOB: reverse_rejects.run_once,
    post_reversals.JOB: post_reversals.run_once,
    match_settlements.JOB: match_settlements.run_once,
    follow_change_log.JOB: follow_change_log.run_once,
    push_enrollments.JOB: push_enrollments.run_once,
    forget_history.JOB: forget_history.run_once,
}


def _observed(name: str, run_once: Job) -> Job:
    """Have the workbench's observer see each run, whichever engine woke it."""

    def run(biller: str, work: JobContext, **options: Any) -> JobReport:
        with work.observer.job_run(name, biller) as seen:
            report = run_once(biller, work, **options)
            seen.counts, seen.failed = report.counts, report.failure is not None
        return report

    return run


JOBS: Mapping[str, Job] = {name: _observed(name, run_once) for name, run_once in _RUNS.items()}

# The jobs that also run as soon as the ledger has something due for them, and when that is.
WOKEN: Mapping[str, Callable[[Ledger, Iterable[str]], datetime | None]] = {
    post_payments.JOB: lambda ledger, billers: ledger.claims.next_due_at(billers),
    post_reversals.JOB: lambda ledger, billers: ledger.reversal_claims.next_due_at(billers),
    push_enrollments.JOB: lambda ledger, billers: ledger.pushes.next_due_at(billers),
}
# What the ledger announces as due, and the job that looks at it.
JOB_FOR: Mapping[Due, str] = {
    Due.PAYMENT: post_payments.JOB,
    Due.REVERSAL: post_reversals.JOB,
    Due.ENROLLMENT: push_enrollments.JOB,
}

# Those of them whose work several workers share, and whether there is enough of it now.
BACKLOGS: Mapping[str, Callable[[Ledger, str, datetime], bool]] = {
    post_payments.JOB: lambda ledger, biller, now: ledger.claims.are_several_due(biller, now=now),
}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A job that runs at every `interval`, `offset` past it, counted from midnight UTC.

    Local time plays no part: a change to daylight-saving time loses and doubles no run.
    """

    job: str
    interval: timedelta
    offset: timedelta

    def next_fire(self, after: datetime) -> datetime:
        """Return the first moment to run that lies after another one, never at it."""
        passed = require_aware(after, "after") - _MIDNIGHT - self.offset
        return _MIDNIGHT + self.offset + (passed // self.interval + 1) * self.interval


# What is woken runs as soon as there is something to do; the sweep finds whatever no wake-up did.
SCHEDULE = (
    Schedule(job=send_invoices.JOB, interval=timedelta(hours=1), offset=timedelta(0)),
    Schedule(
        job=reconcile_payments.JOB, interval=timedelta(hours=2), offset=timedelta(minutes=10)
    ),
    Schedule(job=reverse_rejects.JOB, interval=timedelta(hours=3), offset=timedelta(minutes=15)),
    Schedule(job=match_settlements.JOB, interval=timedelta(hours=4), offset=timedelta(minutes=25)),
    Schedule(job=post_payments.JOB, interval=timedelta(hours=1), offset=timedelta(minutes=30)),
    Schedule(job=follow_change_log.JOB, interval=timedelta(hours=3), offset=timedelta(minutes=20)),
    Schedule(job=post_reversals.JOB, interval=timedelta(hours=1), offset=timedelta(minutes=35)),
    Schedule(job=push_enrollments.JOB, interval=timedelta(hours=1), offset=timedelta(minutes=45)),
    Schedule(job=forget_history.JOB, interval=timedelta(days=1), offset=timedelta(minutes=50)),
)
