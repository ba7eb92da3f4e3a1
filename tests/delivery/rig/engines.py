"""The engines that the rig kills: which processes belong to one, and where its ledger is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.clock import SystemClock
from adapter.domain.ledger_life import MARGIN
from adapter.ledger import Ledger, open_ledger
from adapter.settings.values import MARKS
from tests.postgres import Cluster, binaries


@contextmanager
def sqlite_ledger(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'ledger.db'}"


@contextmanager
def postgresql_ledger(_folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of one's own while the rig works."""
    found = binaries()
    if found is None:
        raise SystemExit("apt-get install postgresql-15, which brings initdb and pg_ctl")
    cluster = Cluster(found, prepare=lambda url: open_ledger(url, make=True).close())
    try:
        yield cluster.new_database()
    finally:
        cluster.remove()


def begin(ledger: Ledger, folder: Path) -> None:
    """Begin a ledger before its partners: no payment of theirs is older, or forgotten.

    `folder` is that of the settings files; the processes find there what proves it.
    """
    clock = SystemClock()
    ledger.life.begin(clock.now() - 2 * MARGIN)
    ledger.life.arrive(clock, folder / MARKS)
    ledger.life.leave(now=clock.now())
    ledger.life.close()


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine as an operator would run it: one command for each process, one ledger for all."""

    ledger: Callable[[Path], Any]
    commands: tuple[tuple[str, ...], ...]
    # Whether all its processes are on one machine, and so have one clock.
    is_one_machine: bool = True
    settings: dict[str, Any] = field(default_factory=dict)


ENGINES = {
    "embedded": Engine(ledger=sqlite_ledger, commands=(("serve",),)),
    "embedded-pair": Engine(ledger=sqlite_ledger, commands=(("serve",), ("serve",))),
    "procrastinate": Engine(
        ledger=postgresql_ledger,
        commands=(("serve", "--doors-only"), ("worker",), ("worker",)),
        is_one_machine=False,
        settings={"engine": "procrastinate"},
    ),
}
