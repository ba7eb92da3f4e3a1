"""Whose database it is, and of which version: ours, or refused in words."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from adapter.errors import LedgerError
from adapter.ledger import migrations, open_ledger
from adapter.ledger.migrations import HEAD
from adapter.ledger.schema import metadata
from adapter.ledger.store import Store


@pytest.fixture
def foreign(tmp_path):
    """Return the engine of a database that no adapter made."""
    engine = create_engine(f"sqlite:///{tmp_path / 'foreign.db'}")
    yield engine
    engine.dispose()


def test_a_new_ledger_has_the_newest_version(bench, sql):
    engine = create_engine(bench.url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert sql("SELECT version_num FROM alembic_version").scalars().all() == [HEAD]
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [HEAD]


@pytest.mark.parametrize(
    ("statement", "version"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "9999"),
        ("UPDATE alembic_version SET version_num = '0000'", "0000"),
        ("UPDATE alembic_version SET version_num = 'no-revision'", "no-revision"),
        ("DELETE FROM alembic_version", "none"),
        ("DROP TABLE alembic_version", "none"),
    ],
)
def test_another_version_or_none_is_refused(bench, sql, statement, version):
    sql(statement)
    words = f"schema version {version}, and this adapter knows {HEAD}; start the"
    with pytest.raises(LedgerError, match=words):
        open_ledger(bench.url)


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE invoices (id INTEGER)",
        "CREATE TABLE meta (id INTEGER)",
        "CREATE TABLE meta (name TEXT, value TEXT)",
    ],
)
def test_a_foreign_database_is_refused_and_left_alone(foreign, table):
    with foreign.begin() as connection:
        connection.execute(text(table))
    with pytest.raises(LedgerError, match="something else than a ledger"):
        Store(str(foreign.url))
    assert len(inspect(foreign).get_table_names()) == 1
