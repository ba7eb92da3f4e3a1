"""Rows of work items: accepted once, read with their payload, moved with their events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select, update

from adapter.domain.work_item import (
    DOUBTFUL_STATES,
    SENDABLE_STATES,
    Accepted,
    BalanceReading,
    Cause,
    ItemEvent,
    Source,
    State,
    Step,
    WorkItem,
)
from adapter.errors import BadInputError, LeaseLostError, MalformedRowError, NotFoundError
from adapter.ledger.exceptions import DETAIL_LENGTH_MAX, settle_about
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.schema import balance_readings, work_events, work_items

Payload = TypeVar("Payload", bound=AnyPayload)
Values = dict[str, Any]
# How many names one statement asks for: every database takes that many.
NAMES_PER_STATEMENT = 500
_NOT_OF_ITEM = {"fingerprint", "waits_in_lane"}
_ITEM_FIELDS = tuple(c.name for c in work_items.c if c.name not in _NOT_OF_ITEM)
_BALANCE_BEFORE = (
    select(balance_readings.c.balance)
    .where(
        balance_readings.c.item_id == work_items.c.id,
        balance_readings.c.is_before,
    )
    .order_by(balance_readings.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("balance_before")
)
# Statements of every delivery are built once: building one costs more than running it.
_INSERT_EVENT = insert(work_events)
_INSERT_READING = insert(balance_readings)
# An item that is still as its holder knows it; the parameters say what else is set.
_HELD = (
    update(work_items)
    .where(
        work_items.c.id == bindparam("held_id"),
        work_items.c.fence == bindparam("held_fence"),
        work_items.c.state == bindparam("held_state"),
    )
    .values(waits_in_lane=False)
)
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
    step = Step(to_state=State.WAITING, cause=Cause.RECEIVED, detail=_RECEIVED_FROM[source])
    add_event(connection, item.id, None, step, now=now, attempt=0)
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
    for old in readable_items(connection, kind, older):
        supersede(connection, kind, old, item.reference, now=now)
    return item


@cache
def items_with_payload(kind: ItemKind[Any]) -> Select[Any]:
    """Select the items of a kind; one whose payload is missing is found too, and unreadable."""
    payload = [column for column in kind.table.c if column.name != "item_id"]
    return (
        select(work_items, *payload, _BALANCE_BEFORE)
        .select_from(work_items.outerjoin(kind.table, kind.table.c.item_id == work_items.c.id))
        .where(work_items.c.kind == kind.name)
    )


def item_of(kind: ItemKind[Payload], row: RowMapping) -> WorkItem[Payload]:
    """Read a row; raises MalformedRowError where it holds what the adapter never writes."""
    fields = {name: row[name] for name in _ITEM_FIELDS}
    if not all(isinstance(fields[name], int) for name in ("attempts", "fence")):
        raise MalformedRowError("a row of the ledger is malformed: it needs whole numbers")
    try:
        payload = kind.read(row)
    except MalformedRowError:
        raise
    except (BadInputError, AttributeError, TypeError, ValueError) as error:
        rule = error.rule if isinstance(error, BadInputError) else type(error).__name__
        raise MalformedRowError(
            f"a row of the ledger cannot be read as {kind.name}: {rule}"
        ) from None
    return WorkItem(payload=payload, balance_before=row["balance_before"], **fields)


def due_item_of(kind: ItemKind[Payload], row: RowMapping) -> WorkItem[Payload]:
    """Read a due row; raises MalformedRowError, also for a state in which nothing is due."""
    item = item_of(kind, row)
    if item.state not in SENDABLE_STATES | DOUBTFUL_STATES:
        state = item.state.value
        raise MalformedRowError(f"a row of the ledger is malformed: {state} is never due")
    return item


def find_item(
    connection: Connection, kind: ItemKind[Payload], *, biller: str, reference: str
) -> WorkItem[Payload] | None:
    chosen = items_with_payload(kind).where(
        work_items.c.biller == biller, work_items.c.reference == reference
    )
    row = connection.execute(chosen).mappings().first()
    return None if row is None else item_of(kind, row)


def read_item(connection: Connection, kind: ItemKind[Payload], item_id: int) -> WorkItem[Payload]:
    """Return an item by its number; raises NotFoundError, and as `item_of` does."""
    chosen = items_with_payload(kind).where(work_items.c.id == item_id)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise NotFoundError(f"the {kind.name} {item_id} is gone")
    return item_of(kind, row)


def read_items(
    connection: Connection, kind: ItemKind[Payload], chosen: Select[Any]
) -> tuple[WorkItem[Payload], ...]:
    return tuple(item_of(kind, row) for row in connection.execute(chosen).mappings())


def insert_item(
    connection: Connection, kind: ItemKind[Payload], payload: Payload, values: Values
) -> WorkItem[Payload]:
    """Write an item that is new, and what it carries; `values` are its source, state and times."""
    whole: Values = dict.fromkeys(_ITEM_FIELDS) | {
        "kind": kind.name,
        "biller": payload.biller,
        "reference": kind.reference(payload),
        "lane": kind.lane(payload),
        "rank": None if kind.rank is None else kind.rank(payload),
        "may_have_left": False,
        "like_answers": 0,
        "released": False,
        "attempts": 0,
        "fence": 0,
        "last_error": "",
        **values,
    }
    del whole["id"]
    written = {**whole, "fingerprint": payload.fingerprint()}
    key = connection.execute(insert(work_items), written).inserted_primary_key
    item_id = key[0] if key else 0
    connection.execute(insert(kind.table), {"item_id": item_id, **kind.values(payload)})
    return WorkItem(id=item_id, payload=payload, **whole)


def change_item(
    connection: Connection, item: WorkItem[Payload], values: Values
) -> WorkItem[Payload]:
    """Update an item if it is still as its holder knows it, and return what it is now."""
    held = {"held_id": item.id, "held_fence": item.fence, "held_state": item.state}
    if connection.execute(_HELD, {**values, **held}).rowcount != 1:
        raise LeaseLostError(
            f"the lease on {item.kind} {item.reference} has ended, and another holder has it"
        )
    return replace(item, **values)


def add_event(
    connection: Connection,
    item_id: int,
    before: State | None,
    step: Step,
    *,
    now: datetime,
    attempt: int,
) -> None:
    """Write what moved an item, with the state that it led to."""
    connection.execute(
        _INSERT_EVENT,
        {
            "item_id": item_id,
            "at": now,
            "from_state": before,
            "to_state": step.to_state,
            "review": step.review,
            "cause": step.cause,
            "detail": step.detail[:DETAIL_LENGTH_MAX],
            "attempt": attempt,
        },
    )


def add_reading(
    connection: Connection,
    item_id: int,
    reading: BalanceReading,
    *,
    is_before: bool = False,
) -> None:
    """Keep a balance that was read, and whether the item's posts are judged by it from now on."""
    row = {"item_id": item_id, "is_before": is_before, **vars(reading)}
    connection.execute(_INSERT_READING, row)


def take_step(
    connection: Connection,
    item: WorkItem[Payload],
    step: Step,
    *,
    now: datetime,
    raise_fence: bool = False,
) -> WorkItem[Payload]:
    """Write the state that a step leads to and its event, and end the lease."""
    is_done = step.to_state is State.DONE
    values: Values = {
        "state": step.to_state,
        "review": step.review if step.to_state is State.NEEDS_PERSON else None,
        "may_have_left": step.holds_lane,
        "next_at": step.next_at,
        "settles_at": step.settles_at,
        "done_at": now if is_done else None,
        "lease_owner": None,
        "lease_until": None,
        "receipt_id": step.receipt_id,
        "evidence": step.evidence,
        "last_error": "" if is_done else step.detail[:DETAIL_LENGTH_MAX],
    }
    if item.state is State.SENDING and step.holds_lane:
        values["sent_at"] = now  # until now the request may have been under way
    if step.attempts is not None:
        values["attempts"] = step.attempts
    if step.answer is not None:
        values["last_answer"] = step.answer
        values["like_answers"] = item.like_answers * (step.answer is item.last_answer) + 1
    if step.looks_anew:
        values |= {"looked_since": None, "feed_lacked_since": None}
    if step.to_state is State.NEEDS_PERSON:
        values["released"] = False  # what she saw is so no longer
    if step.released_by is not None:
        values |= {"released": True, "last_answer": None, "like_answers": 0}
        add_reading(connection, item.id, step.released_by, is_before=True)
    if raise_fence:
        values["fence"] = item.fence + 1
    changed = change_item(connection, item, values)
    add_event(connection, item.id, item.state, step, now=now, attempt=changed.attempts)
    return changed


def readable_items(
    connection: Connection, kind: ItemKind[Payload], chosen: Select[Any]
) -> tuple[WorkItem[Payload], ...]:
    """Return those items that can be read; the others are set aside when they are due."""
    found: list[WorkItem[Payload]] = []
    rows = connection.execute(chosen).mappings()
    while True:
        with suppress(MalformedRowError):
            row = rows.fetchone()
            if row is None:
                return tuple(found)
            found.append(item_of(kind, row))


def event_of(row: RowMapping) -> ItemEvent:
    return ItemEvent(**{k: v for k, v in row.items() if k not in {"id", "item_id"}})


def parts_of(names: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a list of names into as many as one statement takes."""
    for start in range(0, len(names), NAMES_PER_STATEMENT):
        yield names[start : start + NAMES_PER_STATEMENT]


def subject_of(kind: ItemKind[Any], reference: str) -> dict[str, str]:
    """Return what a review item about an item names."""
    return {**kind.subject(reference), "reference": reference}
