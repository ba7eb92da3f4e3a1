"""Since when a ledger is kept, and when each worker last wrote that it lives (decision 0029).

What was done in a time that the ledger does not know of must not be taken for undone.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from adapter.clock import require_aware
from adapter.ledger.schema import heartbeats, meta
from adapter.ledger.store import ConcurrentWriteError, Store

_BEGUN = "begun"


class LedgerLife:
    """The ledger's beginning, and its workers' heartbeats; times are UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, now: datetime) -> datetime:
        """Note the beginning of a new ledger; return the beginning of this one."""
        begun = require_aware(now, "now").astimezone(UTC).isoformat()
        with suppress(ConcurrentWriteError), self._store.writing() as connection:
            if self._begun(connection) is None:
                connection.execute(insert(meta).values(name=_BEGUN, value=begun))
        with self._store.reading() as connection:
            return datetime.fromisoformat(self._begun(connection) or begun)

    def _begun(self, connection: Connection) -> str | None:
        return connection.execute(select(meta.c.value).where(meta.c.name == _BEGUN)).scalar()

    def beat(self, worker: str, *, now: datetime) -> None:
        """Write that a worker lives; its heartbeat never goes back."""
        with self._store.writing() as connection:
            known = select(heartbeats.c.at).where(heartbeats.c.worker == worker)
            at = connection.execute(known).scalar()
            if at is None:
                connection.execute(insert(heartbeats).values(worker=worker, at=now))
            elif at < now:
                mine = update(heartbeats).where(heartbeats.c.worker == worker)
                connection.execute(mine.values(at=now))

    def last_heartbeat(self) -> datetime | None:
        """Return when any worker last wrote; None before the first."""
        with self._store.reading() as connection:
            last: datetime | None = connection.execute(select(func.max(heartbeats.c.at))).scalar()
            return last
