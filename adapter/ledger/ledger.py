"""The ledger: one database, its books, and the few questions that everybody asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, func, insert, select, update

from adapter.domain.redrive import RedriveRules
from adapter.ledger.columns import BillerNames
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
from adapter.ledger.uploads import UploadBook
from adapter.ledger.watermarks import WatermarkBook

Payload = TypeVar("Payload", bound=AnyPayload)
# The row of `meta` that is written to see whether one can.
_PROBE = "written"


class Ledger:
    """The adapter's durable truth; safe to use from many threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Names this process in leases and heartbeats.
        self.worker = str(uuid.uuid4())
        self.life = LedgerLife(store)
        self.exceptions = ExceptionBook(store)
        self.uploads = UploadBook(store)
        self.watermarks = WatermarkBook(store)
        self.snapshots = SnapshotBook(store)
        self.settlements = SettlementBook(store)
        self.figures = FigureBook(store)
        self.forgetting = ForgettingBook(store)

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
        chosen = select(func.min(work_items.c.next_at)).where(
            work_items.c.kind == kind.name, work_items.c.next_at.is_not(None)
        )
        with self._store.reading() as connection:
            if billers is None:
                questions = [chosen]
            else:
                questions = [chosen.where(work_items.c.biller == biller) for biller in billers]
            moments = [connection.execute(question).scalar_one() for question in questions]
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
        self._store.close()


def open_ledger(url: str, *, billers: Callable[[], Mapping[str, str]] | None = None) -> Ledger:
    """Open the ledger at an SQLAlchemy URL, making its tables in an empty database.

    `billers` returns the BillerGUID of each biller by its name in the settings: rows are kept by
    it. Raises LedgerError for a database that cannot be opened, that holds something else, or
    whose schema another version of the adapter wrote.
    """
    return Ledger(Store(url, None if billers is None else BillerNames(billers)))
