"""The outbox: claiming what is due, and recording what came of it (decision 0029).

A claim leases an item and raises its fence. Whatever is recorded names that fence, so a holder
whose item was claimed again since can record nothing. While an item is leased, `next_at` is the
lease's end: one that its holder never came back to is due again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, bindparam, update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import (
    DOUBTFUL_STATES,
    SENDABLE_STATES,
    TRANSITIONS,
    Accepted,
    BalanceReading,
    Cause,
    Patience,
    Source,
    State,
    Step,
    WorkItem,
)
from adapter.errors import ContentConflictError, LeaseLostError, MalformedRowError
from adapter.ledger.columns import Biller
from adapter.ledger.exceptions import (
    DETAIL_LENGTH_MAX,
    open_exception,
    settle_about,
    was_opened,
)
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.items import (
    accept_payload,
    add_event,
    add_reading,
    change_item,
    due_item_of,
    items_with_payload,
    newest_in_lane,
    parts_of,
    read_item,
    subject_of,
    supersede,
    take_step,
)
from adapter.ledger.lanes import has_to_wait, postpone, wake_held, wake_lane
from adapter.ledger.rate_limit import try_acquire
from adapter.ledger.schema import work_items
from adapter.ledger.store import ConcurrentWriteError, Store
from adapter.ledger.unreadable import set_aside

Payload = TypeVar("Payload", bound=AnyPayload)
# Another worker may take the item, or its lane, a moment before us; never this often on end.
LOST_RACES_MAX = 100
_DUE_ORDER = (work_items.c.next_at, work_items.c.id)


@cache
def _first_due(kind: ItemKind[Any]) -> Select[Any]:
    """Select what is due first; built once for each kind, which costs more than running it."""
    return (
        items_with_payload(kind)
        .where(
            work_items.c.biller == bindparam("biller", type_=Biller),
            work_items.c.next_at <= bindparam("now"),
            work_items.c.state != State.SENDING,  # so that an unreadable one is found too
        )
        .order_by(*_DUE_ORDER)
        .limit(1)
    )


class Outbox(Generic[Payload]):
    """The items of one kind; every method is one transaction, and none calls a partner."""

    def __init__(self, store: Store, kind: ItemKind[Payload], worker: str) -> None:
        self._store = store
        self._kind = kind
        self._worker = worker

    def accept(
        self, payload: Payload, *, source: Source, now: datetime, correlation_id: str = ""
    ) -> Accepted[Payload]:
        """Put a payload on disk in one committed transaction.

        The same reference again answers the same, and keeps the correlation id it came with
        first; other content under it raises ContentConflictError.
        """

        def accept() -> Accepted[Payload]:
            with self._store.writing(payload.biller) as connection:
                accepted = accept_payload(
                    connection,
                    self._kind,
                    payload,
                    source=source,
                    now=now,
                    correlation_id=correlation_id,
                )
                if not accepted.repeated:
                    self._store.announce(connection, self._kind.name, payload.biller)
                return accepted

        try:
            return accept()
        except ConcurrentWriteError:  # another writer accepted it just now
            return accept()

    def accept_all(
        self, payloads: Sequence[Payload], *, source: Source, now: datetime
    ) -> tuple[list[Payload], list[Payload]]:
        """Put payloads on disk in one transaction; return the new, and those known otherwise.

        One that is known with other content stays as it is.
        """
        new: list[Payload] = []
        conflicting: list[Payload] = []
        with self._store.writing(*(each.biller for each in payloads)) as connection:
            for each in payloads:
                try:
                    accepted = accept_payload(connection, self._kind, each, source=source, now=now)
                except ContentConflictError:
                    conflicting.append(each)
                    continue
                new += [] if accepted.repeated else [each]
            for biller in sorted({each.biller for each in new}):
                self._store.announce(connection, self._kind.name, biller)
        return new, conflicting

    def confirm(self, item_ids: Iterable[int], *, now: datetime) -> int:
        """Note, once and for ever, that the partner's report agrees; return how many are new."""
        confirmed = 0
        with self._store.writing() as connection:
            for part in parts_of(list(item_ids)):
                confirmed += connection.execute(
                    update(work_items)
                    .where(work_items.c.id.in_(part), work_items.c.confirmed_at.is_(None))
                    .values(confirmed_at=now)
                ).rowcount
        return confirmed

    def claim_due(
        self, biller: str, *, now: datetime, lease_seconds: float, per_minute: int | None = None
    ) -> WorkItem[Payload] | None:
        """Lease the item of this biller that is due first, or return None.

        An item waits while another one holds its lane, or a person has to look first; with
        `per_minute`, also once so many were begun within a minute.
        """
        lost_races = 0
        while True:
            try:
                with self._store.writing(biller) as connection:
                    due = self._due(connection, biller, now)
                    if due is None:
                        return None
                    # One that has to wait is put off, so the next look finds another.
                    if due.state in SENDABLE_STATES and (
                        self._is_superseded(connection, due, now)
                        or has_to_wait(connection, self._kind, due, now)
                        or (
                            per_minute is not None
                            and not try_acquire(connection, due, now, per_minute)
                        )
                    ):
                        continue
                    until = now + timedelta(seconds=lease_seconds)
                    lease = {
                        "lease_owner": self._worker,
                        "lease_until": until,
                        "next_at": until,
                        "fence": due.fence + 1,
                    }
                    return change_item(connection, due, lease)
            except (ConcurrentWriteError, LeaseLostError):
                lost_races += 1
                if lost_races == LOST_RACES_MAX:
                    raise

    def begin_sending(
        self,
        item: WorkItem[Payload],
        *,
        detail: str,
        now: datetime,
        lease_seconds: float,
        reading: BalanceReading | None = None,
    ) -> WorkItem[Payload]:
        """Commit that the request is about to leave, and the balance before it; renew the lease.

        From here on, whatever happens, it may have left. A reading is what the item is judged by
        only while none of its requests may have left.
        """
        until = now + timedelta(seconds=lease_seconds)
        step = Step(to_state=State.SENDING, cause=Cause.SENT, detail=detail)
        values = {
            "state": step.to_state,
            "may_have_left": True,
            "attempts": item.attempts + 1,
            "sent_at": now,
            "released": False,
            "looked_since": None,
            "feed_lacked_since": None,
            "lease_until": until,
            "next_at": until,
        }
        with self._store.writing() as connection:
            changed = change_item(connection, item, values)
            add_event(connection, item.id, item.state, step, now=now, attempt=changed.attempts)
            if reading is not None:
                add_reading(connection, item.id, reading, is_before=not item.may_have_left)
        return changed

    def record(
        self,
        item: WorkItem[Payload],
        step: Step,
        *,
        now: datetime,
        reading: BalanceReading | None = None,
    ) -> WorkItem[Payload]:
        """Write the state, its event and its review item together, and end the lease.

        What did not arrive, and is not the newest of its lane any more, is superseded instead.
        """
        if step.to_state not in TRANSITIONS.get(item.state, frozenset()):
            raise ValueError(f"{item.state} is never followed by {step.to_state}")
        with self._store.writing(item.biller) as connection:
            newest = None
            if item.rank is not None and step.to_state is not State.DONE:
                newest = newest_in_lane(connection, item)
            if newest is not None:
                changed = supersede(connection, self._kind, item, newest, now=now, last=step)
                step = replace(step, to_state=State.SUPERSEDED, review=None)
            else:
                changed = take_step(connection, item, step, now=now)
            if reading is not None:
                add_reading(connection, item.id, reading)
            if step.review is not None:
                self._open(connection, item, step.review, step.detail, now)
            if item.state in DOUBTFUL_STATES or (
                step.to_state is State.DONE and changed.attempts > 1
            ):  # of a first try, nothing has been asked
                settle_about(
                    connection,
                    item.biller,
                    [kind for kind in self._kind.reviews if kind is not step.review],
                    item.reference,
                    now=now,
                    resolution="it was settled after all",
                )
            if not step.holds_lane or step.settles_at is not None:
                wake_lane(connection, item.biller, item.lane, step.settles_at or now)
            return changed

    def put_off(
        self,
        item: WorkItem[Payload],
        *,
        until: datetime,
        reason: str,
        now: datetime,
        overdue: ExceptionKind | None = None,
        reading: BalanceReading | None = None,
        patience: Patience | None = None,
    ) -> WorkItem[Payload]:
        """End the lease without a step: nothing was learned. What is overdue is reviewed, once."""
        values = {
            "next_at": until,
            "lease_owner": None,
            "lease_until": None,
            "last_error": reason[:DETAIL_LENGTH_MAX],
            **({} if patience is None else vars(patience)),
        }
        with self._store.writing(item.biller) as connection:
            changed = change_item(connection, item, values)
            if not item.may_have_left:
                wake_held(connection, item, now)
            if reading is not None:
                add_reading(connection, item.id, reading)
            if overdue is not None and not was_opened(
                connection, item.biller, overdue, item.reference, item.sent_at or now
            ):
                self._open(connection, item, overdue, reason, now)
            return changed

    def expire_leases(
        self, biller: str, *, now: datetime, step_for: Callable[[WorkItem[Payload]], Step]
    ) -> int:
        """Take the step for every item whose sender recorded nothing within its lease.

        Nobody asks whether the sender still lives: raising the fence is enough.
        """
        chosen = (
            items_with_payload(self._kind)
            .where(
                work_items.c.biller == biller,
                work_items.c.next_at <= now,
                work_items.c.state == State.SENDING,
            )
            .order_by(*_DUE_ORDER)
        )
        expired = 0
        with self._store.writing(biller) as connection:
            ids = connection.execute(chosen.with_only_columns(work_items.c.id)).scalars().all()
            for item_id in ids:
                try:
                    item = read_item(connection, self._kind, item_id)
                except MalformedRowError as error:
                    set_aside(connection, self._kind, item_id, str(error), now)
                    continue
                step = step_for(item)
                take_step(connection, item, step, now=now, raise_fence=True)
                if step.review is not None:
                    self._open(connection, item, step.review, step.detail, now)
                expired += 1
        return expired

    def postpone_due(
        self, biller: str, *, now: datetime, until: datetime, reason: str, looks: bool = True
    ) -> int:
        """Let everything due wait, because of a setting, or all but `looks`; no try is used up."""
        with self._store.writing(biller) as connection:
            return postpone(
                connection,
                self._kind.name,
                biller,
                now=now,
                until=until,
                reason=reason,
                looks=looks,
            )

    def _due(self, connection: Connection, biller: str, now: datetime) -> WorkItem[Payload] | None:
        """Return what is due first and can be read; what cannot is set aside on the way."""
        asked = {"biller": biller, "now": now}
        question = _first_due(self._kind)
        while True:
            try:
                row = connection.execute(question, asked).mappings().first()
                return None if row is None else due_item_of(self._kind, row)
            except MalformedRowError as error:
                only_id = question.with_only_columns(work_items.c.id)
                found = connection.execute(only_id, asked).scalar_one()
                set_aside(connection, self._kind, found, str(error), now)

    def _is_superseded(
        self, connection: Connection, due: WorkItem[Payload], now: datetime
    ) -> bool:
        """Tell whether a newer item of the lane counts instead, and end this one then."""
        newest = None if due.rank is None else newest_in_lane(connection, due)
        if newest is None:
            return False
        supersede(connection, self._kind, due, newest, now=now)
        return True

    def _open(
        self,
        connection: Connection,
        item: WorkItem[Payload],
        kind: ExceptionKind,
        detail: str,
        now: datetime,
    ) -> None:
        subject = subject_of(self._kind, item.reference)
        open_exception(connection, item.biller, kind, detail, now=now, **subject)
