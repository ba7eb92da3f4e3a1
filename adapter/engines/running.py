"""Running a job: for one biller or for all, never too often at a time, always with a report."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from adapter.context import JobContext
from adapter.errors import AdapterError, BadInputError, NotFoundError
from adapter.jobs import send_invoices
from adapter.jobs.report import JobReport
from adapter.jobs.schedule import JOBS, WOKEN, Job
from adapter.ledger.ledger import Ledger

RUNNING_ALREADY = "running already"

_log = structlog.get_logger(__name__)


class JobRunner:
    """Runs jobs in this process; one biller's failure is a report and stops nothing else.

    `ended` is called after each run that was not refused, once its place is free: what a refused
    run came for was in the ledger by then, so that a look from there forgets nothing.
    """

    def __init__(
        self, work: JobContext, *, ended: Callable[[JobReport], None] | None = None
    ) -> None:
        self._work = work
        self._ended = ended
        self._changed = threading.Condition()
        self._under_way: Counter[tuple[str, str]] = Counter()

    def run(
        self, name: str, biller: str, job: Job | None = None, *, at_once: int = 1
    ) -> JobReport:
        """Run one job for one biller, at most so often at once; whatever happens is a report."""
        key = (name, biller)
        with self._changed:
            if self._under_way[key] >= at_once:
                return JobReport(job=name, biller=biller, counts={}, note=RUNNING_ALREADY)
            self._under_way[key] += 1
        self.beat()
        try:
            with self._work.observer.job_run(name, biller) as seen:
                report = (job or JOBS[name])(biller, self._work)
                seen.counts, seen.failed = report.counts, report.failure is not None
        except AdapterError as error:
            report = JobReport(job=name, biller=biller, counts={}, failure=error)
        except Exception as error:  # noqa: BLE001  # a bug in one run must not end the schedule
            _log.error("a job crashed", exc_info=error, job=name, biller=biller)
            failure = AdapterError(f"{name} crashed with {type(error).__name__}; see the log")
            report = JobReport(job=name, biller=biller, counts={}, failure=failure)
        finally:
            with self._changed:
                self._under_way[key] -= 1
                self._changed.notify_all()
        _tell(report)
        if self._ended is not None:
            self._ended(report)
        return report

    def run_by_name(
        self, name: str, biller: str | None = None, *, full: bool = False
    ) -> tuple[JobReport, ...]:
        """Run a job that a person names, for one biller or for all.

        `full` lets `send_invoices` send every invoice. Raises NotFoundError for an unknown name.
        """
        if name not in JOBS:
            raise NotFoundError(f"there is no job {name}; known are {', '.join(sorted(JOBS))}")
        if full and name != send_invoices.JOB:
            raise BadInputError(
                field="full",
                value="true",
                rule=f"only {send_invoices.JOB} can be full",
                remedy="Leave it out",
            )
        names = self._work.billers.names()
        if biller is not None and biller not in names:
            raise NotFoundError(f"there is no biller {biller}; known are {', '.join(names)}")
        job = partial(send_invoices.run_once, full=True) if full else JOBS[name]
        return tuple(
            self.run(name, each, job) for each in (names if biller is None else (biller,))
        )

    def beat(self) -> None:
        """Write that this worker lives; a ledger that fails now is written at the next sweep.

        What waits for a clock that was turned back since, waits no longer than is meant.
        """
        ledger, rules = self._work.ledger, self._work.rules
        now = self._work.clock.now()
        try:
            ledger.life.beat(now=now)
            shortened = ledger.shorten_waits(
                now=now,
                lease=timedelta(seconds=rules.lease_seconds),
                settle=timedelta(seconds=rules.settle_seconds),
                longest=timedelta(seconds=rules.retry.delay_seconds_max),
            )
            if shortened:
                _log.warning("the clock was turned back; waits begin anew", items=shortened)
        except AdapterError as error:
            _log.error("no heartbeat could be written", reason=str(error))

    def billers(self) -> tuple[str, ...]:
        """Return every biller, or none while the settings cannot be read."""
        try:
            return self._work.billers.names()
        except AdapterError as error:
            _log.error("the billers cannot be read", reason=str(error))
            return ()

    def due_at(self, job: str, billers: Iterable[str] | None = None) -> dict[str, datetime]:
        """Return when something is due for a woken job, by biller, of some billers or of all.

        While the ledger fails nothing is; the next sweep looks again.
        """
        chosen = self.billers() if billers is None else billers
        try:
            found = {b: next_due_at(job, self._work.ledger, b) for b in chosen}
        except AdapterError as error:
            _log.error("the ledger fails; the next sweep looks again", reason=str(error))
            return {}
        return {biller: due for biller, due in found.items() if due is not None}

    def wait_until_idle(self, *, seconds_max: float) -> None:
        """Let what runs come to its end, within bounds."""
        with self._changed:
            self._changed.wait_for(lambda: not any(self._under_way.values()), timeout=seconds_max)


def next_due_at(job: str, ledger: Ledger, biller: str) -> datetime | None:
    """Return when a woken job has something to look at for a biller."""
    return ledger.next_due_at(WOKEN[job].item, [biller])


def _tell(report: JobReport) -> None:
    fields = {"job": report.job, "biller": report.biller, **report.counts}
    if report.failure is not None:
        _log.warning("a job failed", reason=str(report.failure), **fields)
    elif report.counts:
        _log.info("a job is done", note=report.note, **fields)
