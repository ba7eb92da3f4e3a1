"""A worker of the queue: it forgets what the dead left, and stops whenever it is told."""

from sqlalchemy import make_url

from adapter.engines import queue_worker
from adapter.engines.queue_worker import QueueWorker
from tests.unit.engines.conftest import wait_until


def test_what_a_dead_worker_was_doing_is_forgotten_and_done(carrier):
    """A job that nobody finishes any more stands in nobody's way: the row is looked at again."""
    doors = carrier.engine(threads=0)
    doors.accept()
    carrier.sql(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - '1 h'::interval)"
    )
    carrier.sql(
        "UPDATE procrastinate_jobs SET status = 'doing', "
        "worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    carrier.engine().engine.start()
    carrier.wait_until_applied(1)
    wait_until(lambda: not carrier.sql("SELECT id FROM procrastinate_jobs WHERE status = 'doing'"))


def test_a_worker_that_never_began_is_stopped_too(carrier):
    QueueWorker(None, lambda _queue: None, threads=1).stop()
    process = carrier.engine()
    process.engine.stop()
    process.engine.start()


def test_an_engine_that_has_started_takes_wake_ups(carrier):
    """Otherwise whichever process began first has the first payments to itself."""
    process = carrier.engine()
    process.engine.start()
    assert process.engine._worker._worker is not None


def test_a_start_waits_for_a_database_that_is_away_a_moment_only(monkeypatch):
    monkeypatch.setattr(queue_worker, "START_SECONDS_MAX", 0.1)
    gone = make_url("postgresql+psycopg:///ledger?host=/gone")
    worker = QueueWorker(gone, lambda _queue: None, threads=1)
    worker.start()
    assert worker._worker is None
    monkeypatch.setattr(queue_worker, "STOP_SECONDS_MAX", 0.1)
    worker.stop()
