"""Opening the ledger that a settings file names, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.ledger import Ledger
    from adapter.settings import FileSettings


@contextmanager
def open_ledger_of(config: Path) -> Iterator[Ledger]:
    """Open the ledger for a while; raises as reading the settings and opening it do."""
    from adapter.ledger import open_ledger
    from adapter.settings import FileSettings

    source = FileSettings(config)
    ledger = open_ledger(
        source.current().adapter.ledger, billers=lambda: source.current().biller_guids
    )
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def open_ledger_if_any(source: FileSettings) -> Iterator[Ledger | None]:
    """Open the ledger; before the first start there may be none yet."""
    from adapter.ledger import open_ledger
    from adapter.settings.field_types import sqlite_file_of

    view = source.current()
    file = sqlite_file_of(view.adapter.ledger)
    if file is not None and not file.exists():
        yield None
        return
    ledger = open_ledger(view.adapter.ledger, billers=lambda: view.biller_guids)
    try:
        yield ledger if ledger.life.identity() else None
    finally:
        ledger.close()
