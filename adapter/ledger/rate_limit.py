"""How many requests of a kind a minute a biller's partner is asked to take at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from adapter.domain.work_item import SENDABLE_STATES, WorkItem
from adapter.ledger.schema import request_rates, work_items

MINUTE = timedelta(minutes=1)


def try_acquire(
    connection: Connection, item: WorkItem[Any], now: datetime, per_minute: int
) -> bool:
    """Count a request of this minute; when all are used, everything due waits for the next one.

    Counted in the ledger, so that all workers keep the limit together.
    """
    minute = now.replace(second=0, microsecond=0)
    mine = (request_rates.c.kind == item.kind) & (request_rates.c.biller == item.biller)
    row = connection.execute(select(request_rates).where(mine)).first()
    if row is None:
        first = {"kind": item.kind, "biller": item.biller, "minute": minute, "requests": 1}
        connection.execute(insert(request_rates), first)
        return True
    requests = row.requests if row.minute == minute else 0
    if requests >= per_minute:
        _wait(connection, item, now, minute + MINUTE, per_minute)
        return False
    used = {"minute": minute, "requests": requests + 1}
    connection.execute(update(request_rates).where(mine).values(**used))
    return True


def _wait(
    connection: Connection, item: WorkItem[Any], now: datetime, until: datetime, per_minute: int
) -> None:
    connection.execute(
        update(work_items)
        .where(
            work_items.c.kind == item.kind,
            work_items.c.biller == item.biller,
            work_items.c.next_at <= now,
            work_items.c.state.in_(tuple(SENDABLE_STATES)),
            or_(work_items.c.lease_owner.is_(None), work_items.c.id == item.id),
        )
        .values(next_at=until, last_error=f"rate limited to {per_minute} a minute")
    )
