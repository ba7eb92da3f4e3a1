"""Settled batches in the ledger: recording their rows, and what has not matched yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from adapter.domain.settlement import SettledRow, Settlement, TransactionType
from adapter.ledger.items import parts_of
from adapter.ledger.schema import settlements
from adapter.ledger.store import Store

_ROW_FIELDS = (
    "biller",
    "batch_id",
    "settled_on",
    "payment_guid",
    "invoice_number",
    "amount",
    "batch_total",
    "batch_count",
)


class SettlementBook:
    """Every row of every settled batch; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, rows: Sequence[SettledRow], *, now: datetime) -> list[SettledRow]:
        """Put rows on disk that are not there yet, in one transaction; return those."""
        new: dict[tuple[Any, ...], SettledRow] = {}
        with self._store.writing(*(row.biller for row in rows)) as connection:
            known = {
                key
                for biller in {row.biller for row in rows}
                for key in _known(connection, biller, {row.batch_id for row in rows})
            }
            new = {_key(row): row for row in rows if _key(row) not in known}
            for row in new.values():
                connection.execute(insert(settlements).values(**_values(row), seen_at=now))
        return list(new.values())

    def unmatched(self, biller: str) -> tuple[Settlement, ...]:
        """Return the rows that nothing here matches yet, in the order in which they came."""
        chosen = select(settlements).where(
            settlements.c.biller == biller, settlements.c.matched_at.is_(None)
        )
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(settlements.c.id)).mappings()
            return tuple(settlement_of(row) for row in rows)

    def match(self, settlement_ids: Iterable[int], *, now: datetime) -> None:
        with self._store.writing() as connection:
            for part in parts_of(list(settlement_ids)):
                connection.execute(
                    update(settlements).where(settlements.c.id.in_(part)).values(matched_at=now)
                )

    def payments_in_other_batches(self, row: SettledRow) -> tuple[str, ...]:
        """Return the other batches that paid out the same invoice's share of a payment."""
        chosen = select(settlements.c.batch_id).where(
            settlements.c.biller == row.biller,
            settlements.c.payment_guid == row.payment_guid,
            settlements.c.invoice_number == row.invoice_number,
            settlements.c.transaction_type == TransactionType.PAYMENT,
            settlements.c.batch_id != row.batch_id,
        )
        with self._store.reading() as connection:
            return tuple(connection.execute(chosen.order_by(settlements.c.id)).scalars())

    def page(
        self, *, limit: int, after: int = 0, biller: str | None = None
    ) -> tuple[Settlement, ...]:
        """Return at most `limit` rows with an id beyond `after`, by id."""
        chosen = select(settlements).where(settlements.c.id > after)
        if biller is not None:
            chosen = chosen.where(settlements.c.biller == biller)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(settlements.c.id).limit(limit)).mappings()
            return tuple(settlement_of(row) for row in rows)


def settlement_of(row: RowMapping) -> Settlement:
    told: dict[str, Any] = {field: row[field] for field in _ROW_FIELDS}
    return Settlement(
        id=row["id"],
        row=SettledRow(transaction=row["transaction_type"], **told),
        seen_at=row["seen_at"],
        matched_at=row["matched_at"],
    )


def _values(row: SettledRow) -> dict[str, Any]:
    told = {field: getattr(row, field) for field in _ROW_FIELDS}
    return {**told, "transaction_type": row.transaction}


def _key(row: SettledRow) -> tuple[Any, ...]:
    return (row.biller, row.batch_id, row.transaction, row.payment_guid, row.invoice_number)


def _known(connection: Connection, biller: str, batch_ids: set[str]) -> set[tuple[Any, ...]]:
    table = settlements.c
    known: set[tuple[Any, ...]] = set()
    for part in parts_of(sorted(batch_ids)):
        chosen = select(
            table.biller,
            table.batch_id,
            table.transaction_type,
            table.payment_guid,
            table.invoice_number,
        ).where(table.biller == biller, table.batch_id.in_(part))
        known |= {tuple(row) for row in connection.execute(chosen)}
    return known
