"""After a clock was turned back, nothing waits longer than a rule can have meant (decision 0035).

What a clock that ran ahead had written would else lie still for as long as it was ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, func, select, update

from adapter.domain.work_item import DOUBTFUL_STATES, SENDABLE_STATES
from adapter.ledger.schema import balance_readings, heartbeats, work_events, work_items
from adapter.ledger.store import Store

# Clocks that differ by less do no harm: some rounding, or two looks at one clock.
NOTICED = timedelta(seconds=5)
# Asked at every heartbeat: building a statement costs more than running it.
_NEWEST_EVENT = select(work_events.c.at).order_by(work_events.c.id.desc()).limit(1)
_NEWEST_BEAT = select(func.max(heartbeats.c.at))


def is_turned_back(connection: Connection, now: datetime) -> bool:
    """Tell whether the ledger was written at a later time than it is now."""
    moments = [connection.execute(each).scalar() for each in (_NEWEST_EVENT, _NEWEST_BEAT)]
    return any(moment is not None and moment - now > NOTICED for moment in moments)


def shorten_waits(
    store: Store, *, now: datetime, lease: timedelta, settle: timedelta, longest: timedelta
) -> int:
    """Bring what lies too far ahead back to a whole wait from now; return how many items.

    A wait begins anew and is never cut: a lease lasts whole, a request settles whole. `longest` is
    the longest wait of what is only to be sent. May be called again and again.
    """
    with store.reading() as connection:
        if not is_turned_back(connection, now):
            return 0
    leased = work_items.c.lease_owner.is_not(None)
    sendable = work_items.c.state.in_(tuple(SENDABLE_STATES))
    doubtful = work_items.c.state.in_(tuple(DOUBTFUL_STATES))
    with store.writing() as connection:
        _shorten(connection, work_items.c.settles_at, now + settle)
        _shorten(connection, work_items.c.sent_at, now, work_items.c.may_have_left)
        # A receipt that was applied later than now would keep its invoice waiting until then.
        _shorten(connection, work_items.c.done_at, now)
        ahead = balance_readings.c.asked_at > now
        connection.execute(update(balance_readings).where(ahead).values(asked_at=now))
        _shorten(connection, work_items.c.lease_until, now + lease, leased)
        return sum(
            _shorten(connection, work_items.c.next_at, now + wait, which)
            for which, wait in (
                (leased, lease),
                (sendable & ~leased, longest),
                (doubtful & ~leased, settle),
            )
        )


def _shorten(connection: Connection, column: Column[Any], latest: datetime, *which: Any) -> int:
    """Set a moment to `latest` in every item in which it lies after it."""
    values: Mapping[str, datetime] = {column.name: latest}
    chosen = update(work_items).where(column > latest, *which)
    return connection.execute(chosen.values(values)).rowcount
