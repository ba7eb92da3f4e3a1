"""The ledger: one database, its books, and the few questions that everybody asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, insert, select, update

from adapter.clock import Clock, SystemClock
from adapter.domain.redrive import RedriveRules
from adapter.ledger.balances import BalanceBook
from adapter.ledger.columns import BillerNames
from adapter.ledger.copying import Copied, move
from adapter.ledger.exceptions import ExceptionBook
from adapter.ledger.figures import FigureBook
from adapter.ledger.forgetting import ForgettingBook
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.item_list import ItemList
from adapter.ledger.life import LedgerLife
from adapter.ledger.outbox import Outbox
from adapter.ledger.redrive import Redrive
from adapter.ledger.schema import meta, work_items
from adapter.ledger.settlements import SettlementBook
from adapter.ledger.snapshots import SnapshotBook
from adapter.ledger.store import ConcurrentWriteError, Store
from adapter.ledger.turned_back import shorten_waits
from adapter.ledger.under_way import UnderWayBook
from adapter.ledger.uploads import UploadBook
from adapter.ledger.watermarks import WatermarkBook

Payload = TypeVar("Payload", bound=AnyPayload)
# The row of `meta` that is written to see whether one can.
_PROBE = "written"
# Asked after every job: building a statement costs more than running it.
_NEXT_OF_ALL = select(func.min(work_items.c.next_at)).where(
    work_items.c.kind == bindparam("kind"), work_items.c.next_at.is_not(None)
)
_NEXT_OF_ONE = _NEXT_OF_ALL.where(work_items.c.biller == bindparam("of"))


class Ledger:
    """The adapter's durable truth; safe to use from many threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Names this process in leases and heartbeats.
        self.worker = str(uuid.uuid4())
        self.life = LedgerLife(store, self.worker)
        self.balances = BalanceBook(store)
        self.exceptions = ExceptionBook(store)
        self.uploads = UploadBook(store)
        self.under_way = UnderWayBook(store)
        self.watermarks = WatermarkBook(store)
        self.snapshots = SnapshotBook(store)
        self.settlements = SettlementBook(store)
        self.figures = FigureBook(store)
        self.forgetting = ForgettingBook(store)

    def keep_time(self, clock: Clock) -> Clock:
        """Have a clock of real time follow the clock of all workers; return it.

        That is the database's on PostgreSQL, and on SQLite the machine's. Any other clock, as that
        of a world whose time is virtual, is shared already.
        """
        if isinstance(clock, SystemClock) and self._store.clock is not None:
            clock.follow(self._store.clock)
        return clock

    def shorten_waits(
        self, *, now: datetime, lease: timedelta, settle: timedelta, longest: timedelta
    ) -> int:
        """After a clock was turned back, let nothing wait for longer than is meant."""
        return shorten_waits(self._store, now=now, lease=lease, settle=settle, longest=longest)

    @property
    def name(self) -> str:
        """Return its address, without the password."""
        return self._store.name

    @property
    def was_made(self) -> bool:
        """Tell whether it was made when it was opened, because none was there."""
        return self._store.was_made

    def outbox(self, kind: ItemKind[Payload]) -> Outbox[Payload]:
        """Return what accepts the items of a kind and brings them to their end."""
        return Outbox(self._store, kind, self.worker)

    def items(self, kind: ItemKind[Payload]) -> ItemList[Payload]:
        """Return what finds the items of a kind."""
        return ItemList(self._store, kind)

    def redrive(self, kind: ItemKind[Payload], rules: RedriveRules) -> Redrive[Payload]:
        """Return what a person does to the items of a kind."""
        return Redrive(self._store, kind, rules)

    def next_due_at(
        self, kind: ItemKind[Any], billers: Iterable[str] | None = None
    ) -> datetime | None:
        """Return when the next item of a kind has to be looked at, of some billers or of all."""
        with self._store.reading() as connection:
            if billers is None:
                moments = [connection.execute(_NEXT_OF_ALL, {"kind": kind.name}).scalar_one()]
            else:
                asked = [{"kind": kind.name, "of": biller} for biller in billers]
                moments = [connection.execute(_NEXT_OF_ONE, each).scalar_one() for each in asked]
        return min((moment for moment in moments if moment is not None), default=None)

    def are_several_due(self, kind: ItemKind[Any], biller: str, *, now: datetime) -> bool:
        """Tell whether more than one item of a kind and biller is due."""
        due = (
            select(work_items.c.id)
            .where(
                work_items.c.kind == kind.name,
                work_items.c.biller == biller,
                work_items.c.next_at <= now,
            )
            .limit(2)
        )
        with self._store.reading() as connection:
            return len(connection.execute(due).all()) > 1

    def announce_to(self, listener: Callable[[Connection, str, str], None]) -> None:
        """Call a listener, within the transaction, for everything that becomes due by it.

        It gets the connection, the kind of item and the biller. What it writes on the connection
        is committed with the transaction, or not at all.
        """
        self._store.announce = listener

    def move_to(self, url: str, marks_folder: Path) -> tuple[Copied, ...]:
        """Copy everything into an empty database, after which nobody opens this one any more.

        This host's marks follow it: what was copied is the newest. Raises LedgerError, having
        changed nothing, where that cannot be done.
        """
        marks = self.life.marks_in(marks_folder)
        target = Store(url, self._store.names, make=True)
        try:
            copied = move(self._store, target)
            with suppress(OSError):  # else the next start will be a gap
                marks.follow(target.where())
        finally:
            target.close()
        return copied

    def check_writable(self) -> None:
        """Raise LedgerError unless a transaction can be committed now.

        What is written is new each time: a row that stays the same need not reach the disk.
        """
        row = {"name": _PROBE, "value": str(uuid.uuid4())}
        try:
            with self._store.writing() as connection:
                probe = update(meta).where(meta.c.name == _PROBE).values(**row)
                if connection.execute(probe).rowcount == 0:
                    connection.execute(insert(meta).values(**row))
        except ConcurrentWriteError:
            return  # somebody else has just written it

    def close(self) -> None:
        self.life.close()
        self._store.close()


def open_ledger(
    url: str, *, billers: Callable[[], Mapping[str, str]] | None = None, make: bool = False
) -> Ledger:
    """Open the ledger at an SQLAlchemy URL; `make` one where none is.

    `billers` returns the BillerGUID of each biller by its name in the settings: rows are kept by
    it. Raises LedgerError for a database that cannot be opened, that holds no ledger or something
    else, or whose schema another version of the adapter wrote; ConfigurationError where its
    driver is not installed.
    """
    return Ledger(Store(url, None if billers is None else BillerNames(billers), make=make))
