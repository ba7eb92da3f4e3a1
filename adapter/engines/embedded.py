"""The embedded engine: the schedule and the wake-ups of one process, on any Timer."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial

from adapter.clock import Timer
from adapter.context import JobContext
from adapter.engines.running import JobRunner
from adapter.jobs.report import JobReport
from adapter.jobs.schedule import SCHEDULE, WOKEN, Schedule

# What is still due after a run, because it was long or another run was under way, waits so long.
PAUSE_WHILE_DUE = timedelta(seconds=1)
# A run that takes longer than this when the process stops is left to its lease.
STOP_SECONDS_MAX = 60.0


class EmbeddedEngine:
    """Runs the jobs of every biller; one biller's failure stops no other, and no schedule.

    The ledger knows what there is to do, so a wake-up that comes twice or not at all is harmless:
    the sweep of the schedule makes up for it. `sweep` is how often the ledger is asked besides,
    for what another process has left behind.
    """

    def __init__(self, work: JobContext, timer: Timer, *, sweep: timedelta | None = None) -> None:
        self._sweep_interval = sweep
        self._work = work
        self._timer = timer
        self._changed = threading.Lock()
        self._is_started = False
        # By woken job, the moments at which the ledger will be asked what is due for it.
        self._planned: defaultdict[str, set[datetime]] = defaultdict(set)
        self._runner = JobRunner(work)

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
        self._sweep()

    def stop(self) -> None:
        """Begin nothing more, and let what runs come to its end, within bounds."""
        with self._changed:
            self._is_started = False
        self._runner.wait_until_idle(seconds_max=STOP_SECONDS_MAX)

    def wake(self, *jobs: str) -> None:
        """Look as soon as possible at what is due for these woken jobs, or for all of them."""
        now = self._work.clock.now()
        for job in jobs or WOKEN:
            self._look_at(job, now)

    def run_job(
        self, name: str, biller: str | None = None, *, full: bool = False
    ) -> tuple[JobReport, ...]:
        """Run a job now; see `JobRunner.run_by_name`."""
        reports = self._runner.run_by_name(name, biller, full=full)
        self._look_at_what_is_next(looked=name)
        return reports

    def _sweep(self) -> None:
        if not self._is_started:
            return
        self._runner.beat()
        self.wake()
        if self._sweep_interval is not None:
            at = self._work.clock.now() + self._sweep_interval
            self._timer.call_at(at, _label("sweep"), self._sweep)

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
        for biller in self._runner.billers():
            self._run(schedule.job, biller)
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
        due = [biller for biller, at in self._runner.due_at(job).items() if at <= now]
        for biller in due[1:]:  # each in its own turn: a slow partner of one holds up no other
            self._timer.call_at(now, _label(job), partial(self._work_for, job, biller))
        for biller in due[:1]:
            self._run(job, biller)
        self._look_at_what_is_next(looked=job)

    def _work_for(self, job: str, biller: str) -> None:
        if self._is_started:
            self._run(job, biller)
            self._look_at_what_is_next(looked=job)

    def _run(self, job: str, biller: str) -> None:
        report = self._runner.run(job, biller)
        if report.is_cut_short:
            self._timer.call_at(
                self._work.clock.now(), _label(job), partial(self._work_for, job, biller)
            )

    def _look_at_what_is_next(self, *, looked: str) -> None:
        """Plan the next looks: what one kind of item has done may free the lane of another.

        After a woken job, what is due waits a moment: jobs must not spin, nor for each other.
        """
        pause = PAUSE_WHILE_DUE if looked in WOKEN else timedelta(0)
        for job in WOKEN:
            due = min(self._runner.due_at(job).values(), default=None)
            if due is not None:
                now = self._work.clock.now()
                self._look_at(job, due if due > now else now + pause)


def _label(job: str) -> str:
    return f"adapter.{job}"
