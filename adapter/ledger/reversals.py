"""Reversals: taking a reject over, sending again what failed, and every way of looking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from adapter.domain.ach_return import REDRIVABLE_STATES, AchReturn, Reversal, ReversalState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import BadInputError, NotFoundError
from adapter.ledger.deliveries import parts_of
from adapter.ledger.exceptions import settle_exceptions
from adapter.ledger.store import Due, Store
from adapter.ledger.tables_reversals import reversals

RETURN_FIELDS = (
    "biller",
    "reject_guid",
    "payment_guid",
    "invoice_number",
    "account_number",
    "amount",
    "code",
    "reason",
    "returned_at",
)
KINDS = (
    ExceptionKind.REJECT_UNKNOWN,
    ExceptionKind.REJECT_UNAPPLIED,
    ExceptionKind.REJECT_MISMATCH,
    ExceptionKind.REVERSAL_FAILED,
    ExceptionKind.REVERSAL_REFUSED,
)
_NOT_OF_ROW = frozenset({*RETURN_FIELDS, "fingerprint"})


class ReversalBook:
    """Every reject and its reversal; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take_over(self, returns: Sequence[AchReturn], *, now: datetime) -> list[AchReturn]:
        """Put rejects on disk that are not there yet, and return those that are new.

        A reject that is known with other content stays as it is, and is returned by `changed`.
        """
        with self._store.writing(*(r.biller for r in returns)) as connection:
            known = _known(connection, returns)
            new = {_key(r): r for r in returns if _key(r) not in known}
            for ach_return in new.values():
                _insert(connection, ach_return, now)
            for biller in sorted({ach_return.biller for ach_return in new.values()}):
                self._store.announce(connection, Due.REVERSAL, biller)
        return list(new.values())

    def changed(self, returns: Sequence[AchReturn]) -> list[AchReturn]:
        """Return the rejects that are known with other content."""
        with self._store.reading() as connection:
            known = _known(connection, returns)
        return [r for r in returns if known.get(_key(r), r.fingerprint()) != r.fingerprint()]

    def amounts(self, biller: str, payment_guids: Iterable[str]) -> dict[tuple[str, str], Any]:
        """Return what was returned of these payments, by payment GUID and invoice."""
        found: dict[tuple[str, str], Any] = {}
        with self._store.reading() as connection:
            for part in parts_of(sorted(set(payment_guids))):
                chosen = select(reversals).where(
                    reversals.c.biller == biller, reversals.c.payment_guid.in_(part)
                )
                for row in connection.execute(chosen).mappings():
                    found[row["payment_guid"], row["invoice_number"]] = row["amount"]
        return found

    def redrive(self, reversal_id: int, *, now: datetime) -> Reversal:
        """Let a failed or refused reversal be sent again, with all its tries before it.

        Raises NotFoundError, and BadInputError for one in another state.
        """
        with self._store.reading() as connection:
            reversal = find_reversal(connection, reversal_id)
        if reversal is None:
            raise NotFoundError(f"there is no reversal {reversal_id}")
        with self._store.writing(reversal.ach_return.biller) as connection:
            reversal = present(connection, reversal)
            if reversal.state not in REDRIVABLE_STATES:
                raise BadInputError(
                    field="number",
                    value=str(reversal_id),
                    rule=f"this reversal is {reversal.state.value}",
                    remedy="Send failed and refused ones again",
                )
            return _redrive(connection, reversal, now)

    def redrive_all(self, *, now: datetime) -> tuple[Reversal, ...]:
        """Let every failed or refused reversal of every biller be sent again."""
        is_redrivable = reversals.c.state.in_(tuple(REDRIVABLE_STATES))
        with self._store.reading() as connection:
            billers = select(reversals.c.biller).where(is_redrivable).distinct()
            found = set(connection.execute(billers).scalars())
        chosen = select(reversals).where(is_redrivable)
        with self._store.writing(*found) as connection:
            rows = list(connection.execute(chosen.order_by(reversals.c.id)).mappings())
            return tuple(_redrive(connection, reversal_of(row), now) for row in rows)

    def page(
        self,
        *,
        limit: int,
        after: int = 0,
        biller: str | None = None,
        state: ReversalState | None = None,
    ) -> tuple[Reversal, ...]:
        """Return at most `limit` reversals with an id beyond `after`, by id."""
        chosen = select(reversals).where(reversals.c.id > after)
        if biller is not None:
            chosen = chosen.where(reversals.c.biller == biller)
        if state is not None:
            chosen = chosen.where(reversals.c.state == state)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(reversals.c.id).limit(limit)).mappings()
            return tuple(reversal_of(row) for row in rows)


def find_reversal(connection: Connection, reversal_id: int) -> Reversal | None:
    chosen = select(reversals).where(reversals.c.id == reversal_id)
    row = connection.execute(chosen).mappings().first()
    return None if row is None else reversal_of(row)


def present(connection: Connection, reversal: Reversal) -> Reversal:
    found = find_reversal(connection, reversal.id)
    if found is None:
        raise NotFoundError(f"the reversal {reversal.id} is gone")
    return found


def settle(connection: Connection, reversal: Reversal, now: datetime, resolution: str) -> None:
    """Close what the exceptions list says of a reversal."""
    for kind in KINDS:
        settle_exceptions(
            connection,
            reversal.ach_return.biller,
            kind,
            now=now,
            resolution=resolution,
            reference=reversal.ach_return.reversal_id,
        )


def reversal_of(row: RowMapping) -> Reversal:
    ach_return = AchReturn(**{field: row[field] for field in RETURN_FIELDS})
    rest: dict[str, Any] = {k: v for k, v in row.items() if k not in _NOT_OF_ROW}
    return Reversal(ach_return=ach_return, **rest)


def _key(ach_return: AchReturn) -> tuple[str, str]:
    return ach_return.biller, ach_return.reversal_id


def _known(connection: Connection, returns: Sequence[AchReturn]) -> dict[tuple[str, str], str]:
    """Return the fingerprints of those rejects that are on disk, by biller and reversal id."""
    known: dict[tuple[str, str], str] = {}
    for biller in {ach_return.biller for ach_return in returns}:
        guids = sorted({r.reject_guid for r in returns if r.biller == biller})
        for part in parts_of(guids):
            chosen = select(
                reversals.c.reject_guid, reversals.c.invoice_number, reversals.c.fingerprint
            ).where(reversals.c.biller == biller, reversals.c.reject_guid.in_(part))
            for guid, number, fingerprint in connection.execute(chosen):
                known[biller, f"{guid}:{number}"] = fingerprint
    return known


def _insert(connection: Connection, ach_return: AchReturn, now: datetime) -> None:
    connection.execute(
        insert(reversals).values(
            **{field: getattr(ach_return, field) for field in RETURN_FIELDS},
            fingerprint=ach_return.fingerprint(),
            state=ReversalState.WAITING,
            attempts=0,
            seen_at=now,
            next_at=now,
            fence=0,
            last_error="",
        )
    )


def _redrive(connection: Connection, reversal: Reversal, now: datetime) -> Reversal:
    connection.execute(
        update(reversals)
        .where(reversals.c.id == reversal.id)
        .values(
            state=ReversalState.WAITING,
            attempts=0,
            # Due by any clock: the command's may run ahead of the server's.
            next_at=reversal.seen_at,
            handed_over_at=None,
            last_error="a person sends it again",
        )
    )
    settle(connection, reversal, now, "a person sent it again")
    return present(connection, reversal)
