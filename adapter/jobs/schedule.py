"""The table of the jobs: what runs when, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from adapter.clock import require_aware
from adapter.jobs import (
    correct_bills,
    follow_change_log,
    forget_history,
    match_settlements,
    reconcile_payments,
    reverse_rejects,
    send_invoices,
)
from adapter.jobs.deliver import deliver
from adapter.jobs.report import JobReport
from adapter.kinds import KINDS
from adapter.kinds.base import DeliveryKind

_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)

Job = Callable[..., JobReport]
JOBS: Mapping[str, Job] = {
    send_invoices.JOB: send_invoices.run_once,
    correct_bills.JOB: correct_bills.run_once,
    reconcile_payments.JOB: reconcile_payments.run_once,
    reverse_rejects.JOB: reverse_rejects.run_once,
    match_settlements.JOB: match_settlements.run_once,
    follow_change_log.JOB: follow_change_log.run_once,
    forget_history.JOB: forget_history.run_once,
    **{kind.job: partial(deliver, kind) for kind in KINDS},
}
# The jobs that also run as soon as the ledger has something due for them.
WOKEN: Mapping[str, DeliveryKind[Any]] = {kind.job: kind for kind in KINDS}
# Which of them looks at what the ledger announces as due, by the kind of item.
JOB_FOR: Mapping[str, str] = {kind.item.name: kind.job for kind in KINDS}


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
    Schedule(job=correct_bills.JOB, interval=timedelta(minutes=10), offset=timedelta(minutes=5)),
    Schedule(
        job=reconcile_payments.JOB, interval=timedelta(hours=2), offset=timedelta(minutes=10)
    ),
    Schedule(job=reverse_rejects.JOB, interval=timedelta(hours=3), offset=timedelta(minutes=15)),
    Schedule(job=match_settlements.JOB, interval=timedelta(hours=4), offset=timedelta(minutes=25)),
    Schedule(job=follow_change_log.JOB, interval=timedelta(hours=3), offset=timedelta(minutes=20)),
    Schedule(job=forget_history.JOB, interval=timedelta(days=1), offset=timedelta(minutes=50)),
    *(Schedule(job=kind.job, interval=timedelta(hours=1), offset=kind.offset) for kind in KINDS),
)
