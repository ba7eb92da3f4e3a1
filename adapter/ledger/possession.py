"""Whose database this is, and of which version: looked at before anything else is."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select

from adapter.errors import LedgerError
from adapter.ledger.migrations import HEAD, upgrade
from adapter.ledger.schema import APPLICATION, alembic_version, meta, metadata
from adapter.ledger.sqlite_file import no_ledger

# The note in `meta` of where a ledger was moved to.
MOVED = "moved_to"


def open_or_migrate(connection: Connection, name: str, *, make: bool) -> bool:
    """Bring an earlier version's tables up to this one, or `make` those of a new ledger.

    Returns whether it was made. Raises LedgerError for a database that holds no ledger or
    something else, that a later adapter wrote, or whose ledger was moved elsewhere.
    """
    tables = inspect(connection).get_table_names()
    if not tables and not make:
        raise LedgerError(no_ledger(name))
    if not tables:
        metadata.create_all(connection)
        connection.execute(insert(meta).values(name="application", value=APPLICATION))
        connection.execute(insert(alembic_version).values(version_num=HEAD))
        return True
    found = _notes(connection) if meta.name in tables else {}
    if found.get("application") != APPLICATION:
        raise LedgerError(f"{name} holds something else than a ledger; name another file")
    if MOVED in found:
        raise LedgerError(
            f"the ledger {name} was moved to {found[MOVED]}: name that in the settings. Nobody "
            "may work on this one any more"
        )
    version = None
    if alembic_version.name in tables:
        version = connection.execute(select(alembic_version.c.version_num)).scalar_one_or_none()
    if version != HEAD and not (version and upgrade(connection, version)):
        raise LedgerError(
            f"the ledger {name} has schema version {version or 'none'}, and this adapter knows "
            f"{HEAD}; start the adapter that wrote it, or name another file"
        )
    return False


def _notes(connection: Connection) -> dict[str, str]:
    columns = {column["name"] for column in inspect(connection).get_columns(meta.name)}
    if columns != {column.name for column in meta.columns}:
        return {}
    return {row.name: row.value for row in connection.execute(select(meta))}
