"""Due rows that cannot be read: set aside for a person, so that they hold up nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, select, update

from adapter.domain.exceptions import ExceptionKind
from adapter.ledger.exceptions import open_exception
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.items import subject_of
from adapter.ledger.schema import work_items

_log = structlog.get_logger(__name__)


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
