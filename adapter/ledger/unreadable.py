"""Due rows that cannot be read: set aside for a person, so that they hold up nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, RowMapping, select, update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import DOUBTFUL_STATES, SENDABLE_STATES, WorkItem
from adapter.errors import MalformedRowError
from adapter.ledger.exceptions import open_exception
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ledger.item_rows import item_of, subject_of
from adapter.ledger.schema import work_items

Payload = TypeVar("Payload", bound=AnyPayload)
_log = structlog.get_logger(__name__)


def due_item_of(kind: ItemKind[Payload], row: RowMapping) -> WorkItem[Payload]:
    """Read a due row; raises MalformedRowError, also for a state in which nothing is due."""
    item = item_of(kind, row)
    if item.state not in SENDABLE_STATES | DOUBTFUL_STATES:
        state = item.state.value
        raise MalformedRowError(f"a row of the ledger is malformed: {state} is never due")
    return item


def set_aside(
    connection: Connection, kind: ItemKind[Any], item_id: int, reason: str, now: datetime
) -> None:
    """Open a review item about a row and have it due no more; what it says is not changed.

    While a request of it may have left, it holds its lane: nobody can say what was sent.
    """
    mine = work_items.c.id == item_id
    biller, reference = connection.execute(
        select(work_items.c.biller, work_items.c.reference).where(mine)
    ).one()
    connection.execute(
        update(work_items)
        .where(mine)
        .values(
            next_at=None,
            last_error=reason,
            lease_owner=None,
            lease_until=None,
            fence=work_items.c.fence + 1,
        )
    )
    open_exception(
        connection,
        biller,
        ExceptionKind.ROW_UNREADABLE,
        f"{reason}. Row {item_id} of work_items, {kind.name} {reference}, was left as it is and "
        "is looked at no more; compare it with a backup, and look for it at the partner",
        now=now,
        **subject_of(kind, reference),
    )
    _log.error(
        "a row of the ledger cannot be read",
        row=item_id,
        reason=reason,
        biller=biller,
        kind=kind.name,
        reference=reference,
    )
