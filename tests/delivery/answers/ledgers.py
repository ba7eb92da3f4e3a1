"""Empty ledgers for a campaign, in the database that was asked for."""

import itertools
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from adapter.ledger import open_ledger
from tests.postgres import IN_MEMORY, Cluster, binaries

LEDGERS = ("sqlite", "postgresql")


@contextmanager
def ledgers_of(database):
    """Yield a maker of empty ledgers' URLs; they are gone at the end."""
    with _postgresql() if database == "postgresql" else _sqlite() as new_ledger:
        yield new_ledger


@contextmanager
def _postgresql():
    found = binaries()
    if found is None:
        raise SystemExit("apt-get install postgresql-15, which brings initdb and pg_ctl")
    cluster = Cluster(found, prepare=lambda url: open_ledger(url, make=True).close())
    try:
        yield cluster.new_database
    finally:
        cluster.remove()


@contextmanager
def _sqlite():
    numbers = itertools.count(1)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        empty = Path(folder) / "empty.db"
        open_ledger(f"sqlite:///{empty}", make=True).close()

        def copy():
            return f"sqlite:///{shutil.copy(empty, empty.with_name(f'{next(numbers)}.db'))}"

        yield copy
