"""Copies of a ledger: a backup beside a running adapter, and its move to another database."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, delete, func, insert, select, text

from adapter.errors import LedgerError
from adapter.ledger.columns import Cents, Moment
from adapter.ledger.possession import MOVED
from adapter.ledger.schema import alembic_version, meta, metadata
from adapter.ledger.store import WHOLE_LEDGER, Store

ROWS_AT_ONCE = 1000
NOTE_LENGTH_MAX = 100


@dataclass(frozen=True, kw_only=True)
class Copied:
    """How many rows of a table stand in both ledgers."""

    table: str
    rows: int


def back_up(file: Path, target: Path) -> int:
    """Copy an SQLite ledger as it is at one moment, whoever writes to it; return the bytes.

    The copy is whole when it gets its name. Raises LedgerError, leaving nothing, where the target
    exists, the disk is full or the ledger is damaged.
    """
    unfinished = target.with_name(f"{target.name}.unfinished")
    if target.exists() or unfinished.exists():
        raise LedgerError(f"{target} exists already (or {unfinished.name}); name another file")
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole without another
        require_whole(unfinished)
        os.link(unfinished, target)  # unlike a renaming, it overwrites nothing
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{file} cannot be copied to {target}: {error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return target.stat().st_size


def require_whole(file: Path) -> None:
    """Raise LedgerError unless a file is a ledger whose every page and row is in order."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            (verdict,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            found = opened.execute("SELECT value FROM meta WHERE name = 'application'").fetchone()
    except sqlite3.Error as error:
        raise LedgerError(f"{file} is no ledger that can be read: {error}") from error
    if verdict != "ok" or found is None:
        raise LedgerError(f"{file} is damaged: {verdict}. Take another copy")


def put_back(copy: Path, file: Path, *, now: datetime) -> Path | None:
    """Put a copy in the place of a ledger that nobody has open; return where that one is now.

    Its write-ahead log goes with it: beside another file it would spoil that. Raises LedgerError
    for a copy that is not whole.
    """
    require_whole(copy)
    unfinished = file.with_name(f"{file.name}.unfinished")
    aside = file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%SZ}")
    had_one = file.exists()
    try:
        shutil.copyfile(copy, unfinished)
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{file}{ending}").rename(f"{aside}{ending}")
        unfinished.rename(file)
    except OSError as error:
        raise LedgerError(f"{copy} cannot be put at {file}: {error}") from error
    return aside if had_one else None


def move(source: Store, target: Store) -> tuple[Copied, ...]:
    """Copy every row, compare both, and let nobody open the source any more.

    The source is held still meanwhile, and both change in the end or neither; only if this
    process dies between the two commits does the target stand complete beside a source that
    still opens: an adapter goes on with the source then, and the target must be emptied.
    Raises LedgerError for a target that has ever been used.
    """
    with source.writing(WHOLE_LEDGER) as old, target.writing(WHOLE_LEDGER) as new:
        tables = [table for table in metadata.sorted_tables if table is not alembic_version]
        if any(new.execute(select(t).limit(1)).first() for t in tables if t is not meta):
            raise LedgerError(f"{target.name} is in use already; name an empty database")
        if old.dialect.name == "postgresql":
            for table in tables:
                old.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))
        new.execute(delete(meta))
        copied = tuple(_copy(old, new, table) for table in tables)
        old.execute(insert(meta).values(name=MOVED, value=target.name[:NOTE_LENGTH_MAX]))
    return copied


def _copy(old: Connection, new: Connection, table: Table) -> Copied:
    for rows in _rows(old, table):
        new.execute(insert(table), rows)
    there, here = _sums(old, table), _sums(new, table)
    if there != here:
        raise LedgerError(f"{table.name} was not copied whole: {there} is not {here}")
    _number_on(new, table)
    return Copied(table=table.name, rows=int(here[0]))


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = connection.execute(select(table).order_by(*table.primary_key.columns))
    for part in found.mappings().partitions(ROWS_AT_ONCE):
        yield [dict(row) for row in part]


def _sums(connection: Connection, table: Table) -> Sequence[Any]:
    """Count the rows, and add up every figure, amount and moment of them."""
    figures = [c for c in table.columns if isinstance(c.type, Cents | Moment | BigInteger)]
    sums = (func.sum(func.coalesce(c, 0, type_=BigInteger)) for c in figures)
    row = connection.execute(select(func.count(), *sums).select_from(table)).one()
    return [int(figure or 0) for figure in row]


def _number_on(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number the next row after the copied ones; SQLite does so by itself."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608  # our own names
            f"greatest((SELECT max(id) FROM {table.name}), 1), "
            f"(SELECT count(*) > 0 FROM {table.name}))"
        )
    )
