"""Notices when the file of an SQLite ledger is moved or deleted while it is open.

SQLite goes on writing to a file that no name leads to any more: what it commits then is gone at
the next start. So each use of a connection first looks whether the name still leads to its file.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from adapter.errors import LedgerError

_FILE = "file"


def require_file(engine: Engine) -> None:
    """Raise LedgerError where no file is: opening one would make it."""
    path = engine.url.database
    if not path or path == ":memory:" or engine.url.query.get("uri"):
        return
    if not os.path.exists(path):  # noqa: PTH110  # beside the look at each transaction
        raise LedgerError(no_ledger(path))


def no_ledger(name: str) -> str:
    """Say that there is none, and what to do."""
    return (
        f"there is no ledger at {name}. Mend `ledger` in the settings if it is elsewhere, or put "
        "back its copy; only where none was ever kept, start with --new-ledger"
    )


def follow_file(engine: Engine) -> None:
    """Refuse connections to a file that is gone, and make new ones to a file put in its place."""
    path = engine.url.database
    if not path or path == ":memory:" or engine.url.query.get("uri"):
        return
    was_there = False

    @event.listens_for(engine, "do_connect")
    def make_no_new_file(_dialect: Any, _record: Any, _arguments: Any, _parameters: Any) -> None:
        if was_there and _file_at(path) is None:
            raise _gone(path)

    @event.listens_for(engine, "connect")
    def remember(_connection: Any, record: Any) -> None:
        nonlocal was_there
        record.info[_FILE] = _file_at(path)
        was_there = True

    @event.listens_for(engine, "checkout")
    def look(_connection: Any, record: Any, _proxy: Any) -> None:
        present = _file_at(path)
        if present is None:
            raise _gone(path)
        if present != record.info[_FILE]:
            raise DisconnectionError(f"{path} is another file now")


def _file_at(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # at each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _gone(path: str) -> sqlite3.OperationalError:
    return sqlite3.OperationalError(f"{path} was moved or deleted; put it back, or restart")
