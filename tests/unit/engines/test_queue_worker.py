"""A worker of the queue: it forgets what the dead left, and stops whenever it is told."""

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
