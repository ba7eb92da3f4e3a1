"""Opening a database: durable, ours, and in our version, or refused in words."""

import sys

import pytest
from sqlalchemy import insert, select

from adapter.errors import ConfigurationError, LedgerError
from adapter.ledger import store as store_module
from adapter.ledger.schema import meta
from adapter.ledger.store import BUSY_SECONDS, IDLE_SECONDS, Store


def open_store(path):
    return Store(f"sqlite:///{path}", make=True)


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "ledger.db")
    yield store
    store.close()


def test_commits_are_durable_and_references_are_kept(store):
    with store.writing() as connection:
        for pragma, value in {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "foreign_keys": 1,
            "busy_timeout": 15_000,
        }.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


@pytest.mark.parametrize("place", ["missing/folder/ledger.db", "", "no-database"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, place):
    (tmp_path / "no-database").write_bytes(b"FH|5f0c9a3e" * 1000)
    with pytest.raises(LedgerError, match="cannot be written"):
        open_store(tmp_path / place)


@pytest.mark.parametrize(
    "url",
    [
        "no url at all",
        "oracle+nothing://x",
        "sqlite+nothing:///a",
        "sqlite://user:hunter2secret@/nowhere",
    ],
)
def test_a_wrong_url_is_refused_and_no_password_shown(url):
    with pytest.raises(LedgerError) as refused:
        Store(url, make=True)
    assert "hunter2secret" not in str(refused.value)


def test_a_driver_that_is_not_installed_is_a_wrong_setting(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError) as refused:
        Store("postgresql+psycopg://user:hunter2secret@127.0.0.1/ledger")
    assert "pip install 'imt-spectrum-adapter[postgresql]'" in str(refused.value)
    assert "hunter2secret" not in str(refused.value)


def test_an_error_undoes_the_whole_transaction(store):

    def write_half():
        with store.writing() as connection:
            connection.execute(insert(meta).values(name="half", value="done"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    with store.reading() as connection:
        assert connection.execute(select(meta).where(meta.c.name == "half")).first() is None


def test_errors_name_no_parameters(store):
    """What a statement carries is personal data."""
    with pytest.raises(LedgerError) as refused, store.writing() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("Renée O'Brien",))
    assert "nowhere" in str(refused.value)
    assert "Brien" not in str(refused.value)


def test_a_reader_waits_for_no_writer(store):
    with store.writing() as writer, store.reading() as reader:
        writer.execute(insert(meta).values(name="open", value="transaction"))
        assert reader.execute(select(meta.c.name)).scalars().all() == ["application"]


def test_writers_queue_up(store, at_once):
    """Two that read and then write do not fail each other: the second begins after the first."""
    with store.writing() as connection:
        connection.execute(insert(meta).values(name="count", value="0"))

    def count():
        for _ in range(20):
            with store.writing() as connection:
                found = select(meta.c.value).where(meta.c.name == "count")
                value = int(connection.execute(found).scalar_one())
                changed = meta.update().where(meta.c.name == "count").values(value=str(value + 1))
                connection.execute(changed)

    at_once(*[count] * 4)
    with store.reading() as connection:
        found = select(meta.c.value).where(meta.c.name == "count")
        assert connection.execute(found).scalar_one() == "80"


def test_a_writer_that_stands_still_loses_its_turn_to_those_that_wait(postgres, monkeypatch):
    """A machine that is put to sleep within a write: the others neither wait on nor fail."""
    assert IDLE_SECONDS < BUSY_SECONDS
    monkeypatch.setattr(store_module, "IDLE_SECONDS", 1)
    url = postgres.new_database()
    asleep, awake = Store(url), Store(url)
    value = select(meta.c.value).where(meta.c.name == "turn")

    def write(store, words):
        with store.writing("acme") as connection:
            connection.execute(insert(meta).values(name="turn", value=words))
            if store is asleep:
                write(awake, "of the one awake")

    with pytest.raises(LedgerError, match="idle-in-transaction"):
        write(asleep, "of the one asleep")
    with awake.reading() as connection:
        assert connection.execute(value).scalar_one() == "of the one awake"
    asleep.close()
    awake.close()
