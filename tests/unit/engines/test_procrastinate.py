"""The engine on PostgreSQL: wake-ups that are never the truth, workers that share a heap."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from adapter.domain.work_item import State
from adapter.engines import queue_worker, running
from adapter.engines.procrastinate import PAUSE_AFTER_FAILURE, PAUSE_WHILE_FULL, cron_of
from adapter.engines.running import RUNNING_ALREADY, JobRunner
from adapter.errors import LedgerError, NotFoundError
from adapter.jobs.report import JobReport
from adapter.jobs.schedule import SCHEDULE, Schedule
from adapter.kinds.payments import PAYMENT
from adapter.ledger.outbox import Outbox
from tests.unit.engines.conftest import SECONDS_MAX, wait_until

POST = "post_payments"
START = datetime(2026, 1, 5, 7, 59, tzinfo=UTC)


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
        process.notice(biller)
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
    process = carrier.engine(threads=2)
    slow = [process.accept("one") for _ in range(4)]
    leave = carrier.spectrum.hang(*slow)
    process.engine.start()
    wait_until(lambda: carrier.states()[State.SENDING])
    process.notice("two")
    carrier.wait_until_applied(1)
    leave.set()
    carrier.wait_until_applied(5)


@pytest.fixture
def in_the_last_look(monkeypatch):
    """Let something happen once, just after a run has found nothing more that is due."""

    def let(happens):
        left, claim_due = [happens], Outbox.claim_due

        def claim_and_let_happen(*args, **options):
            claimed = claim_due(*args, **options)
            if claimed is None and left:
                left.pop()()
            return claimed

        monkeypatch.setattr(Outbox, "claim_due", claim_and_let_happen)

    return let


def test_a_payment_that_comes_in_a_runs_last_look_is_looked_at_when_the_run_ends(
    carrier, in_the_last_look
):
    """Its wake-up finds no place, and the run that ends leaves one in its stead."""
    accept, process = carrier.accepting(carrier.ledger), carrier.engine(threads=0)
    waiting = []

    def come_too_late():
        accept()
        process.engine._do(POST, "one")
        waiting.extend(carrier.jobs())

    in_the_last_look(come_too_late)
    accept()
    process.engine._do(POST, "one")
    assert [at for _, _, at in waiting if at is None] == []
    assert [job for job in carrier.jobs() if job not in waiting] == [(POST, "one", None)]
    process.engine._do(POST, "one")
    assert carrier.states() == {State.DONE: 2}


def test_a_person_who_runs_a_job_for_all_leaves_no_biller_waiting_for_the_others(
    carrier, in_the_last_look
):
    accept, process = carrier.accepting(carrier.ledger), carrier.engine(threads=0)
    in_the_last_look(lambda: (accept("one"), process.engine._do(POST, "one")))
    accept("one")
    late = accept("two").payload.payment_guid
    waiting = []

    def note(payment):
        if payment.payment_guid == late:
            waiting.extend(carrier.jobs())

    carrier.spectrum.before_posting = note
    process.engine.run_job(POST)
    assert (POST, "one", None) in waiting


def test_what_one_process_has_no_place_for_is_offered_to_the_others_in_a_moment(carrier):
    accept, process = carrier.accepting(carrier.ledger), carrier.engine(threads=0)
    offered = []

    def come_again(_payment):
        for _ in range(3):
            process.engine._do(POST, "one")
        offered.extend(carrier.jobs())

    carrier.spectrum.before_posting = come_again
    accept()
    before = carrier.clock.now()
    process.engine._do(POST, "one")
    after = carrier.clock.now() + PAUSE_WHILE_FULL
    assert {(job, biller) for job, biller, _ in offered} == {(POST, "one")}
    assert all(before < at <= after for _, _, at in offered)


def test_another_process_posts_what_the_first_one_has_no_place_for(carrier, monkeypatch):
    """Spectrum leaves the first process without an answer; its only place is taken."""
    monkeypatch.setattr(queue_worker, "POLL_SECONDS", 0.2)
    process = carrier.engine(threads=2)
    leave = carrier.spectrum.hang(process.accept())
    process.engine.start()
    wait_until(lambda: carrier.states()[State.SENDING])
    process.notice()
    wait_until(lambda: any(at is not None for _, _, at in carrier.jobs()))
    carrier.engine(threads=2).engine.start()
    carrier.wait_until_applied(1)
    leave.set()
    carrier.wait_until_applied(2)


def test_a_scheduled_job_that_runs_already_is_not_run_again(carrier, monkeypatch):
    process = carrier.engine(threads=0)

    def run(biller, _work):
        process.engine._do("send_invoices", biller)
        return JobReport(job="send_invoices", biller=biller, counts={})

    monkeypatch.setattr(running, "JOBS", {"send_invoices": run})
    process.engine._do("send_invoices", "one")
    assert carrier.jobs() == []


def test_what_a_run_that_failed_has_left_waits_a_moment(carrier, monkeypatch):
    """It is due still: a worker that looked at once would do nothing else."""
    process = carrier.engine(threads=0)

    def fail(*_args, **_options):
        raise LedgerError("no disk")

    monkeypatch.setattr(Outbox, "claim_due", fail)
    carrier.accepting(carrier.ledger)()
    before = carrier.clock.now()
    process.engine._do(POST, "one")
    ((_, _, at),) = carrier.jobs()
    assert before < at <= carrier.clock.now() + PAUSE_AFTER_FAILURE


def test_wake_ups_do_not_spin_while_a_heap_is_worked_on(carrier, monkeypatch):
    """Three runs wait for Spectrum; the fourth thread has nothing to do but other billers."""
    leave, refused, posting = threading.Event(), [], Counter()
    run = JobRunner.run

    def note(*args, **options):
        report = run(*args, **options)
        if report.note == RUNNING_ALREADY:
            refused.append(report)
        return report

    def hang(_payment):
        posting[threading.current_thread()] += 1
        leave.wait(SECONDS_MAX)

    monkeypatch.setattr(JobRunner, "run", note)
    carrier.spectrum.before_posting = hang
    process = carrier.engine(threads=4)
    for _ in range(30):
        process.accept()
    process.engine.start()
    wait_until(lambda: len(posting) == 3 and refused)
    before = len(refused)
    threading.Event().wait(1)
    spun = len(refused) - before
    leave.set()
    carrier.wait_until_applied(30)
    assert spun <= 3


def test_what_is_due_later_is_looked_at_then(carrier):
    """A failed payment's next try stands in the queue, at its moment."""
    process = carrier.engine(threads=0)
    delivery = process.accept()
    later = carrier.clock.now() + timedelta(hours=1)
    process.ledger.outbox(PAYMENT).postpone_due(
        "one", now=carrier.clock.now(), until=later, reason="waits"
    )
    process.engine.run_job(POST, "one")
    *_, (job, biller, at) = carrier.jobs()
    assert (job, biller) == (POST, "one")
    assert at == later
    assert delivery.state is State.WAITING


def test_an_unknown_job_or_biller_in_the_queue_harms_nobody(carrier):
    process = carrier.engine()
    process.engine._task.defer(job="mend_all", biller="one")
    process.engine._task.defer(job=POST, biller="gone")
    process.engine.start()
    process.notice()
    carrier.wait_until_applied(1)
    with pytest.raises(NotFoundError, match="mend_all"):
        process.engine.run_job("mend_all")


def test_a_worker_outlives_the_databases_absence(postgres, carrier):
    process = carrier.engine()
    process.engine.start()
    process.notice()
    carrier.wait_until_applied(1)
    postgres.stop()
    with pytest.raises(LedgerError):
        process.accept()
    postgres.start()
    process.notice()
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
        (timedelta(minutes=7), timedelta(0)),
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(seconds=30), timedelta(0)),
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
    """A wake-up was lost: the row alone is enough. And it says that this worker lives."""
    carrier.accepting(carrier.ledger)()
    process = carrier.engine(threads=0)
    assert carrier.ledger.life.last_heartbeat() is None
    process.engine._sweep()
    assert carrier.ledger.life.last_heartbeat() <= carrier.clock.now()
    assert [biller for _, biller, _ in carrier.jobs()] == ["one"]
