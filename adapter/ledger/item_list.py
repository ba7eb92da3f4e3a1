"""Finding work items as an operator asks for them, and what is known about one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from adapter.domain.exceptions import ExceptionItem, ExceptionKind
from adapter.domain.work_item import DOUBTFUL_STATES, Holder, ItemEvent, State, WorkItem
from adapter.ledger.exceptions import EXCEPTIONS, read_exceptions
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.items import (
    event_of,
    find_item,
    items_with_payload,
    read_items,
    readable_items,
)
from adapter.ledger.lanes import holder_of
from adapter.ledger.schema import exceptions, work_events, work_items
from adapter.ledger.store import Store

Payload = TypeVar("Payload", bound=AnyPayload)
# Ids are 64-bit integers in every database; more digits are no id.
_ID_DIGITS_MAX = 18


class ItemList(Generic[Payload]):
    """Reads the items of one kind; reading never waits for a writer."""

    def __init__(self, store: Store, kind: ItemKind[Payload]) -> None:
        self._store = store
        self._kind = kind

    def find(self, biller: str, reference: str) -> WorkItem[Payload] | None:
        with self._store.reading() as connection:
            return find_item(connection, self._kind, biller=biller, reference=reference)

    def named(
        self, name: str, *, biller: str | None = None, within: str | None = None
    ) -> tuple[WorkItem[Payload], ...]:
        """Return the items that a person may mean by a number, a reference or a GUID.

        One GUID may name several, such as a payment of several invoices; `within` is the second
        part of the reference, such as the invoice.
        """
        chosen = self._of(biller)
        if name.isascii() and name.isdigit() and len(name) <= _ID_DIGITS_MAX:
            chosen = chosen.where(work_items.c.id == int(name))
        else:
            first = work_items.c.reference.startswith(f"{name}:", autoescape=True)
            chosen = chosen.where(or_(work_items.c.reference == name, first))
        if within is not None:
            chosen = chosen.where(work_items.c.reference.endswith(f":{within}", autoescape=True))
        with self._store.reading() as connection:
            return read_items(connection, self._kind, chosen.order_by(work_items.c.id))

    def newest(
        self,
        *,
        limit: int,
        biller: str | None = None,
        states: Collection[State] | None = None,
        reviews: Collection[ExceptionKind] | None = None,
        lane: str | None = None,
    ) -> tuple[WorkItem[Payload], ...]:
        """Return at most `limit` items, those that were accepted last first."""
        chosen = _in_states(self._of(biller), states, reviews)
        if lane is not None:
            chosen = chosen.where(work_items.c.lane == lane)
        with self._store.reading() as connection:
            newest_first = chosen.order_by(work_items.c.id.desc()).limit(limit)
            return read_items(connection, self._kind, newest_first)

    def for_person(self, biller: str | None = None) -> tuple[WorkItem[Payload], ...]:
        """Return the items that a person's finding is asked of, those accepted first foremost.

        What is looked at still is among them where a review item of it is open.
        """
        is_asked = exists().where(
            exceptions.c.biller == work_items.c.biller,
            exceptions.c.reference == work_items.c.reference,
            exceptions.c.kind.in_(self._kind.reviews),
            exceptions.c.resolved_at.is_(None),
        )
        asked_meanwhile = work_items.c.state.in_(tuple(DOUBTFUL_STATES)) & is_asked
        chosen = self._of(biller).where(
            or_(work_items.c.state == State.NEEDS_PERSON, asked_meanwhile)
        )
        oldest_first = chosen.order_by(work_items.c.accepted_at, work_items.c.id)
        with self._store.reading() as connection:
            return readable_items(connection, self._kind, oldest_first)

    def whose(
        self, biller: str, *conditions: ColumnElement[bool]
    ) -> tuple[WorkItem[Payload], ...]:
        """Return a biller's items whose payload fulfils conditions, by id.

        The payloads are asked by themselves: no database begins with them in an outer join.
        """
        fitting = select(self._kind.table.c.item_id).where(*conditions)
        chosen = self._of(biller).where(work_items.c.id.in_(fitting))
        with self._store.reading() as connection:
            return read_items(connection, self._kind, chosen.order_by(work_items.c.id))

    def newest_of_lanes(
        self, biller: str, *conditions: ColumnElement[bool]
    ) -> tuple[WorkItem[Payload], ...]:
        """Return the item of each lane that counts, of those whose payload fulfils conditions."""
        newest = (
            select(work_items.c.lane, func.max(work_items.c.rank).label("rank"))
            .join(self._kind.table, self._kind.table.c.item_id == work_items.c.id)
            .where(
                work_items.c.kind == self._kind.name, work_items.c.biller == biller, *conditions
            )
            .group_by(work_items.c.lane)
            .subquery()
        )
        chosen = self._of(biller).join(
            newest, (work_items.c.lane == newest.c.lane) & (work_items.c.rank == newest.c.rank)
        )
        with self._store.reading() as connection:
            return readable_items(connection, self._kind, chosen)

    def page(
        self,
        *,
        limit: int,
        after: int = 0,
        biller: str | None = None,
        states: Collection[State] | None = None,
        reviews: Collection[ExceptionKind] | None = None,
    ) -> tuple[WorkItem[Payload], ...]:
        """Return at most `limit` items with an id beyond `after`, by id."""
        chosen = _in_states(self._of(biller), states, reviews).where(work_items.c.id > after)
        with self._store.reading() as connection:
            in_order = chosen.order_by(work_items.c.id).limit(limit)
            return read_items(connection, self._kind, in_order)

    def events(self, item_id: int) -> tuple[ItemEvent, ...]:
        """Return everything that happened to an item, oldest first."""
        chosen = select(work_events).where(work_events.c.item_id == item_id)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(work_events.c.id)).mappings()
            return tuple(event_of(row) for row in rows)

    def open_exceptions(self, item: WorkItem[Payload]) -> tuple[ExceptionItem, ...]:
        """Return what is open about an item, or holds it back, oldest first."""
        about = exceptions.c.reference == item.reference
        number = self._kind.subject(item.reference).get("invoice_number")
        if number is not None:
            about = or_(
                about,
                (exceptions.c.invoice_number == number) & exceptions.c.payment_guid.is_not(None),
            )
        chosen = EXCEPTIONS.where(
            exceptions.c.biller == item.biller, exceptions.c.resolved_at.is_(None), about
        )
        with self._store.reading() as connection:
            return read_exceptions(connection, chosen.order_by(exceptions.c.id))

    def holder(self, item: WorkItem[Payload], *, now: datetime) -> Holder | None:
        """Return the other item that holds this one's lane, if one does."""
        with self._store.reading() as connection:
            holder = holder_of(connection, item)
        return None if holder is None or holder.has_settled(now) else holder

    def _of(self, biller: str | None) -> Select[Any]:
        chosen = items_with_payload(self._kind)
        return chosen if biller is None else chosen.where(work_items.c.biller == biller)


def _in_states(
    chosen: Select[Any],
    states: Collection[State] | None,
    reviews: Collection[ExceptionKind] | None,
) -> Select[Any]:
    if states is not None:
        chosen = chosen.where(work_items.c.state.in_(tuple(states)))
    if reviews is not None:
        chosen = chosen.where(
            or_(
                work_items.c.state != State.NEEDS_PERSON,
                work_items.c.review.in_(tuple(reviews)),
            )
        )
    return chosen
