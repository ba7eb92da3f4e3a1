"""Putting a payload on disk once, and which item of a lane counts where only the newest does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from adapter.domain.work_item import (
    SENDABLE_STATES,
    Accepted,
    Cause,
    Source,
    State,
    Step,
    WorkItem,
)
from adapter.ledger.exceptions import settle_about
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.item_rows import (
    add_event,
    find_item,
    insert_item,
    items_with_payload,
    read_items,
    received,
    take_step,
)
from adapter.ledger.schema import work_items

Payload = TypeVar("Payload", bound=AnyPayload)
_RECEIVED_FROM = {
    Source.DATA_PUMP: "received from the data pump",
    Source.PAYMENT_REPORT: "missing here and found in Invoice Cloud's payment report: received",
    Source.CUSTOMER_REPORT: "found in Invoice Cloud's customer report: received",
    Source.REJECT_REPORT: "found in Invoice Cloud's reject report: received",
}
# Open, and not on its way.
_AT_REST = (*SENDABLE_STATES, State.NEEDS_PERSON)


def accept_payload(
    connection: Connection,
    kind: ItemKind[Payload],
    payload: Payload,
    *,
    source: Source,
    now: datetime,
    correlation_id: str = "",
) -> Accepted[Payload]:
    """Write an item unless it is known; other content under its reference is a conflict.

    Raises BadInputError for what the kind does not take. Where only the newest counts, what this
    one makes old is superseded, and so is one that comes too late.
    """
    if kind.require is not None:
        kind.require(payload)
    reference = kind.reference(payload)
    known = find_item(connection, kind, biller=payload.biller, reference=reference)
    if known is not None:
        if known.payload.fingerprint() != payload.fingerprint():
            raise kind.conflict(payload, known.payload)
        return Accepted(item=known, repeated=True)
    values = {
        "source": source,
        "correlation_id": correlation_id,
        "state": State.WAITING,
        "accepted_at": now,
        "next_at": now,
        # What the report itself brought needs no second look at the report.
        "confirmed_at": now if source is Source.PAYMENT_REPORT else None,
    }
    item = insert_item(connection, kind, payload, values)
    add_event(connection, item.id, None, received(_RECEIVED_FROM[source]), now=now, attempt=0)
    if item.rank is not None:
        item = _keep_newest(connection, kind, item, now)
    return Accepted(item=item, repeated=False)


def newest_in_lane(connection: Connection, item: WorkItem[Any]) -> str | None:
    """Return the reference of the item that counts instead of this one, if one does."""
    newest = (
        select(work_items.c.reference, work_items.c.rank)
        .where(work_items.c.biller == item.biller, work_items.c.lane == item.lane)
        .order_by(work_items.c.rank.desc())
        .limit(1)
    )
    row = connection.execute(newest).one()
    return None if row.reference == item.reference else row.reference


def supersede(
    connection: Connection,
    kind: ItemKind[Payload],
    item: WorkItem[Payload],
    newest: str,
    *,
    now: datetime,
    last: Step | None = None,
) -> WorkItem[Payload]:
    """End an item because a newer one counts; `last` is what came of its last request.

    Where that may still arrive, it holds its lane until it has settled.
    """
    settles_at = (last or item).settles_at
    step = Step(
        to_state=State.SUPERSEDED,
        cause=Cause.SUPERSEDED,
        detail=f"superseded by the newer {newest}",
        may_have_left=settles_at is not None,
        settles_at=settles_at,
    )
    ended = take_step(connection, item, step, now=now, raise_fence=True)
    settle_about(
        connection,
        item.biller,
        kind.reviews,
        item.reference,
        now=now,
        resolution="a newer one counts instead",
    )
    return ended


def _keep_newest(
    connection: Connection, kind: ItemKind[Payload], item: WorkItem[Payload], now: datetime
) -> WorkItem[Payload]:
    """End this item if a newer one is known, or else every older one that is not on its way."""
    newest = newest_in_lane(connection, item)
    if newest is not None:
        return supersede(connection, kind, item, newest, now=now)
    older = items_with_payload(kind).where(
        work_items.c.biller == item.biller,
        work_items.c.lane == item.lane,
        work_items.c.id != item.id,
        work_items.c.state.in_(_AT_REST),
        work_items.c.lease_owner.is_(None),
    )
    for old in read_items(connection, kind, older):
        supersede(connection, kind, old, item.reference, now=now)
    return item
