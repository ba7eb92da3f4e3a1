"""The files outside a world that must hold none of its secrets: databases, logs, reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

SCAN_CHUNK_BYTES = 1024 * 1024
# Longer than any secret, and than any token that is worth a name.
OVERLAP_BYTES = 4096
_SQLITE = b"SQLite format 3\x00"
# Beside a database: what it will hold, in its own form.
_DATABASE_COMPANIONS = ("-wal", "-shm", "-journal")


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file of any kind in pieces that overlap; nothing for one that is not there."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(SCAN_CHUNK_BYTES):
            yield tail + chunk
            tail = chunk[-OVERLAP_BYTES:]


def texts_of(path: Path) -> Iterator[str]:
    """Yield what a person reads in a file: a database's rows, or a text in pieces."""
    if path.name.endswith(_DATABASE_COMPANIONS) or not path.is_file():
        return
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        yield from _rows_of(path)
    else:
        yield from (piece.decode("utf-8", "replace") for piece in pieces_of(path))


def _rows_of(path: Path) -> Iterator[str]:
    """Yield every table of a database as lines of its values."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            tables = database.execute("select name from sqlite_master where type = 'table'")
            for (table,) in tables.fetchall():
                name = table.replace('"', '""')
                rows = database.execute(f'select * from "{name}"')  # noqa: S608  # its own name
                yield "\n".join(" | ".join(map(_text, row)) for row in rows)
    except sqlite3.Error:
        return  # somebody else's database, or one that is being made: its bytes are looked at


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
