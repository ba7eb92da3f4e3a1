"""Procrastinate's queue in the ledger's database: opening it, and making its tables once."""

from __future__ import annotations

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager
from sqlalchemy import URL

from adapter.errors import LedgerError

# Whoever makes the tables holds this lock, so that two processes that start at once are safe.
SCHEMA_LOCK = 20260105
CONNECT_SECONDS_MAX = 15
POOL_SIZE_MAX = 4


def conninfo_of(database: URL) -> str:
    """Return what libpq takes; it holds the password."""
    return database.set(drivername="postgresql").render_as_string(hide_password=False)


def open_queue(database: URL) -> procrastinate.App:
    """Open the queue for deferring, making its tables in a database that has none."""
    connector = procrastinate.SyncPsycopgConnector(
        conninfo=conninfo_of(database),
        min_size=0,
        max_size=POOL_SIZE_MAX,
        timeout=CONNECT_SECONDS_MAX,
        kwargs={"application_name": "imt-spectrum-adapter queue"},
    )
    app = procrastinate.App(connector=connector)
    try:
        _make_tables(database)
        app.open()
    except (psycopg.Error, ConnectorException) as error:
        name = database.render_as_string(hide_password=True)
        raise LedgerError(f"the queue in {name} cannot be opened: {error}") from error
    return app


def _make_tables(database: URL) -> None:
    with psycopg.connect(conninfo_of(database), connect_timeout=CONNECT_SECONDS_MAX) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
        found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if found is None or found[0] is None:
            connection.execute(SchemaManager.get_schema())
