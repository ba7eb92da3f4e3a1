"""Whose database it is, and of which version: ours, brought up to date, or refused in words."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from adapter.domain.delivery import DeliveryState
from adapter.errors import LedgerError
from adapter.ledger import migrations, open_ledger
from adapter.ledger.migrations import HEAD
from adapter.ledger.schema import metadata
from adapter.ledger.store import Store

FROZEN = Path(migrations.__file__).parent / "versions" / "0002.sql"
PAYMENT = """
    INSERT INTO deliveries VALUES (1, 'camp-point', 'c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713',
    '30254', '1204117', 'Dana Whitfield', 1767600000000000, 73137, 295, 'T-1', '', 'ACH', 1, 'aa',
    'data_pump', 'applied', 1, 1767600000000000, NULL, 1767600000000000, 73137, NULL, NULL, 1,
    'R-1', 'answer', NULL, '')
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def url_of(path):
    return f"sqlite:///{path}"


def write(path, *statements, parameters=()):
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement, parameters)


@pytest.fixture
def first_ledger(path):
    """Make a ledger as the first adapter left it, with one payment that was applied."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FROZEN.read_text())
    write(
        path,
        "INSERT INTO meta VALUES ('application', 'imt-spectrum-adapter ledger')",
        "INSERT INTO meta VALUES ('schema_version', '2')",
        PAYMENT,
    )
    return path


def differences(url):
    """Return what a database has otherwise than the tables that the adapter knows."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    return found


def test_a_new_ledger_has_the_newest_version(ledger_url):
    open_ledger(ledger_url).close()
    assert differences(ledger_url) == []


def test_the_newest_version_is_the_last_revision():
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [HEAD]


def test_an_earlier_ledger_is_brought_up_to_date_and_keeps_its_rows(first_ledger):
    ledger = open_ledger(url_of(first_ledger))
    (kept,) = ledger.deliveries.page(limit=9)
    ledger.close()
    assert (kept.state, kept.payment.amount) == (DeliveryState.APPLIED, Decimal("731.37"))
    assert kept.accepted_at == datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    assert kept.correlation_id == ""
    assert differences(url_of(first_ledger)) == []


def test_it_is_brought_up_to_date_once(first_ledger):
    for _ in range(2):
        open_ledger(url_of(first_ledger)).close()


def test_a_step_that_fails_leaves_the_ledger_as_it_was(first_ledger):
    """The last step of the last revision cannot be taken: nothing of it stays."""
    write(first_ledger, "CREATE INDEX enrollments_open ON enrollments (state)")
    with pytest.raises(LedgerError, match="enrollments_open already exists"):
        open_ledger(url_of(first_ledger))
    with closing(sqlite3.connect(first_ledger)) as connection:
        rows = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        columns = connection.execute("SELECT name FROM pragma_table_info('deliveries')").fetchall()
    assert rows["schema_version"] == "2"
    assert ("correlation_id",) not in columns


@pytest.mark.parametrize("version", ["9999", "no-revision"])
def test_a_later_version_is_refused(path, version):
    open_ledger(url_of(path)).close()
    write(path, "UPDATE alembic_version SET version_num = ?", parameters=(version,))
    with pytest.raises(
        LedgerError, match=f"schema version {version}, and this adapter knows {HEAD}; start the"
    ):
        open_ledger(url_of(path))


def test_a_version_from_before_the_first_is_refused(first_ledger):
    write(first_ledger, "UPDATE meta SET value = '1' WHERE name = 'schema_version'")
    with pytest.raises(LedgerError, match="schema version 1, and"):
        open_ledger(url_of(first_ledger))


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE invoices (id INTEGER)",
        "CREATE TABLE meta (id INTEGER)",
        "CREATE TABLE meta (name TEXT, value TEXT)",
    ],
)
def test_a_foreign_database_is_refused_and_left_alone(path, table):
    write(path, table)
    with pytest.raises(LedgerError, match="something else than a ledger"):
        Store(url_of(path))
    engine = create_engine(url_of(path))
    assert len(inspect(engine).get_table_names()) == 1
    engine.dispose()
