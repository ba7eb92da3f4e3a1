"""A worker of procrastinate's queue, in a thread of its own, for as long as it is wanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import procrastinate
import structlog
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.worker import Worker
from sqlalchemy import URL

from adapter.engines.queue import CONNECT_SECONDS_MAX, conninfo_of

# How long after its last sign of life a worker counts as dead.
DEAD_AFTER_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
# A missed wake-up, or one that another process has no place for, is noticed so late at most.
POLL_SECONDS = 2.0
# After the database has gone, it is tried again this often.
PAUSE_SECONDS = 1.0
# A start waits so long for the queue; a worker that has not found it by then goes on trying.
START_SECONDS_MAX = 5.0
# A run of the schedule that was missed is made up for, once, up to a day later.
MISSED_SECONDS_MAX = 24 * 3600.0
# A run that takes longer than this when the process stops is left to its lease.
STOP_SECONDS_MAX = 60.0

_log = structlog.get_logger(__name__)


class QueueWorker:
    """Takes wake-ups from the queue until it is stopped; outlives the database's absence."""

    def __init__(
        self, database: URL, teach: Callable[[procrastinate.App], None], *, threads: int
    ) -> None:
        self._database = database
        self._teach = teach
        self._threads = threads
        self._stopping = threading.Event()
        self._began = threading.Event()
        self._worker: Worker | None = None
        self._thread = threading.Thread(target=self._run, name="adapter-worker", daemon=True)

    def start(self) -> None:
        """Return once it takes wake-ups: one that comes before, another worker has to itself."""
        self._thread.start()
        self._began.wait(START_SECONDS_MAX)

    def stop(self) -> None:
        """Take nothing more; wait for what runs, within bounds."""
        self._stopping.set()
        worker = self._worker
        if worker is not None:
            worker.stop()  # type: ignore[no-untyped-call]
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_SECONDS_MAX)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except Exception as error:  # noqa: BLE001  # whatever ended it: there is work to do
                _log.error("the worker lost the queue and tries again", reason=str(error))
            self._stopping.wait(PAUSE_SECONDS)
        self._began.set()

    async def _work(self) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo_of(self._database),
            timeout=CONNECT_SECONDS_MAX,
            kwargs={"application_name": "imt-spectrum-adapter worker"},
        )
        queue = procrastinate.App(
            connector=connector, periodic_defaults={"max_delay": MISSED_SECONDS_MAX}
        )
        self._teach(queue)
        pool = ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="adapter-job")
        asyncio.get_running_loop().set_default_executor(pool)
        async with queue.open_async():
            await _forget_the_dead(queue)
            worker = Worker(
                queue,
                concurrency=self._threads,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.ALWAYS,
                fetch_job_polling_interval=POLL_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
                shutdown_graceful_timeout=STOP_SECONDS_MAX,
            )
            self._worker = worker
            if self._stopping.is_set():
                return
            self._began.set()
            await worker.run()  # type: ignore[no-untyped-call]


async def _forget_the_dead(queue: procrastinate.App) -> None:
    """Delete what workers left that are dead: the sweep finds what there was to do."""
    jobs = queue.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        await jobs.finish_job(job, status=Status.FAILED, delete_job=True)
