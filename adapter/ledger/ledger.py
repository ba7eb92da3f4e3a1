"""The ledger: one database, its books, and the few questions that everybody asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, update

from adapter.domain.delivery import Source
from adapter.domain.payment import Payment
from adapter.ledger.claims import ClaimBook
from adapter.ledger.counts import CountBook
from adapter.ledger.deliveries import Accepted, DeliveryBook
from adapter.ledger.enrollment_claims import PushBook
from adapter.ledger.enrollments import EnrollmentBook
from adapter.ledger.exceptions import ExceptionBook
from adapter.ledger.figures import FigureBook
from adapter.ledger.forgetting import ForgettingBook
from adapter.ledger.listing import DeliveryList
from adapter.ledger.redrive import RedriveBook
from adapter.ledger.reversal_claims import ReversalClaims
from adapter.ledger.reversals import ReversalBook
from adapter.ledger.schema import meta
from adapter.ledger.settlements import SettlementBook
from adapter.ledger.snapshots import SnapshotBook
from adapter.ledger.store import ConcurrentWriteError, Due, Store
from adapter.ledger.uploads import UploadBook
from adapter.ledger.watermarks import WatermarkBook

# The row of `meta` that is written to see whether one can.
_PROBE = "written"


class Ledger:
    """The adapter's durable truth; safe to use from many threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.deliveries = DeliveryBook(store)
        self.claims = ClaimBook(store)
        self.figures = FigureBook(store)
        self.listing = DeliveryList(store)
        self.redrives = RedriveBook(store)
        self.exceptions = ExceptionBook(store)
        self.uploads = UploadBook(store)
        self.watermarks = WatermarkBook(store)
        self.enrollments = EnrollmentBook(store)
        self.pushes = PushBook(store)
        self.snapshots = SnapshotBook(store)
        self.reversals = ReversalBook(store)
        self.reversal_claims = ReversalClaims(store)
        self.settlements = SettlementBook(store)
        self.counts = CountBook(store)
        self.forgetting = ForgettingBook(store)

    def announce_to(self, listener: Callable[[Connection, Due, str], None]) -> None:
        """Tell a listener, within the transaction, of everything that becomes due by it.

        What the listener writes on the connection is committed with it, or not at all.
        """
        self._store.announce = listener

    def accept(
        self, payment: Payment, *, source: Source, now: datetime, correlation_id: str = ""
    ) -> Accepted:
        """Take a payment over: it is on disk when this returns."""
        return self.deliveries.accept(
            payment, source=source, now=now, correlation_id=correlation_id
        )

    def next_due_at(self, billers: Iterable[str] | None = None) -> datetime | None:
        """Return when a delivery has to be looked at next, of some billers or of all."""
        return self.claims.next_due_at(billers)

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


def open_ledger(url: str) -> Ledger:
    """Open the ledger at an SQLAlchemy URL, making its tables in an empty database.

    Raises LedgerError for a database that cannot be opened, that holds something else, or whose
    schema another version of the adapter wrote.
    """
    return Ledger(Store(url))
