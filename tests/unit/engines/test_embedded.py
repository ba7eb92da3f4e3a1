"""The embedded engine: schedules that nothing stops, wake-ups that coalesce."""

import heapq
import itertools
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import structlog

from adapter.clock import SystemClock, ThreadTimer
from adapter.context import JobContext, Rules
from adapter.engines import embedded, running
from adapter.engines.embedded import EmbeddedEngine
from adapter.errors import BadInputError, ConfigurationError, LedgerError, NotFoundError
from adapter.jobs.report import JobReport
from adapter.jobs.schedule import SCHEDULE

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
POST, SEND, RECONCILE = "post_payments", "send_invoices", "reconcile_payments"
PUSH = "push_enrollments"


class Timeline:
    """A clock and a timer: events in order, each at its own moment."""

    def __init__(self):
        self.at = START
        self.fired = Counter()
        self._events = []
        self._sequence = itertools.count()

    def now(self):
        return self.at

    def call_at(self, at, label, action):
        heapq.heappush(self._events, (max(at, self.at), next(self._sequence), label, action))

    def advance(self, **length):
        until = self.at + timedelta(**length)
        while self._events and self._events[0][0] <= until:
            at, _, label, action = heapq.heappop(self._events)
            self.at = max(self.at, at)
            self.fired[label] += 1
            action()
        self.at = until

    def waiting(self, label):
        return sorted(at for at, _, found, _ in self._events if found == label)


class Due:
    """A ledger that is asked when to look, at payments and at enrolments, and keeps heartbeats."""

    def __init__(self):
        self.life = self
        self.beats = []
        self.by_biller = {}
        self.pushes = {}
        self.error = None

    def shorten_waits(self, **_rules):
        return 0

    def beat(self, *, now):
        if self.error is not None:
            raise self.error
        if now not in self.beats:
            self.beats.append(now)

    def next_due_at(self, job, _ledger, biller):
        if self.error is not None:
            raise self.error
        return (self.by_biller if job == POST else self.pushes).get(biller)


class Bench:
    """An engine whose jobs only note that they ran, and do what a test says."""

    def __init__(self, monkeypatch):
        self.time = Timeline()
        self.due = Due()
        self.billers = ("one", "two")
        self.ran = []
        self.effects = {}
        work = JobContext(ledger=self.due, billers=self, clock=self.time, rules=Rules())
        self.engine = EmbeddedEngine(work, self.time)
        jobs = {name: self._job(name) for name in (SEND, RECONCILE, POST, PUSH)}
        monkeypatch.setattr(running, "JOBS", jobs)
        monkeypatch.setattr(embedded, "SCHEDULE", [s for s in SCHEDULE if s.job in jobs])
        monkeypatch.setattr(embedded, "WOKEN", {POST: None, PUSH: None})
        monkeypatch.setattr(running, "next_due_at", self.due.next_due_at)
        stub = SimpleNamespace(JOB=SEND, run_once=jobs[SEND])
        monkeypatch.setattr(running, SEND, stub)

    def names(self):
        if isinstance(self.billers, Exception):
            raise self.billers
        return self.billers

    def runs(self, job):
        return [(biller, at) for name, biller, at in self.ran if name == job]

    def _job(self, name):
        def run(biller, _work, **options):
            self.ran.append((name, biller, self.time.now()))
            if name in {POST, PUSH}:
                (self.due.by_biller if name == POST else self.due.pushes).pop(biller, None)
            effect = self.effects.get((name, biller))
            if effect is not None:
                effect()
            return JobReport(job=name, biller=biller, counts={"done": 1}, note=str(options))

        return run


@pytest.fixture
def bench(monkeypatch):
    with structlog.testing.capture_logs() as logs:
        bench = Bench(monkeypatch)
        bench.logs = logs
        yield bench


def fail(error):
    def effect():
        raise error

    return effect


def test_a_month_runs_every_job_as_often_as_its_schedule_says(bench):
    bench.engine.start()
    bench.time.advance(days=30)
    assert bench.time.fired[f"adapter.{SEND}"] == 720
    assert bench.time.fired[f"adapter.{RECONCILE}"] == 360
    assert len(bench.runs(SEND)) == 2 * 720
    assert len(bench.runs(RECONCILE)) == 2 * 360
    assert bench.runs(SEND)[:2] == [(b, START + timedelta(hours=1)) for b in ("one", "two")]


def test_starting_looks_at_what_an_earlier_process_left_each_biller_in_its_turn(bench):
    bench.due.by_biller = {"one": START, "two": START - timedelta(hours=3)}
    bench.engine.start()
    bench.engine.start()
    bench.time.advance()
    assert bench.runs(POST) == [("one", START), ("two", START)]
    assert bench.time.fired[f"adapter.{POST}"] == 2


def test_wake_ups_coalesce(bench):
    bench.engine.start()
    bench.time.advance()
    for _ in range(5):
        bench.due.by_biller["one"] = START
        bench.engine.wake()
    assert bench.time.waiting(f"adapter.{POST}")[:-1] == [START]
    bench.time.advance()
    assert bench.runs(POST) == [("one", START)]


def test_a_wake_up_may_name_the_job_it_is_for(bench):
    bench.engine.start()
    bench.time.advance()
    before = bench.time.fired[f"adapter.{POST}"]
    bench.due.pushes["two"] = START
    bench.engine.wake(PUSH)
    bench.time.advance()
    assert bench.runs(PUSH) == [("two", START)]
    assert bench.time.fired[f"adapter.{POST}"] == before


def test_the_woken_jobs_are_looked_at_on_their_own(bench):
    """A payment that stays due makes no enrolment wait, and none spins for itself or the other.

    The next look is when the ledger says.
    """
    retry_at = START + timedelta(seconds=40)
    bench.effects[POST, "one"] = lambda: bench.due.by_biller.update(one=START)
    bench.effects[PUSH, "one"] = lambda: bench.due.pushes.update(
        {"one": retry_at} if not bench.runs(PUSH)[1:] else {}
    )
    bench.due.by_biller["one"] = bench.due.pushes["one"] = START
    bench.engine.start()
    bench.time.advance(seconds=60)
    assert bench.runs(PUSH) == [("one", START), ("one", retry_at)]
    assert len(bench.runs(POST)) == 61


def test_an_earlier_look_is_not_held_up_by_a_later_one(bench):
    bench.engine.start()
    bench.due.by_biller["one"] = START + timedelta(minutes=20)
    bench.time.advance(minutes=1)
    bench.due.by_biller["two"] = bench.time.now()
    bench.engine.wake()
    bench.time.advance(minutes=25)
    assert bench.runs(POST) == [
        ("two", START + timedelta(minutes=1)),
        ("one", START + timedelta(minutes=20)),
    ]


def test_jobs_are_followed_by_a_look_at_what_they_left(bench):
    """Reconciling takes missing payments over; they are posted at once."""
    reconciled_at = START + timedelta(minutes=10)
    bench.effects[RECONCILE, "two"] = lambda: bench.due.by_biller.update(two=reconciled_at)
    bench.engine.start()
    bench.time.advance(minutes=11)
    assert bench.runs(POST) == [("two", reconciled_at)]


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), LedgerError("disk full"), ConfigurationError("no key")]
)
def test_one_billers_failure_stops_no_other_and_no_schedule(bench, error):
    bench.effects[SEND, "one"] = fail(error)
    bench.engine.start()
    bench.time.advance(hours=3)
    assert len(bench.runs(SEND)) == 6
    failures = [line for line in bench.logs if line["event"] == "a job failed"]
    assert [line["biller"] for line in failures] == ["one"] * 3


@pytest.mark.parametrize("broken", ["billers", "ledger"])
def test_what_cannot_be_read_now_is_read_at_the_next_run(bench, broken):
    bench.engine.start()
    if broken == "billers":
        bench.billers = ConfigurationError("no such file")
    else:
        bench.due.error = LedgerError("locked")
    bench.engine.wake()
    bench.time.advance(minutes=25)
    bench.billers, bench.due.error = ("one", "two"), None
    bench.due.by_biller["one"] = START
    bench.time.advance(minutes=10)
    assert bench.runs(POST)[0] == ("one", START + timedelta(minutes=30))


def test_after_a_long_sleep_each_job_runs_once_and_not_once_an_hour(bench):
    bench.engine.start()
    bench.time.at = START + timedelta(days=3, minutes=5)
    bench.time.advance()
    assert len(bench.runs(SEND)) == 2
    bench.time.advance(hours=1)
    assert len(bench.runs(SEND)) == 4


def test_a_stopped_engine_begins_nothing(bench):
    bench.engine.start()
    bench.engine.stop()
    bench.due.by_biller["one"] = START
    bench.engine.wake()
    bench.time.advance(days=1)
    assert bench.ran == []


def test_an_engine_that_was_not_started_runs_what_it_is_told_to(bench):
    bench.engine.wake()
    reports = bench.engine.run_job(SEND)
    assert [report.biller for report in reports] == ["one", "two"]
    assert bench.time.waiting(f"adapter.{POST}") == []


def test_a_full_file_is_an_option_of_one_job(bench):
    (report,) = bench.engine.run_job(SEND, "two", full=True)
    assert report.note == "{'full': True}"
    with pytest.raises(BadInputError, match="only send_invoices"):
        bench.engine.run_job(POST, full=True)


@pytest.mark.parametrize(("job", "biller"), [("send_mail", None), (SEND, "three")])
def test_unknown_names_are_refused(bench, job, biller):
    with pytest.raises(NotFoundError, match="known are"):
        bench.engine.run_job(job, biller)


def test_stopping_waits_for_what_runs(bench):
    begun, go_on, stopped = threading.Event(), threading.Event(), threading.Event()
    bench.effects[SEND, "one"] = lambda: (begun.set(), go_on.wait(timeout=30))
    bench.engine.start()
    running = threading.Thread(target=bench.engine.run_job, args=(SEND, "one"))
    running.start()
    assert begun.wait(timeout=30)
    stopping = threading.Thread(target=lambda: (bench.engine.stop(), stopped.set()))
    stopping.start()
    assert not stopped.is_set()
    go_on.set()
    assert stopped.wait(timeout=30)
    running.join()
    stopping.join()


def test_it_runs_on_the_machines_own_time(bench):
    clock = SystemClock()
    timer = ThreadTimer(clock)
    work = JobContext(ledger=bench.due, billers=bench, clock=clock, rules=Rules())
    engine = EmbeddedEngine(work, timer)
    posted = threading.Event()
    bench.effects[POST, "one"] = posted.set
    timer.start()
    engine.start()
    bench.due.by_biller["one"] = clock.now()
    engine.wake()
    assert posted.wait(timeout=30)
    engine.stop()
    timer.stop()


def test_what_another_process_left_is_found_by_a_sweep(bench):
    """Nobody wakes this engine: the other one's lease has ended, and its process has too."""
    bench.engine = EmbeddedEngine(bench.engine._work, bench.time, sweep=timedelta(minutes=1))
    bench.engine.start()
    bench.time.advance(seconds=30)
    bench.due.by_biller["two"] = bench.time.now()
    bench.time.advance(seconds=31)
    assert bench.runs(POST) == [("two", START + timedelta(minutes=1))]
    bench.engine.stop()
    bench.time.advance(minutes=2)
    assert bench.time.waiting("adapter.sweep") == []
    assert bench.due.beats == [START + timedelta(minutes=n) for n in (0, 1)]
