"""Opening a database: durable, ours, and in our version, or refused in words."""

import threading

import pytest
from sqlalchemy import insert, select

from adapter.errors import LedgerError
from adapter.ledger.schema import meta
from adapter.ledger.store import ConcurrentWriteError, Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def open_store(path):
    return Store(f"sqlite:///{path}")


@pytest.fixture
def store(path):
    store = open_store(path)
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


def test_a_ledger_is_opened_again(path):
    open_store(path).close()
    store = open_store(path)
    with store.reading() as connection:
        assert connection.execute(select(meta.c.name)).scalars().all() == ["application"]
    store.close()


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"FH|5f0c9a3e" * 1000)
    with pytest.raises(LedgerError, match="cannot be written"):
        open_store(path)


@pytest.mark.parametrize("place", ["missing/folder/ledger.db", ""])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, place):
    with pytest.raises(LedgerError, match="cannot be written"):
        open_store(tmp_path / place)


@pytest.mark.parametrize("url", ["no url at all", "oracle+nothing://x", "sqlite+nothing:///a"])
def test_a_wrong_url_is_refused(url):
    with pytest.raises(LedgerError):
        Store(url)


def test_an_error_undoes_the_whole_transaction(store):

    def write_half():
        with store.writing() as connection:
            connection.execute(insert(meta).values(name="half", value="done"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    with store.reading() as connection:
        assert connection.execute(select(meta).where(meta.c.name == "half")).first() is None


def test_a_broken_constraint_is_another_writers_doing(store):
    with pytest.raises(ConcurrentWriteError), store.writing() as connection:
        connection.execute(insert(meta).values(name="application", value="twice"))


def test_errors_name_no_parameters(store):
    """What a statement carries is personal data."""
    with pytest.raises(LedgerError) as refused, store.writing() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("Renée O'Brien",))
    assert "nowhere" in str(refused.value)
    assert "Brien" not in str(refused.value)


def test_a_reader_waits_for_no_writer(store):
    answered = threading.Event()

    def read():
        with store.reading() as connection:
            connection.execute(select(meta)).all()
        answered.set()

    with store.writing() as connection:
        connection.execute(insert(meta).values(name="open", value="transaction"))
        reader = threading.Thread(target=read)
        reader.start()
        assert answered.wait(timeout=10)
    reader.join()


def test_writers_queue_up(store):
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

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as connection:
        found = select(meta.c.value).where(meta.c.name == "count")
        assert connection.execute(found).scalar_one() == "80"


def test_a_password_is_not_shown():
    with pytest.raises(LedgerError) as refused:
        Store("sqlite://user:hunter2secret@/nowhere")
    assert "hunter2secret" not in str(refused.value)
