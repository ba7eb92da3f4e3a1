"""What a ledger says of itself after each thing that happens to ledgers (decision 0034).

A gap that is missed doubles money; one that is not there makes a person look in vain.
"""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, select

from adapter.domain.ledger_life import ALIVE_MAX, BEAT_INTERVAL, MARGIN
from adapter.errors import LedgerError
from adapter.ledger import open_ledger
from adapter.ledger.life import WAITING_INTERVAL, LedgerLife
from adapter.ledger.schema import gaps, heartbeats, meta

HOUR = timedelta(hours=1)
TABLES = (meta, heartbeats, gaps)


class Machine:
    """A host with a clock and a folder of marks, on which adapters start and end."""

    def __init__(self, url, folder, now):
        self.url, self.folder = url, folder
        self.clock = SimpleNamespace(at=now, now=lambda: self.clock.at)
        self.begun = now
        self.ledgers = []

    def start(self, *, marks=True):
        ledger = open_ledger(self.url)
        self.ledgers.append(ledger)
        ledger.life.begin(self.clock.now())
        ledger.gap = ledger.life.arrive(self.clock, self.folder if marks else None)
        return ledger

    def work(self, ledger, length=HOUR):
        """Let time pass, with a heartbeat each minute."""
        for _ in range(length // BEAT_INTERVAL):
            self.clock.at += BEAT_INTERVAL
            ledger.life.beat(now=self.clock.now())

    def copy(self):
        """Return what a copy of the database holds."""
        with self.ledgers[-1]._store.reading() as connection:
            return [connection.execute(select(table)).mappings().all() for table in TABLES]

    def put_back(self, copy):
        with self.ledgers[0]._store.writing() as connection:
            for table, rows in zip(TABLES, copy, strict=True):
                connection.execute(delete(table))
                if rows:
                    connection.execute(insert(table), [dict(row) for row in rows])


@pytest.fixture
def machine(ledger_url, tmp_path, now):
    machine = Machine(ledger_url, tmp_path / "marks", now)
    yield machine
    for ledger in machine.ledgers:
        ledger.close()


def ends(ledger):
    """Return the ends of its gaps but for the first, which each ledger has."""
    known = ledger.life.knowledge()
    return [gap.end for gap in known.gaps if gap.end != known.beginning]


def test_of_the_time_before_its_beginning_a_new_ledger_knows_nothing(machine):
    ledger = machine.start()
    known = ledger.life.knowledge()
    assert (known.beginning, ledger.gap) == (machine.begun, None)
    assert [(gap.start, gap.end) for gap in known.gaps] == [(None, machine.begun)]
    machine.work(ledger, BEAT_INTERVAL)
    assert machine.start().life.begin(machine.clock.now()) == machine.begun


def test_a_ledger_that_was_never_begun_says_so(bench):
    with pytest.raises(LedgerError, match="never begun"):
        bench.ledger.life.knowledge()
    assert bench.ledger.life.last_heartbeat() is None


@pytest.mark.parametrize("end", ["leave", "crash"])
def test_a_plain_restart_forgets_nothing(machine, end):
    for _ in range(3):
        ledger = machine.start()
        assert ledger.gap is None
        machine.work(ledger, 5 * BEAT_INTERVAL)
        if end == "leave":
            ledger.life.leave(now=machine.clock.now())
        ledger.close()
        machine.clock.at += 7 * HOUR
    ledger = machine.start()
    assert (ledger.gap, ends(ledger)) == (None, [])
    assert len(ledger.life.heartbeats()) == 1


def test_an_hour_old_copy_that_is_put_back_forgets_that_hour_and_the_rest(machine):
    ledger = machine.start()
    machine.work(ledger)
    copy, copied_at = machine.copy(), machine.clock.now()
    machine.work(ledger)
    ledger.close()
    machine.put_back(copy)
    machine.clock.at += HOUR
    ledger = machine.start()
    assert ledger.gap.start == copied_at - MARGIN
    assert ends(ledger) == [machine.clock.now()]
    ledger.close()
    assert machine.start().gap is None


def test_a_copy_of_a_minute_before_the_last_heartbeat_is_noticed(machine):
    ledger = machine.start()
    copy = machine.copy()
    machine.work(ledger, BEAT_INTERVAL)
    ledger.close()
    machine.put_back(copy)
    assert machine.start().gap is not None


def test_a_ledger_that_was_deleted_knows_nothing_of_its_past(machine, new_ledger, tmp_path):
    ledger = machine.start()
    machine.work(ledger)
    machine.url = new_ledger(tmp_path)
    again = machine.start()
    known = again.life.knowledge()
    assert known.beginning == machine.clock.now()
    assert known.latest_gap_end_after(machine.begun) == machine.clock.now()


@pytest.mark.parametrize("lost", ["the marks", "one mark", "the setting"])
def test_without_the_mark_nothing_proves_that_a_ledger_is_the_newest(machine, lost):
    """As where its file was copied to another machine."""
    ledger = machine.start()
    machine.work(ledger)
    ledger.life.leave(now=machine.clock.now())
    ledger.close()
    if lost == "the marks":
        machine.folder = machine.folder / "elsewhere"
    elif lost == "one mark":
        (mark,) = machine.folder.rglob("*.mark")
        mark.write_text("{")
    ledger = machine.start(marks=lost != "the setting")
    assert "nothing outside of it proves" in ledger.gap.why
    assert ledger.gap.end == machine.clock.now()


def test_a_mark_that_is_older_than_the_ledger_proves_nothing(machine):
    """The folder of the marks was put back, as the ledger may have been."""
    ledger = machine.start()
    (mark,) = machine.folder.rglob("*.mark")
    old = mark.read_text()
    machine.work(ledger)
    ledger.close()
    mark.write_text(old)
    assert machine.start().gap is not None


def test_a_folder_that_cannot_be_written_makes_each_start_a_gap(machine, tmp_path):
    (tmp_path / "marks").write_text("no folder")
    ledger = machine.start()
    machine.work(ledger, BEAT_INTERVAL)
    assert ends(ledger) == []
    ledger.close()
    again = machine.start()
    assert ends(again) == [machine.clock.now()], "the worker before may live still"
    machine.work(again, HOUR)
    assert len(ends(again)) == 1


def test_a_failover_to_an_older_state_is_noticed_while_it_runs(machine):
    ledger = machine.start()
    machine.work(ledger)
    copy, copied_at = machine.copy(), machine.clock.now()
    machine.work(ledger, 2 * BEAT_INTERVAL)
    machine.put_back(copy)
    machine.work(ledger, BEAT_INTERVAL)
    (gap, _) = ledger.life.knowledge().gaps
    assert (gap.start, gap.end) == (copied_at - MARGIN, machine.clock.now())
    machine.work(ledger)
    assert ends(ledger) == [gap.end]


def test_a_new_connection_is_asked_at_once_whether_it_is_the_same_ledger(machine):
    """A failover breaks the connections; the next heartbeat may be a minute away."""
    ledger = machine.start()
    copy = machine.copy()
    machine.work(ledger, BEAT_INTERVAL)
    other = open_ledger(machine.url)
    machine.ledgers.insert(0, other)
    machine.put_back(copy)
    assert ends(ledger) == []
    ledger._store._engine.dispose()
    assert ends(ledger) == [machine.clock.now()]


def test_heartbeats_are_a_minute_apart_at_least(machine):
    ledger = machine.start()
    (first,) = ledger.life.heartbeats()
    machine.clock.at += BEAT_INTERVAL / 2
    ledger.life.beat(now=machine.clock.now())
    assert ledger.life.heartbeats() == (first,)
    machine.clock.at += BEAT_INTERVAL / 2
    ledger.life.beat(now=machine.clock.now())
    assert ledger.life.last_heartbeat() == machine.clock.now()


def test_two_workers_of_one_host_restart_in_any_order(machine):
    one, two = machine.start(), machine.start()
    for _ in range(9):
        machine.work(one, BEAT_INTERVAL)
        two.life.beat(now=machine.clock.now())
    one.close()
    machine.work(two, 9 * BEAT_INTERVAL)
    assert machine.start().gap is None
    two.close()
    machine.clock.at += HOUR
    assert machine.start().gap is None
    assert len(machine.start().life.heartbeats()) == 3


def test_a_gap_that_one_worker_notices_another_knows_at_once(machine):
    one, two = machine.start(), machine.start()
    copy = machine.copy()
    machine.work(one, 3 * BEAT_INTERVAL)
    machine.put_back(copy)
    machine.work(one, BEAT_INTERVAL)
    assert ends(two) == [machine.clock.now()]


class Elsewhere(Machine):
    """Another host, on the same ledger and the same time."""

    def __init__(self, machine, folder):
        super().__init__(machine.url, folder, machine.begun)
        self.clock, self.ledgers = machine.clock, machine.ledgers


def test_a_worker_elsewhere_proves_a_start_by_its_next_heartbeat(machine, tmp_path):
    """Until then nothing is known for certain; from then on there was no gap."""
    here, there = machine, Elsewhere(machine, tmp_path / "there")
    first = here.start()
    here.work(first, 9 * BEAT_INTERVAL)
    joined = there.start()
    assert joined.gap is None
    assert ends(joined) == [machine.clock.now()]
    here.work(first, BEAT_INTERVAL)
    assert ends(joined) == []
    there.work(joined, HOUR)
    assert ends(joined) == []


def test_a_worker_that_began_in_the_same_moment_proves_a_start_by_its_mark(machine, monkeypatch):
    """Its heartbeat stood in the ledger, and its mark was being written."""
    machine.start().life.leave(now=machine.clock.now())
    with monkeypatch.context() as slow:
        slow.setattr(LedgerLife, "_keep_mark", lambda _life: None)
        machine.clock.at += HOUR
        first = machine.start()
    second = machine.start()
    assert second.gap is None
    assert not second.life.knowledge().is_whole_since(machine.clock.now())
    first.life._keep_mark()
    machine.clock.at += WAITING_INTERVAL
    assert second.life.knowledge().is_whole_since(machine.clock.now())
    assert ends(second) == []


def test_a_worker_elsewhere_that_shows_no_life_proves_nothing(machine, tmp_path):
    here, there = machine, Elsewhere(machine, tmp_path / "there")
    first = here.start()
    here.work(first, 9 * BEAT_INTERVAL)
    last = machine.clock.now()
    first.close()
    joined = there.start()
    there.work(joined, ALIVE_MAX + BEAT_INTERVAL)
    assert [gap.start for gap in joined.life.knowledge().gaps if gap.start] == [last - MARGIN]
    assert ends(joined) == [machine.clock.now()]
    there.work(joined, HOUR)
    assert len(ends(joined)) == 1


def test_a_host_that_was_away_cannot_speak_for_what_another_did_meanwhile(machine, tmp_path):
    here, there = machine, Elsewhere(machine, tmp_path / "there")
    first = here.start()
    machine.work(first, BEAT_INTERVAL)
    other = there.start()
    first.life.beat(now=machine.clock.now())
    first.close()
    there.work(other)
    other.life.leave(now=machine.clock.now())
    other.close()
    assert here.start().gap is not None


def test_a_clock_that_was_set_back_neither_makes_a_gap_nor_hides_one(machine):
    ledger = machine.start()
    machine.work(ledger)
    latest = machine.clock.now()
    machine.clock.at -= 2 * HOUR
    machine.work(ledger, 3 * BEAT_INTERVAL)
    assert (ends(ledger), ledger.life.last_heartbeat()) == ([], latest)
    copy = machine.copy()
    machine.work(ledger, 3 * BEAT_INTERVAL)
    ledger.close()
    ledger = machine.start()
    assert ledger.gap is None
    ledger.close()
    machine.put_back(copy)
    ledger = machine.start()
    assert ledger.gap.end == latest, "payments until then may be forgotten"
    assert ledger.gap.start < machine.clock.now()


@pytest.mark.sqlite
def test_another_file_in_its_place_is_a_copy_however_new_it_is(machine, tmp_path):
    """Copied within the minute of a heartbeat: the heartbeat alone cannot tell."""
    ledger = machine.start()
    machine.work(ledger, BEAT_INTERVAL)
    ledger.close()
    path = tmp_path / "ledger-copy.db"
    original = Path(ledger._store._engine.url.database)
    path.write_bytes(original.read_bytes())
    path.replace(original)
    assert "another one or a copy" in machine.start().gap.why
    assert machine.start().gap is None
