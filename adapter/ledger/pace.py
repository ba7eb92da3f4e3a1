"""A carrier's pace: how many receipts a minute its Spectrum is asked to take at most."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from adapter.ledger.holding import POSTABLE_STATES
from adapter.ledger.schema import deliveries, paces

MINUTE = timedelta(minutes=1)


def take_turn(connection: Connection, biller: str, now: datetime, per_minute: int) -> bool:
    """Count a post of this minute; without a turn left let every post wait for the next one.

    Counted in the ledger, so that all workers keep the pace together.
    """
    minute = now.replace(second=0, microsecond=0)
    row = connection.execute(select(paces).where(paces.c.biller == biller)).first()
    if row is None:
        connection.execute(insert(paces).values(biller=biller, minute=minute, posts=1))
        return True
    posts = row.posts if row.minute == minute else 0
    if posts >= per_minute:
        _wait(connection, biller, now, minute + MINUTE, per_minute)
        return False
    connection.execute(
        update(paces).where(paces.c.biller == biller).values(minute=minute, posts=posts + 1)
    )
    return True


def _wait(
    connection: Connection, biller: str, now: datetime, until: datetime, per_minute: int
) -> None:
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.biller == biller,
            deliveries.c.next_at <= now,
            deliveries.c.state.in_(POSTABLE_STATES),
            deliveries.c.lease_owner.is_(None),
        )
        .values(next_at=until, last_error=f"waits for its turn: {per_minute} receipts a minute")
    )
