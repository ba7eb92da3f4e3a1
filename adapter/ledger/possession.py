"""Whose database this is, and of which version: looked at before anything else is."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, inspect, select

from adapter.errors import LedgerError
from adapter.ledger.migrations import HEAD, upgrade
from adapter.ledger.schema import APPLICATION, alembic_version, meta, metadata

# Earlier adapters kept a number of their own beside the application's name.
_OWN_NUMBER = "schema_version"
_REVISIONS = {"2": "0002"}


def take_possession(connection: Connection, name: str) -> None:
    """Make the tables of a new ledger, or bring an earlier version's up to this one.

    Raises LedgerError for a database that holds something else, or that a later adapter wrote.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        metadata.create_all(connection)
        connection.execute(insert(meta).values(name="application", value=APPLICATION))
        connection.execute(insert(alembic_version).values(version_num=HEAD))
        return
    found = _notes(connection) if meta.name in tables else {}
    if found.get("application") != APPLICATION:
        raise LedgerError(f"{name} holds something else than a ledger; name another file")
    if alembic_version.name in tables:
        version = connection.execute(select(alembic_version.c.version_num)).scalar_one_or_none()
    else:
        version = _take_over_number(connection, found.get(_OWN_NUMBER, ""))
    if version != HEAD and not (version and upgrade(connection, version)):
        number = version or found.get(_OWN_NUMBER, "none")
        raise LedgerError(
            f"the ledger {name} has schema version {number}, and this adapter knows {HEAD}; "
            "start the adapter that wrote it, or name another file"
        )


def _notes(connection: Connection) -> dict[str, str]:
    columns = {column["name"] for column in inspect(connection).get_columns(meta.name)}
    if columns != {column.name for column in meta.columns}:
        return {}
    return {row.name: row.value for row in connection.execute(select(meta))}


def _take_over_number(connection: Connection, number: str) -> str | None:
    """Write an earlier adapter's number as the revision that it is; None for an unknown one."""
    revision = _REVISIONS.get(number)
    if revision is not None:
        alembic_version.create(connection)
        connection.execute(insert(alembic_version).values(version_num=revision))
        connection.execute(delete(meta).where(meta.c.name == _OWN_NUMBER))
    return revision
