"""The clock that workers share: one time, however far their machines' clocks are apart."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from adapter import clock
from adapter.clock import SystemClock
from adapter.ledger import open_ledger
from adapter.ledger.database_clock import DatabaseClock

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SKEW = timedelta(minutes=10)
# An answer is of a moment between the question and its arrival.
DELAYS = st.tuples(*[st.floats(min_value=0, max_value=20)] * 2)


class Database:
    """A clock that can be set, and a machine's seconds that cannot; an answer takes a while."""

    def __init__(self):
        self.seconds, self.set_by = 4_000.0, 0.0
        self.clock = DatabaseClock(lambda: self.seconds)

    @property
    def now(self):
        return NOW + timedelta(seconds=self.seconds + self.set_by)

    def answer(self, before, after):
        self.seconds += before
        told = self.now
        self.seconds += after
        return told

    def ask(self, before=0.0, after=0.0):
        with structlog.testing.capture_logs() as logs:
            self.clock.ask(lambda: self.answer(before, after))
        return logs

    @property
    def error(self):
        return abs(self.clock.now() - self.now).total_seconds()


@pytest.fixture
def database():
    return Database()


def test_before_the_first_look_nobody_guesses(database):
    with pytest.raises(RuntimeError, match="has not been asked"):
        database.clock.now()


def test_between_two_looks_the_machines_seconds_count(database):
    database.ask()
    database.seconds += 86_400.5
    assert database.clock.now() == database.now


def test_a_slow_answer_moves_nothing(database):
    database.ask()
    assert database.ask(before=15, after=3) == []
    assert database.clock.now() == database.now


@given(st.lists(DELAYS, min_size=1, max_size=10))
def test_it_is_never_further_off_than_the_quickest_answer_was_late(delays):
    database = Database()
    for before, after in delays:
        database.ask(before, after)
        database.seconds += 30
    assert database.error <= min(before + after for before, after in delays) + 1e-5


@pytest.mark.parametrize("seconds", [600.0, -600.0])
def test_a_database_whose_clock_is_set_is_followed_on_and_back(database, seconds):
    """After a failover every worker is on the new host's clock: it is the one they share."""
    database.ask()
    database.set_by = seconds
    [line] = database.ask(before=0.01)
    assert line["seconds"] == pytest.approx(seconds, abs=0.02)
    assert database.error <= 0.011


def test_two_workers_whose_machines_are_apart_agree_within_their_answers_delays():
    """Each counts its own seconds, from a beginning of its own."""
    truth = Database()
    workers = [DatabaseClock(lambda n=n: truth.seconds + n * 77_777) for n in range(2)]
    for number, worker in enumerate(workers):
        worker.ask(lambda number=number: truth.answer(0.1 * number, 0.2))
    truth.seconds += 3600
    one, two = (worker.now() for worker in workers)
    assert abs(one - two) <= timedelta(seconds=0.3)


@pytest.fixture
def set_clock(monkeypatch):
    """Set this machine's clock, on or back, at any time."""
    right = clock.machine_now

    def set_by(by):
        monkeypatch.setattr(clock, "machine_now", lambda: right() + by)

    yield set_by
    monkeypatch.undo()


def test_on_postgresql_no_machines_clock_matters_also_when_it_is_set(postgres, set_clock):
    """Two workers ten minutes apart, and one whose clock is set while it works."""
    url = postgres.new_database()
    right = datetime.now(UTC)
    ledgers = []
    try:
        for by in (SKEW, -SKEW):
            set_clock(by)
            ledgers.append(open_ledger(url))
        clocks = [ledger.keep_time(SystemClock()) for ledger in ledgers]
        set_clock(3 * SKEW)
        moments = [each.now() for each in clocks]
        ledgers[0].check_writable()
        moments.append(clocks[0].now())
    finally:
        for ledger in ledgers:
            ledger.close()
    assert all(abs(moment - right) < SKEW / 2 for moment in moments)
    assert moments[0] <= moments[-1]


def test_every_transaction_that_writes_looks_at_the_databases_clock(postgres, monkeypatch):
    """So does each claim: whatever was believed before it, its lease is held against the truth."""
    ledger = open_ledger(postgres.new_database())
    try:
        shared = ledger.keep_time(SystemClock())
        right = shared.now()
        slept = DatabaseClock.now
        monkeypatch.setattr(DatabaseClock, "now", lambda self: slept(self) - SKEW)
        assert right - shared.now() > SKEW / 2
        monkeypatch.undo()
        steady = ledger._store.clock._steady
        ledger._store.clock._steady = lambda: steady() - SKEW.total_seconds()
        assert right - shared.now() > SKEW / 2  # as after a sleep that nobody counted
        ledger.check_writable()
        assert timedelta(0) <= shared.now() - right < SKEW / 2
    finally:
        ledger.close()


@pytest.mark.sqlite
def test_on_sqlite_the_machines_clock_is_the_one_that_is_shared(bench, set_clock):
    set_clock(SKEW)
    told = bench.ledger.keep_time(SystemClock()).now()
    assert abs(told - datetime.now(UTC) - SKEW) < SKEW / 2


def test_a_clock_of_virtual_time_follows_nobody(bench, now):
    class Standing:
        def now(self):
            return now

    world = Standing()
    assert bench.ledger.keep_time(world) is world
    assert world.now() == now


def test_a_lease_of_one_worker_is_not_over_for_the_other(bench, set_clock):
    """On either database: what one claims, the other lets alone, whoever's clock is set."""
    ledgers = [bench.ledger, open_ledger(bench.url)]
    clocks = []
    shared = bench.ledger._store.clock is not None
    for by, ledger in zip((-SKEW, SKEW), ledgers, strict=True):
        set_clock(by if shared else timedelta(0))
        clocks.append(ledger.keep_time(SystemClock()))
    desk = bench.payments
    desk.accept(at=clocks[0].now())
    lease = {"lease_seconds": 90.0}
    claimed = desk.outbox.claim_due(bench.biller, now=clocks[0].now(), **lease)
    other = ledgers[1].outbox(desk.kind)
    assert claimed is not None
    assert other.claim_due(bench.biller, now=clocks[1].now(), **lease) is None
    after = clocks[1].now() + timedelta(seconds=91)
    assert other.claim_due(bench.biller, now=after, **lease).fence == claimed.fence + 1
    ledgers[1].close()
