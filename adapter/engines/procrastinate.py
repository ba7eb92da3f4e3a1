"""The engine for PostgreSQL: procrastinate wakes the jobs of any number of workers.

Its queue only says where to look; the ledger says what there is to do. A wake-up that is lost,
doubled, late or left behind by a dead worker is harmless: the sweep, once a minute, makes up for
it. In the queue waits at most one wake-up for each job and biller, so each biller has its turn.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import partial

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from sqlalchemy import URL, Connection

from adapter.context import JobContext
from adapter.engines.queue import open_queue
from adapter.engines.queue_worker import QueueWorker
from adapter.engines.running import RUNNING_ALREADY, JobRunner
from adapter.engines.sweeper import Sweeper
from adapter.errors import LedgerError
from adapter.jobs.report import JobReport
from adapter.jobs.schedule import JOB_FOR, JOBS, SCHEDULE, WOKEN, Schedule

TASK, TICK = "adapter.job", "adapter.tick"
# What one process has no place for, another one may: it is offered again after so long.
PAUSE_WHILE_FULL = timedelta(seconds=1)
# What is due still after a run that failed waits so long.
PAUSE_AFTER_FAILURE = timedelta(seconds=1)
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_log = structlog.get_logger(__name__)


class ProcrastinateEngine:
    """Runs the jobs of every biller in as many workers as there are; real time only.

    `threads` jobs run at once in this process; none of them means that it only wakes others. One
    biller never takes every thread.
    """

    def __init__(self, work: JobContext, database: URL, *, threads: int) -> None:
        self._work = work
        self._runner = JobRunner(work, ended=self._look_at_what_is_next)
        self._at_once = max(1, threads - 1)
        self._announced = threading.local()
        self._queue = open_queue(database)
        self._task = self._queue.task(name=TASK)(self._do)
        self._worker = QueueWorker(database, self._teach, threads=threads) if threads else None
        self._sweeper = Sweeper(self._sweep)
        self._is_started = False
        work.ledger.announce_to(self._announce)

    @property
    def is_started(self) -> bool:
        return self._is_started

    def start(self) -> None:
        """Begin to work, and look at once at what an earlier process left."""
        self._is_started = True
        self._runner.beat()
        if self._worker is not None:
            self._worker.start()
        self.wake()
        self._sweeper.start()

    def stop(self) -> None:
        """Begin nothing more, and let what runs come to its end, within bounds."""
        self._is_started = False
        self._sweeper.stop()
        if self._worker is not None:
            self._worker.stop()
        self._queue.close()

    def wake(self, *jobs: str) -> None:
        """Have somebody look as soon as possible at what is due for these jobs, or for all."""
        now = self._work.clock.now()
        for job in jobs or WOKEN:
            for biller, due in self._runner.due_at(job).items():
                if due <= now and not self._was_announced(job, biller):
                    self._defer(job, biller)

    def run_job(
        self, name: str, biller: str | None = None, *, full: bool = False
    ) -> tuple[JobReport, ...]:
        """Run a job now, in this process; see `JobRunner.run_by_name`."""
        return self._runner.run_by_name(name, biller, full=full)

    def _teach(self, queue: procrastinate.App) -> None:
        """Tell a worker's queue what its wake-ups mean, and when the schedule wakes."""
        queue.task(name=TASK)(self._do)
        tick = queue.task(name=TICK)(self._fire)
        for schedule in SCHEDULE:
            queue.periodic(
                cron=cron_of(schedule),
                periodic_id=schedule.job,
                task_kwargs={"job": schedule.job},
            )(tick)

    def _do(self, job: str, biller: str) -> None:
        """Run one job for one biller; what comes of it stands in the ledger."""
        if job not in JOBS or biller not in self._runner.billers():
            _log.warning("a wake-up names what is not here", job=job, biller=biller)
            return
        shared = partial(self._run_shared, job) if job in WOKEN else None
        at_once = self._at_once if job in WOKEN else 1
        report = self._runner.run(job, biller, shared, at_once=at_once)
        if report.note == RUNNING_ALREADY and job in WOKEN:
            # The runs under way look again when they end. Never at once: this process would spin.
            self._defer(job, biller, at=self._work.clock.now() + PAUSE_WHILE_FULL)

    def _run_shared(self, job: str, biller: str, work: JobContext) -> JobReport:
        """Run a job; if there is a heap, another worker is woken first and begins at it too."""
        if work.ledger.are_several_due(WOKEN[job].item, biller, now=work.clock.now()):
            self._defer(job, biller)
        return JOBS[job](biller, work)

    def _fire(self, timestamp: int, job: str) -> None:
        """Wake a job of the schedule for every biller; `timestamp` is procrastinate's."""
        del timestamp
        for biller in self._runner.billers():
            self._defer(job, biller)

    def _sweep(self) -> None:
        """Say that this process lives, and look for what no wake-up told of.

        No tick of the queue's: that comes by the clock of one worker, and where that one ran
        ahead and died, the others' clocks would have to pass the minutes that it had ticked.
        """
        self._runner.beat()
        self.wake()

    def _look_at_what_is_next(self, done: JobReport) -> None:
        biller = done.biller
        now = self._work.clock.now()
        for job in WOKEN:
            due = self._runner.due_at(job, (biller,)).get(biller)
            if due is not None and due <= now and done.failure is not None:
                due = now + PAUSE_AFTER_FAILURE
            if due is not None:
                self._defer(job, biller, at=due if due > now else None)

    def _defer(self, job: str, biller: str, *, at: datetime | None = None) -> None:
        wake_up = self._task.configure(queueing_lock=_lock(job, biller, at), schedule_at=at)
        try:
            wake_up.defer(job=job, biller=biller)
        except AlreadyEnqueued:
            pass  # whoever takes that one, looks at this too
        except ProcrastinateException as error:
            _log.error("nobody was woken; the next sweep looks", job=job, reason=str(error))

    def _announce(self, connection: Connection, kind: str, biller: str) -> None:
        """Wake a job within the transaction that gives it something to do."""
        job = JOB_FOR[kind]
        driver = connection.connection.driver_connection
        try:
            with connection.begin_nested():
                self._task.configure(
                    queueing_lock=_lock(job, biller, None), connection=driver
                ).defer(job=job, biller=biller)
        except AlreadyEnqueued:
            # It may be taken before this transaction is seen: `wake` defers another one.
            self._announced.wakes = set()
        except ProcrastinateException as error:
            raise LedgerError(f"the queue in the ledger's database fails: {error}") from error
        else:
            self._announced.wakes = {(job, biller)}

    def _was_announced(self, job: str, biller: str) -> bool:
        wakes: set[tuple[str, str]] = getattr(self._announced, "wakes", set())
        if (job, biller) not in wakes:
            return False
        wakes.discard((job, biller))
        return True


def _lock(job: str, biller: str, at: datetime | None) -> str:
    """Name a wake-up: a second one of the same name is not queued while the first one waits."""
    return f"{job}:{biller}" if at is None else f"{job}:{biller}:{at:%Y-%m-%dT%H:%M:%SZ}"


def cron_of(schedule: Schedule) -> str:
    """Write a schedule as cron does, in UTC; raises ValueError for one that cron cannot say."""
    whole = _HOUR if schedule.interval < _HOUR else _DAY
    unit = _MINUTE if schedule.interval < _HOUR else _HOUR
    minutes, seconds = divmod(schedule.offset, _MINUTE)
    if (
        whole % schedule.interval
        or schedule.interval % unit
        or seconds
        or schedule.offset >= min(schedule.interval, _HOUR)
    ):
        raise ValueError(f"{schedule} is not so many minutes past every so many hours or minutes")
    every = schedule.interval // unit
    return f"{minutes}-59/{every} * * * *" if unit == _MINUTE else f"{minutes} */{every} * * *"
