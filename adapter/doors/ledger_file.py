"""Opening the ledger that a settings file names, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.ledger import Ledger


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
