"""Lanes: what must not overlap waits for one another here, and the database refuses the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, or_, select, update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import DOUBTFUL_STATES, SENDABLE_STATES, Holder, State, WorkItem
from adapter.ledger.columns import Biller
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.schema import HOLDS_LANE, exceptions, work_items

# An item behind a person is looked at this often, should waking it have failed.
HELD_BY_PERSON = timedelta(hours=1)
# An item behind another one is looked at no sooner than this, so that looking comes to an end.
HELD_LEAST = timedelta(seconds=1)

# Statements of every claim are built once: building one costs more than running it.
_BILLER = bindparam("of_biller", type_=Biller)
_LANE = bindparam("of_lane", type_=String)
_OTHER = (
    select(
        work_items.c.id,
        work_items.c.kind,
        work_items.c.reference,
        work_items.c.state,
        work_items.c.next_at,
        work_items.c.settles_at,
        work_items.c.lease_owner.is_not(None).label("is_leased"),
    )
    .where(
        work_items.c.biller == _BILLER,
        work_items.c.lane == _LANE,
        work_items.c.id != bindparam("own_id"),
        HOLDS_LANE,
    )
    .limit(1)
)
_QUESTION = (
    select(exceptions.c.payment_guid, exceptions.c.kind)
    .where(
        exceptions.c.biller == _BILLER,
        exceptions.c.invoice_number == bindparam("of_invoice", type_=String),
        exceptions.c.resolved_at.is_(None),
        exceptions.c.payment_guid.is_not(None),
    )
    .order_by(exceptions.c.id)
    .limit(1)
)
_HELD = (
    update(work_items)
    .where(
        work_items.c.biller == _BILLER,
        work_items.c.lane == _LANE,
        work_items.c.lease_owner.is_(None),
        work_items.c.next_at > bindparam("at"),
    )
    .values(next_at=bindparam("at"))
)
_WAKE_HELD = _HELD.where(work_items.c.waits_in_lane)
_WAKE = _HELD.where(or_(work_items.c.state == State.WAITING, work_items.c.waits_in_lane))


def holder_of(connection: Connection, item: WorkItem[Any]) -> Holder | None:
    """Return the other item that holds the lane of this one, if one does."""
    named = {"of_biller": item.biller, "of_lane": item.lane, "own_id": item.id}
    row = connection.execute(_OTHER, named).mappings().first()
    return None if row is None else Holder(**row)


def let_go(connection: Connection, holder: Holder) -> None:
    """Free the lane of a holder whose request has settled: a repeat of it would be harmless."""
    connection.execute(
        update(work_items)
        .where(work_items.c.id == holder.id)
        .values(may_have_left=False, settles_at=None)
    )


def question_about(
    connection: Connection, biller: str, invoice_number: str
) -> tuple[str, ExceptionKind] | None:
    """Return the payment, and why, whose open review item holds back posts on an invoice."""
    named = {"of_biller": biller, "of_invoice": invoice_number}
    row = connection.execute(_QUESTION, named).first()
    return None if row is None else (row.payment_guid, row.kind)


def has_to_wait(
    connection: Connection, kind: ItemKind[Any], due: WorkItem[Any], now: datetime
) -> bool:
    """Tell whether something stands before an item; put off what waits there with it."""
    holder = holder_of(connection, due)
    if holder is not None and holder.has_settled(now):
        let_go(connection, holder)
        holder = None
    if holder is not None:
        free_at = holder.settles_at or holder.next_at or now + HELD_BY_PERSON
        until = max(free_at, now + HELD_LEAST)
        reason = f"waits for {holder.description}"
    else:
        about = kind.subject(due.reference) if kind.held_by_review else {}
        number = about.get("invoice_number")
        question = None if number is None else question_about(connection, due.biller, number)
        if question is None:
            return False
        until = now + HELD_BY_PERSON
        reason = (
            f"waits for a person: payment {question[0]} on the same invoice is an exception "
            f"({question[1].value})"
        )
    wait_in_lane(connection, due, until=until, reason=reason, now=now)
    return True


def wait_in_lane(
    connection: Connection, item: WorkItem[Any], *, until: datetime, reason: str, now: datetime
) -> None:
    """Put an item off, and with it everything of its kind that is due in the lane.

    A holder that claimed one of them and slept may not send it: its fence is raised.
    """
    connection.execute(
        update(work_items)
        .where(
            work_items.c.biller == item.biller,
            work_items.c.lane == item.lane,
            work_items.c.kind == item.kind,
            work_items.c.state.in_(tuple(SENDABLE_STATES)),
            or_(
                work_items.c.id == item.id,
                and_(work_items.c.may_have_left.is_(False), work_items.c.lease_owner.is_(None)),
            ),
            work_items.c.next_at <= now,
        )
        .values(
            next_at=until,
            waits_in_lane=True,
            last_error=reason,
            lease_owner=None,
            lease_until=None,
            fence=work_items.c.fence + 1,
        )
    )


def postpone(
    connection: Connection,
    kind: str,
    biller: str,
    *,
    now: datetime,
    until: datetime,
    reason: str,
    looks: bool,
) -> int:
    """Put off everything of a kind and biller that is due, or all but looks for evidence."""
    states = SENDABLE_STATES | (DOUBTFUL_STATES if looks else frozenset())
    due = and_(
        work_items.c.kind == kind,
        work_items.c.biller == biller,
        work_items.c.next_at <= now,
        work_items.c.state.in_(tuple(states)),
    )
    wait = {"next_at": until, "last_error": reason}
    return connection.execute(update(work_items).where(due).values(wait)).rowcount


def wake_lane(connection: Connection, biller: str, lane: str, at: datetime) -> None:
    """Let what waits in a lane be looked at then, instead of later."""
    connection.execute(_WAKE, {"of_biller": biller, "of_lane": lane, "at": at})


def wake_held(connection: Connection, item: WorkItem[Any], at: datetime) -> None:
    """Wake only what this item held back: it has learned nothing, and is put off itself."""
    connection.execute(_WAKE_HELD, {"of_biller": item.biller, "of_lane": item.lane, "at": at})
