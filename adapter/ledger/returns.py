"""Returned payments in the outbox: reversals on their way to Spectrum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, select

from adapter.domain.ach_return import AchReturn
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import invoice_lane
from adapter.domain.work_item import Source
from adapter.errors import ContentConflictError
from adapter.ledger.acceptance import accept_payload
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.item_rows import parts_of
from adapter.ledger.schema import ach_returns, work_items
from adapter.ledger.store import Store

_FIELDS = tuple(column.name for column in ach_returns.c if column.name != "item_id")


def _read(row: RowMapping) -> AchReturn:
    return AchReturn(biller=row["biller"], **{field: row[field] for field in _FIELDS})


def _values(ach_return: AchReturn) -> Mapping[str, object]:
    return {field: getattr(ach_return, field) for field in _FIELDS}


def _conflict(ach_return: AchReturn, known: AchReturn) -> ContentConflictError:
    return ContentConflictError(
        field="RejectGUID",
        value=ach_return.reject_guid,
        rule=f"reject {ach_return.reject_guid} was {ach_return.code} of another amount, account "
        f"or code before ({known.code} of {known.amount:.2f})",
        remedy="The first report of it counts",
    )


REVERSAL = ItemKind(
    name="reversal",
    table=ach_returns,
    read=_read,
    values=_values,
    reference=lambda ach_return: ach_return.reversal_id,
    lane=lambda ach_return: invoice_lane(ach_return.invoice_number),
    subject=lambda reference: {"invoice_number": reference.partition(":")[2]},
    conflict=_conflict,
    reviews=(
        ExceptionKind.REJECT_UNKNOWN,
        ExceptionKind.REJECT_UNAPPLIED,
        ExceptionKind.REJECT_MISMATCH,
        ExceptionKind.REVERSAL_FAILED,
        ExceptionKind.REVERSAL_REFUSED,
        ExceptionKind.SETTING_OVERDUE,
    ),
)


class ReturnQueries:
    """What polls and settled batches ask about returned payments."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept_all(
        self, returns: Sequence[AchReturn], *, now: datetime
    ) -> tuple[list[AchReturn], list[AchReturn]]:
        """Put rejects on disk in one transaction; return the new, and those known otherwise.

        A reject that is known with other content stays as it is.
        """
        new: list[AchReturn] = []
        changed: list[AchReturn] = []
        with self._store.writing(*(each.biller for each in returns)) as connection:
            for each in returns:
                try:
                    accepted = accept_payload(
                        connection, REVERSAL, each, source=Source.REJECT_REPORT, now=now
                    )
                except ContentConflictError:
                    changed.append(each)
                    continue
                if not accepted.repeated:
                    new.append(each)
            for biller in sorted({each.biller for each in new}):
                self._store.announce(connection, REVERSAL.name, biller)
        return new, changed

    def amounts(self, biller: str, payment_guids: Iterable[str]) -> dict[tuple[str, str], Decimal]:
        """Return what was returned of these payments, by payment GUID and invoice."""
        found: dict[tuple[str, str], Decimal] = {}
        with self._store.reading() as connection:
            for part in parts_of(sorted(set(payment_guids))):
                chosen = (
                    select(
                        ach_returns.c.payment_guid,
                        ach_returns.c.invoice_number,
                        ach_returns.c.amount,
                    )
                    .join(work_items, work_items.c.id == ach_returns.c.item_id)
                    .where(work_items.c.biller == biller, ach_returns.c.payment_guid.in_(part))
                )
                for guid, number, amount in connection.execute(chosen):
                    found[guid, number] = amount
        return found
