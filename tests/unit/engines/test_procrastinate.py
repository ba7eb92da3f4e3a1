"""The engine on PostgreSQL: wake-ups that are never the truth, workers that share a heap."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from adapter.domain.delivery import DeliveryState
from adapter.engines.procrastinate import cron_of
from adapter.errors import LedgerError, NotFoundError
from adapter.jobs.schedule import SCHEDULE, Schedule
from tests.unit.engines.conftest import SECONDS_MAX, wait_until

POST = "post_payments"
START = datetime(2026, 1, 5, 7, 59, tzinfo=UTC)


def test_what_is_accepted_is_delivered(carrier):
    process = carrier.engine()
    process.engine.start()
    for _ in range(5):
        process.accept()
        process.engine.wake(POST)
    carrier.wait_until_applied(5)
    assert set(carrier.spectrum.applied.values()) == {1}


def test_the_wake_up_is_committed_with_the_payment(carrier):
    """Doors that die before they wake anybody have left the wake-up in the queue."""
    carrier.engine(threads=0).accept()
    assert carrier.jobs() == [(POST, "one", None)]


def test_a_payment_that_is_not_accepted_wakes_nobody(carrier):
    process = carrier.engine(threads=0)

    def fail(_connection, _due, _biller):
        raise LedgerError("no disk")

    process.ledger.announce_to(fail)
    with pytest.raises(LedgerError, match="no disk"):
        process.accept()
    assert carrier.states() == {}


def test_one_wake_up_waits_for_each_biller_however_many_payments(carrier):
    process = carrier.engine(threads=0)
    for biller in ("one", "one", "two", "one"):
        process.accept(biller)
        process.engine.wake(POST)
    assert [biller for _, biller, _ in carrier.jobs()] == ["one", "two"]


def test_two_workers_share_a_heap_and_post_each_payment_once(carrier):
    doors = carrier.engine(threads=0)
    for _ in range(60):
        doors.accept()
    meeting = threading.Barrier(2, timeout=SECONDS_MAX)
    workers = set()

    def meet(_payment):
        worker = threading.current_thread()
        if worker not in workers and len(workers) < 2:
            workers.add(worker)
            meeting.wait()

    carrier.spectrum.before_posting = meet
    for _ in range(2):
        carrier.engine(threads=2).engine.start()
    carrier.wait_until_applied(60)
    assert Counter(carrier.spectrum.applied.values()) == {1: 60}
    assert len(workers) == 2


def test_one_biller_never_takes_every_thread(carrier):
    """The first biller's Spectrum answers nobody; the second one's payment is applied."""
    leave = threading.Event()
    process = carrier.engine(threads=2)
    slow = {process.accept("one").payment.payment_guid for _ in range(4)}

    def hang(payment):
        if payment.payment_guid in slow:
            leave.wait(SECONDS_MAX)

    carrier.spectrum.before_posting = hang
    process.engine.start()
    wait_until(lambda: carrier.states()[DeliveryState.SENDING])
    process.accept("two")
    process.engine.wake(POST)
    carrier.wait_until_applied(1)
    leave.set()
    carrier.wait_until_applied(5)


def test_what_is_due_later_is_looked_at_then(carrier):
    """A failed payment's next try stands in the queue, at its moment."""
    process = carrier.engine(threads=0)
    delivery = process.accept()
    later = carrier.clock.now() + timedelta(hours=1)
    process.ledger.claims.postpone_due("one", now=carrier.clock.now(), until=later, reason="waits")
    process.engine.run_job(POST, "one")
    *_, (job, biller, at) = carrier.jobs()
    assert (job, biller) == (POST, "one")
    assert at == later
    assert delivery.state is DeliveryState.ACCEPTED


def test_an_unknown_job_or_biller_in_the_queue_harms_nobody(carrier):
    process = carrier.engine()
    process.engine._task.defer(job="mend_all", biller="one")
    process.engine._task.defer(job=POST, biller="gone")
    process.engine.start()
    process.accept()
    process.engine.wake(POST)
    carrier.wait_until_applied(1)
    with pytest.raises(NotFoundError, match="mend_all"):
        process.engine.run_job("mend_all")


def test_a_worker_outlives_the_databases_absence(postgres, carrier):
    process = carrier.engine()
    process.engine.start()
    process.accept()
    process.engine.wake(POST)
    carrier.wait_until_applied(1)
    postgres.stop()
    with pytest.raises(LedgerError):
        process.accept()
    postgres.start()
    process.accept()
    process.engine.wake(POST)
    carrier.wait_until_applied(2)


@pytest.mark.parametrize("schedule", SCHEDULE, ids=lambda schedule: schedule.job)
def test_cron_says_what_the_schedule_says(schedule):
    moment, told = START, croniter(cron_of(schedule), START.timestamp())
    for _ in range(50):
        moment = schedule.next_fire(moment)
        assert datetime.fromtimestamp(told.get_next(float), UTC) == moment


@pytest.mark.parametrize(
    ("interval", "offset"),
    [
        (timedelta(hours=5), timedelta(0)),
        (timedelta(minutes=90), timedelta(0)),
        (timedelta(hours=1), timedelta(seconds=5)),
        (timedelta(hours=4), timedelta(hours=2)),
    ],
)
def test_what_cron_cannot_say_is_refused(interval, offset):
    with pytest.raises(ValueError, match="is not so many minutes past"):
        cron_of(Schedule(job="x", interval=interval, offset=offset))


def test_a_tick_of_the_schedule_wakes_every_biller(carrier):
    process = carrier.engine(threads=0)
    process.engine._fire(timestamp=0, job="send_invoices")
    assert [(job, biller) for job, biller, _ in carrier.jobs()] == [
        ("send_invoices", "one"),
        ("send_invoices", "two"),
    ]


def test_the_sweep_wakes_whoever_has_something_due(carrier):
    """A wake-up was lost: the row alone is enough."""
    carrier.accepting(carrier.ledger)()
    process = carrier.engine(threads=0)
    process.engine._fire(timestamp=0, job="sweep")
    assert [biller for _, biller, _ in carrier.jobs()] == ["one"]
