"""The embedded engine: the schedule and the wake-ups of one process, on any Timer."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from adapter.clock import Timer
from adapter.errors import AdapterError, BadInputError, NotFoundError
from adapter.jobs import send_invoices
from adapter.jobs.schedule import JOBS, SCHEDULE, WOKEN, Schedule
from adapter.jobs.workbench import JobReport, Workbench

# What is still due after a run, because it was long or another run was under way, waits so long.
PAUSE_WHILE_DUE = timedelta(seconds=1)
# A run that takes longer than this when the process stops is left to its lease.
STOP_SECONDS_MAX = 60.0
RUNNING_ALREADY = "running already"

_log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """Runs the jobs of every biller; one biller's failure stops no other, and no schedule.

    The ledger knows what there is to do, so a wake-up that comes twice or not at all is harmless:
    the sweep of the schedule makes up for it.
    """

    def __init__(self, work: Workbench, timer: Timer) -> None:
        self._work = work
        self._timer = timer
        self._changed = threading.Condition()
        self._is_started = False
        # By woken job, the moments at which the ledger will be asked what is due for it.
        self._planned: defaultdict[str, set[datetime]] = defaultdict(set)
        self._under_way: set[tuple[str, str]] = set()

    @property
    def is_started(self) -> bool:
        return self._is_started

    def start(self) -> None:
        """Begin the schedule, and look at once at what an earlier process left."""
        with self._changed:
            if self._is_started:
                return
            self._is_started = True
        now = self._work.clock.now()
        for schedule in SCHEDULE:
            self._plan(schedule, after=now)
        self.wake()

    def stop(self) -> None:
        """Begin nothing more, and let what runs come to its end, within bounds."""
        with self._changed:
            self._is_started = False
            self._changed.wait_for(lambda: not self._under_way, timeout=STOP_SECONDS_MAX)

    def wake(self, *jobs: str) -> None:
        """Look as soon as possible at what is due for these woken jobs, or for all of them."""
        now = self._work.clock.now()
        for job in jobs or WOKEN:
            self._look_at(job, now)

    def run_job(
        self, name: str, biller: str | None = None, *, full: bool = False
    ) -> tuple[JobReport, ...]:
        """Run a job now, for one biller or for all; what went wrong stands in the reports.

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
        job = partial(JOBS[name], full=True) if full else JOBS[name]
        reports = tuple(
            self._run(name, each, job) for each in (names if biller is None else (biller,))
        )
        self._look_at_what_is_next(looked=name)
        return reports

    def _plan(self, schedule: Schedule, *, after: datetime) -> None:
        at = schedule.next_fire(after)
        self._timer.call_at(at, _label(schedule.job), partial(self._fire, schedule, at))

    def _fire(self, schedule: Schedule, at: datetime) -> None:
        """Run a scheduled job; the next run is planned first, so that nothing can prevent it.

        Runs that were missed, because the machine slept, are not made up one by one: each job
        catches up from its mark.
        """
        if not self._is_started:
            return
        self._plan(schedule, after=max(at, self._work.clock.now()))
        for biller in self._billers():
            self._run(schedule.job, biller, JOBS[schedule.job])
        self._look_at_what_is_next(looked=schedule.job)

    def _look_at(self, job: str, at: datetime) -> None:
        """Have what is due for a job looked at no later than `at`."""
        with self._changed:
            if not self._is_started or any(planned <= at for planned in self._planned[job]):
                return
            self._planned[job].add(at)
        self._timer.call_at(at, _label(job), partial(self._look, job, at))

    def _look(self, job: str, planned: datetime) -> None:
        with self._changed:
            self._planned[job].discard(planned)
        if not self._is_started:
            return
        now = self._work.clock.now()
        due = self._due_billers(job, now)
        for biller in due[1:]:  # each in its own turn: a slow partner of one holds up no other
            self._timer.call_at(now, _label(job), partial(self._work_for, job, biller))
        for biller in due[:1]:
            self._run(job, biller, JOBS[job])
        self._look_at_what_is_next(looked=job)

    def _work_for(self, job: str, biller: str) -> None:
        if self._is_started:
            self._run(job, biller, JOBS[job])
            self._look_at_what_is_next(looked=job)

    def _due_billers(self, job: str, now: datetime) -> list[str]:
        try:
            due_at = {b: WOKEN[job](self._work.ledger, [b]) for b in self._billers()}
        except AdapterError as error:
            _log.error("the ledger fails; the next sweep looks again", reason=str(error))
            return []
        return [biller for biller, due in due_at.items() if due is not None and due <= now]

    def _look_at_what_is_next(self, *, looked: str) -> None:
        """Plan the next looks: after a woken job its own, after any other those of all of them.

        What is due although it was `looked` at just now waits a moment.
        """
        billers = self._billers()
        jobs = (looked,) if looked in WOKEN else tuple(WOKEN)
        try:
            next_due = {job: WOKEN[job](self._work.ledger, billers) for job in jobs}
        except AdapterError as error:
            _log.error("the ledger fails; the next sweep looks again", reason=str(error))
            return
        now = self._work.clock.now()
        for job, due in next_due.items():
            if due is not None:
                earliest = now + PAUSE_WHILE_DUE if job == looked else now
                self._look_at(job, due if due > now else earliest)

    def _billers(self) -> tuple[str, ...]:
        try:
            return self._work.billers.names()
        except AdapterError as error:
            _log.error("the billers cannot be read", reason=str(error))
            return ()

    def _run(
        self, name: str, biller: str, job: Callable[[str, Workbench], JobReport]
    ) -> JobReport:
        """Run one job for one biller, never twice at a time; whatever happens becomes a report."""
        with self._changed:
            if (name, biller) in self._under_way:
                return JobReport(job=name, biller=biller, counts={}, note=RUNNING_ALREADY)
            self._under_way.add((name, biller))
        try:
            report = job(biller, self._work)
        except AdapterError as error:
            report = JobReport(job=name, biller=biller, counts={}, failure=error)
        except Exception as error:  # noqa: BLE001  # a bug in one run must not end the schedule
            _log.error("a job crashed", exc_info=error, job=name, biller=biller)
            failure = AdapterError(f"{name} crashed with {type(error).__name__}; see the log")
            report = JobReport(job=name, biller=biller, counts={}, failure=failure)
        finally:
            with self._changed:
                self._under_way.discard((name, biller))
                self._changed.notify_all()
        _tell(report)
        return report


def _label(job: str) -> str:
    return f"adapter.{job}"


def _tell(report: JobReport) -> None:
    told = {"job": report.job, "biller": report.biller, **report.counts}
    if report.failure is not None:
        _log.warning("a job failed", reason=str(report.failure), **told)
    elif report.counts:
        _log.info("a job is done", note=report.note, **told)
