"""Backups are whole or not there; a move takes everything, and leaves one ledger."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import LedgerError
from adapter.ledger import open_ledger
from adapter.ledger.copying import back_up, put_back, require_whole
from adapter.ledger.schema import metadata


@pytest.fixture
def filled(bench, tmp_path, now):
    """Return the bench of a ledger with a row of most kinds, and a worker that has ended."""
    bench.ledger.life.begin(now)
    bench.marks = tmp_path / "marks"
    bench.clock = SimpleNamespace(now=lambda: now)
    bench.ledger.life.arrive(bench.clock, bench.marks)
    for desk in (bench.payments, bench.reversals, bench.enrollments):
        desk.accept(1, lane=desk.name)
        desk.done()
    bench.ask(ExceptionKind.DEAD, reference="R-1")
    bench.begin_file()
    bench.ledger.watermarks.move(bench.biller, "job", "mark", now=now)
    bench.ledger.life.leave(now=now)
    bench.ledger.life.close()
    return bench


def content(ledger):
    with ledger._store.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table)).all()]
            for table in metadata.sorted_tables
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, tmp_path):
    """Return the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'target.db'}"
    return request.getfixturevalue("postgres").new_database()


def test_a_move_takes_everything_and_forgets_nothing(filled, target):
    before = content(filled.ledger)
    copied = {each.table: each.rows for each in filled.ledger.move_to(target, filled.marks)}
    assert copied["work_items"] == 3
    moved = open_ledger(target)
    after = content(moved)
    for name, rows in before.items():
        assert sorted(map(repr, after[name])) == sorted(map(repr, rows)), name
    assert moved.life.arrive(filled.clock, filled.marks) is None
    assert len(moved.life.knowledge().gaps) == 1
    moved.close()


def test_a_move_keeps_every_row_by_the_guid_of_its_biller(filled, target):
    """A payment that is not found under its biller would be posted again."""
    names = {filled.biller: "11111111-0000-4000-8000-000000000001"}
    with closing(open_ledger(filled.url, billers=lambda: names)) as source:
        with source._store.writing() as connection:
            connection.execute(
                text("UPDATE work_items SET biller = :guid"), {"guid": names[filled.biller]}
            )
        source.move_to(target, filled.marks)
    with closing(open_ledger(target, billers=lambda: names)) as moved:
        assert len(moved.items(filled.payments.kind).page(limit=9, biller=filled.biller)) == 1
    with closing(open_ledger(target)) as moved, moved._store.reading() as connection:
        kept = connection.execute(text("SELECT DISTINCT biller FROM work_items")).scalars().all()
    assert kept == [names[filled.biller]]


def test_the_next_row_of_a_moved_ledger_has_a_number_of_its_own(filled, target, later):
    filled.ledger.move_to(target, filled.marks)
    moved = type(filled)(target)
    assert moved.payments.accept(2, lane="2", at=later(1)).id == 4
    moved.ledger.close()


def test_nobody_opens_a_ledger_that_was_moved(filled, target):
    filled.ledger.move_to(target, filled.marks)
    with pytest.raises(LedgerError, match="was moved to"):
        open_ledger(filled.url)


def test_a_database_in_use_is_no_target_and_nothing_changes(filled, target, now):
    other = open_ledger(target, make=True)
    other.life.begin(now)
    before = content(other)
    with pytest.raises(LedgerError, match="in use already"):
        filled.ledger.move_to(target, filled.marks)
    assert content(other) == before
    other.close()
    open_ledger(filled.url).close()


@pytest.mark.sqlite
def test_a_backup_is_whole_while_somebody_writes(filled, tmp_path, later):
    file = Path(filled.ledger._store._engine.url.database)
    stopping = threading.Event()

    def write():
        number = 10
        while not stopping.is_set() and number < 500:
            filled.payments.accept(number, lane=str(number), at=later(number))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    size = back_up(file, tmp_path / "backup.db")
    stopping.set()
    writer.join()
    assert size == (tmp_path / "backup.db").stat().st_size
    copy = open_ledger(f"sqlite:///{tmp_path / 'backup.db'}")
    items = copy.items(filled.payments.kind).page(limit=1000)
    assert len(items) >= 1
    copy.close()


@pytest.mark.sqlite
def test_a_backup_overwrites_nothing(filled, tmp_path):
    file, target = Path(filled.ledger._store._engine.url.database), tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(LedgerError, match="exists already"):
        back_up(file, target)
    assert target.read_text() == "mine"


@pytest.mark.sqlite
def test_what_comes_back_takes_the_place_of_the_other_log_and_all(filled, tmp_path, now):
    file, copy = Path(filled.ledger._store._engine.url.database), tmp_path / "backup.db"
    back_up(file, copy)
    filled.payments.accept(9, lane="9")
    aside = put_back(copy, file, now=now)
    assert aside.exists()
    assert not Path(f"{file}-wal").exists()
    again = open_ledger(filled.url)
    assert len(again.items(filled.payments.kind).page(limit=9)) == 1
    again.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("damage", ["no database", "another one", "cut off"])
def test_what_is_no_whole_ledger_is_put_nowhere(filled, tmp_path, now, damage):
    file, copy = Path(filled.ledger._store._engine.url.database), tmp_path / "backup.db"
    if damage == "another one":
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    else:
        back_up(file, copy)
        whole = copy.read_bytes()
        copy.write_bytes(b"no database at all" if damage == "no database" else whole[:-9000])
    before = file.read_bytes()
    with pytest.raises(LedgerError):
        require_whole(copy)
    with suppress(LedgerError):
        put_back(copy, file, now=now)
    assert file.read_bytes() == before
