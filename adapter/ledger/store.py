"""Opening the database: connections, transactions, and whose schema it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from adapter.errors import ConfigurationError, LedgerError
from adapter.ledger.columns import BillerNames
from adapter.ledger.database_clock import DatabaseClock
from adapter.ledger.possession import open_or_migrate
from adapter.ledger.sqlite_file import follow_file, require_file
from adapter.version import DISTRIBUTION

# How long a writer waits for another one before the ledger counts as unusable.
BUSY_SECONDS = 15
# A process that stands still while it writes loses its turn before those that wait give up.
IDLE_SECONDS = 10
# A reader holds up no writer; and who writes the whole ledger may be copying it.
LONG_IDLE_SECONDS = 60
_READS = "ledger_reads"
_TIME = select(func.clock_timestamp())  # of this moment, not of the transaction's beginning
WHOLE_LEDGER = " the whole ledger"  # no biller is called so
# The cluster, its history that a failover ends, and the database: no copy has all three.
_WHERE = text(
    "SELECT system_identifier || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) "
    "|| ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "FROM pg_control_system()"
)
_ONE_WRITER = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:biller, 0)), "
    "set_config('idle_in_transaction_session_timeout', :idle, true)"
)


# A connection that the database has closed is found out before it is used.
_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {
        "pool_pre_ping": True,
        "connect_args": {
            "application_name": "imt-spectrum-adapter ledger",
            "connect_timeout": BUSY_SECONDS,
        },
    },
}


class ConcurrentWriteError(LedgerError):
    """Another writer was faster: look again."""


class Store:
    """Transactions on one database; every error of the database becomes a LedgerError."""

    def __init__(self, url: str, names: BillerNames | None = None, *, make: bool = False) -> None:
        """Open the ledger, or make one where none is if told so; refuse a schema that isn't ours.

        `names` knows the BillerGUIDs; without it billers are kept as they are called. Raises
        ConfigurationError for a database whose driver is not installed.
        """
        try:
            self._engine = create_engine(url, **_OPTIONS.get(make_url(url).get_backend_name(), {}))
        except ImportError as error:
            raise ConfigurationError(
                f"adapter.ledger: PostgreSQL's driver is not installed ({error}). Install the "
                f"adapter with its extra: pip install '{DISTRIBUTION}[postgresql]'"
            ) from None
        except (SQLAlchemyError, ValueError) as error:
            raise LedgerError(f"the ledger's URL cannot be used: {error}") from None
        self.names = names
        # How many were opened: a new one may lead to another database than the last.
        self.connections = 0
        event.listen(self._engine, "connect", self._count_connection)
        # The dialect is this engine's own, and all that a column type sees of it.
        self._engine.dialect.biller_names = names  # type: ignore[attr-defined]
        self.name = self._engine.url.render_as_string(hide_password=True)
        self._reader = self._engine.execution_options(**{_READS: True})
        if self._engine.dialect.name == "postgresql":
            self._reader = self._reader.execution_options(isolation_level="REPEATABLE READ")
        driver: Any = self._engine.dialect.dbapi
        self._failures = (SQLAlchemyError, driver.Error)
        # Called within a transaction that makes something due: of which kind, for which biller.
        self.announce: Callable[[Connection, str, str], None] = _to_nobody
        self._writer = threading.Lock()
        self._has_many_writers = self._engine.dialect.name == "postgresql"
        # Where several machines share the ledger, its database tells them the time.
        self.clock = DatabaseClock() if self._has_many_writers else None
        if self._has_many_writers:
            _configure_postgresql(self._engine)
        else:
            _configure_sqlite(self._engine)
            follow_file(self._engine)
            if not make:
                require_file(self._engine)
        try:
            with self.writing(WHOLE_LEDGER) as connection:
                self.was_made = open_or_migrate(connection, self.name, make=make)
        except LedgerError:
            self.close()
            raise

    @contextmanager
    def writing(self, *billers: str) -> Iterator[Connection]:
        """Run one transaction: committed at the block's end, undone by any error.

        While it runs, no other one that names one of its billers does: what it reads of them
        stays as it is. SQLite has one writer anyway.
        """
        self._refresh_names()
        try:
            with self._turn(), self._engine.begin() as connection:
                if self._has_many_writers:
                    idle = LONG_IDLE_SECONDS if WHOLE_LEDGER in billers else IDLE_SECONDS
                    for biller in sorted({self._guid_of(name) for name in billers}):
                        connection.execute(_ONE_WRITER, {"biller": biller, "idle": f"{idle}s"})
                if self.clock is not None:
                    self.clock.ask(lambda: connection.execute(_TIME).scalar_one())
                yield connection
        except IntegrityError as error:
            raise ConcurrentWriteError(f"the ledger {self.name}: {error.orig}") from error
        except self._failures as error:
            raise self._unusable("written", error) from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Queue up for the one writer of SQLite; other processes' writers it polls for itself.

        Its own waiting sleeps up to a tenth of a second at a time, whoever is ready by then.
        """
        if self._has_many_writers:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise LedgerError(f"the ledger {self.name} cannot be written: another write goes on")
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state without holding up a writer."""
        self._refresh_names()
        try:
            with self._reader.connect() as connection:
                yield connection
        except self._failures as error:
            raise self._unusable("read", error) from error

    def where(self) -> str:
        """Return what names the database that is open, as no copy of it does; "" if nothing does.

        It is a file's number in its folder, or what the server says of itself.
        """
        if self._engine.dialect.name == "sqlite":
            path = self._engine.url.database
            try:
                return f"file {Path(path).stat().st_ino}" if path else ""
            except OSError:
                return ""
        try:
            with self._engine.connect() as connection:
                return f"server {connection.execute(_WHERE).scalar_one()}"
        except self._failures:
            return ""  # a server may keep that to itself

    def close(self) -> None:
        self._engine.dispose()

    def _count_connection(self, _connection: Any, _record: Any) -> None:
        self.connections += 1

    def _refresh_names(self) -> None:
        if self.names is not None:
            self.names.refresh()

    def _guid_of(self, biller: str) -> str:
        return biller if self.names is None else self.names.guid_of(biller)

    def _unusable(self, verb: str, error: Exception) -> LedgerError:
        # The statement and its parameters stay out: they hold personal data.
        reason = getattr(error, "orig", None) or error
        return LedgerError(f"the ledger {self.name} cannot be {verb}: {reason}")


def _to_nobody(_connection: Connection, _kind: str, _biller: str) -> None:
    """Announce nothing: the embedded engine is told by the doors, and sweeps."""


def _configure_postgresql(engine: Engine) -> None:
    """Everything that is PostgreSQL's own: durable commits, and waits that come to an end."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{LONG_IDLE_SECONDS}s'")
        connection.commit()


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
