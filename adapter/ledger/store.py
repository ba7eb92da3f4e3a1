"""Opening the database: connections, transactions, and whose schema it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from adapter.errors import LedgerError
from adapter.ledger.schema import APPLICATION, SCHEMA_VERSION, meta, metadata
from adapter.ledger.sqlite_file import follow_file

# How long a writer waits for another one before the ledger counts as unusable.
BUSY_SECONDS = 15
_READS = "ledger_reads"


class ConcurrentWriteError(LedgerError):
    """Another writer was faster: look again."""


class Store:
    """Transactions on one database; every error of the database becomes a LedgerError."""

    def __init__(self, url: str) -> None:
        """Open the database and make its tables if it is new; refuse a schema that isn't ours."""
        try:
            self._engine = create_engine(url)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise LedgerError(f"the ledger's URL cannot be used: {error}") from None
        self.name = self._engine.url.render_as_string(hide_password=True)
        self._reader = self._engine.execution_options(**{_READS: True})
        driver: Any = self._engine.dialect.dbapi
        self._failures = (SQLAlchemyError, driver.Error)
        if self._engine.dialect.name == "sqlite":
            _configure_sqlite(self._engine)
            follow_file(self._engine)
        try:
            with self.writing() as connection:
                self._take_possession(connection)
        except LedgerError:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run one transaction: committed at the block's end, undone by any error."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError as error:
            raise ConcurrentWriteError(f"the ledger {self.name}: {error.orig}") from error
        except self._failures as error:
            raise self._unusable("written", error) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state without holding up a writer."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except self._failures as error:
            raise self._unusable("read", error) from error

    def close(self) -> None:
        self._engine.dispose()

    def _take_possession(self, connection: Connection) -> None:
        tables = inspect(connection).get_table_names()
        if not tables:
            metadata.create_all(connection)
            rows = {"application": APPLICATION, "schema_version": str(SCHEMA_VERSION)}
            connection.execute(
                insert(meta), [{"name": name, "value": value} for name, value in rows.items()]
            )
            return
        found: dict[str, str] = {}
        if meta.name in tables:
            columns = {column["name"] for column in inspect(connection).get_columns(meta.name)}
            if columns == {column.name for column in meta.columns}:
                found = {row.name: row.value for row in connection.execute(select(meta))}
        if found.get("application") != APPLICATION:
            raise LedgerError(f"{self.name} holds something else than a ledger; name another file")
        version = found.get("schema_version", "")
        if version != str(SCHEMA_VERSION):
            raise LedgerError(
                f"the ledger {self.name} has schema version {version or 'none'}, and this adapter "
                f"knows {SCHEMA_VERSION}; start the adapter that wrote it, or name another file"
            )

    def _unusable(self, verb: str, error: Exception) -> LedgerError:
        # The statement and its parameters stay out: they hold personal data.
        reason = getattr(error, "orig", None) or error
        return LedgerError(f"the ledger {self.name} cannot be {verb}: {reason}")


def _configure_sqlite(engine: Engine) -> None:
    """Everything that is SQLite's own: durable commits, and writers that queue up."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not at some first write
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """Take the write lock at once: a reader that becomes a writer later may be refused."""
        reads = connection.get_execution_options().get(_READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
