"""Work items in a person's hands: sending one again, or recording a person's finding on it.

Each is one transaction: the item, its event and the review items that it answers. The fence is
raised, so a holder that had claimed the item records nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from adapter.domain.redrive import ManualResolution, RedriveRules, judged_by_person, sent_again
from adapter.domain.work_item import State, Step, WorkItem
from adapter.errors import BadInputError, LeaseLostError
from adapter.ledger.exceptions import settle_about
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.items import items_with_payload, read_item, readable_items, take_step
from adapter.ledger.lanes import wake_lane
from adapter.ledger.life import last_gap_end
from adapter.ledger.schema import work_items
from adapter.ledger.store import ConcurrentWriteError, Store

Payload = TypeVar("Payload", bound=AnyPayload)
_FAILED = (State.RETRYING, State.NEEDS_PERSON)


@dataclass(frozen=True, kw_only=True)
class Refused(Generic[Payload]):
    """An item that was not sent again, and why."""

    item: WorkItem[Payload]
    reason: BadInputError


class Redrive(Generic[Payload]):
    """What a person does to the items of one kind; the rules are those of `domain/redrive.py`."""

    def __init__(self, store: Store, kind: ItemKind[Payload], rules: RedriveRules) -> None:
        self._store = store
        self._kind = kind
        self._rules = rules

    def retry(self, item: WorkItem[Payload], *, by: str, now: datetime) -> WorkItem[Payload]:
        """Send an item again, or have evidence looked for again where one may have arrived.

        Raises NotFoundError, and BadInputError with the reason where it must not be sent.
        """

        def step_of(present: WorkItem[Payload]) -> Step:
            return sent_again(present, self._rules, by=by, now=now)

        return self._apply(item, step_of, now, f"{by} sent it again")

    def retry_all(
        self, *, by: str, now: datetime, biller: str | None = None
    ) -> tuple[tuple[WorkItem[Payload], ...], tuple[Refused[Payload], ...]]:
        """Send everything again that failed; return what was, and what must not be."""
        chosen = items_with_payload(self._kind).where(work_items.c.state.in_(_FAILED))
        if biller is not None:
            chosen = chosen.where(work_items.c.biller == biller)
        with self._store.reading() as connection:
            failed = readable_items(connection, self._kind, chosen.order_by(work_items.c.id))
        done: list[WorkItem[Payload]] = []
        refused: list[Refused[Payload]] = []
        for item in failed:
            try:
                done.append(self.retry(item, by=by, now=now))
            except BadInputError as error:
                refused.append(Refused(item=item, reason=error))
        return tuple(done), tuple(refused)

    def resolve(
        self,
        item: WorkItem[Payload],
        found: ManualResolution,
        *,
        now: datetime,
        settle_seconds: float,
    ) -> WorkItem[Payload]:
        """Record a person's finding: applied for ever, or never applied and so sent again."""
        with self._store.reading() as connection:
            forgotten_until = last_gap_end(connection)

        def step_of(present: WorkItem[Payload]) -> Step:
            return judged_by_person(
                present,
                found,
                self._rules,
                now=now,
                settle_seconds=settle_seconds,
                forgotten_until=forgotten_until,
            )

        return self._apply(item, step_of, now, f"{found.by}: {found.note}")

    def _apply(
        self,
        item: WorkItem[Payload],
        step_of: Callable[[WorkItem[Payload]], Step],
        now: datetime,
        resolution: str,
    ) -> WorkItem[Payload]:
        try:
            with self._store.writing(item.biller) as connection:
                present = read_item(connection, self._kind, item.id)
                step = step_of(present)
                moved = take_step(connection, present, step, now=now, raise_fence=True)
                settle_about(
                    connection,
                    item.biller,
                    self._kind.reviews,
                    item.reference,
                    now=now,
                    resolution=resolution,
                )
                if not step.holds_lane:
                    wake_lane(connection, item.biller, item.lane, now)
                return moved
        except (ConcurrentWriteError, LeaseLostError):
            raise BadInputError(
                field="state",
                value="changed",
                rule="it, or another item of its lane, is on its way right now",
                remedy=f"Look at it with `adapter {self._rules.command} show`, and try again in "
                "a minute",
            ) from None
