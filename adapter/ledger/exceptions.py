"""The exceptions list: what needs a person, and what it holds back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, insert, select, update

from adapter.domain.exceptions import ExceptionItem, ExceptionKind
from adapter.domain.payment import invoice_lane
from adapter.errors import NotFoundError
from adapter.ledger.lanes import wake_lane
from adapter.ledger.schema import exceptions
from adapter.ledger.store import Store

# A partner's words may be long; what a person reads of them is not.
DETAIL_LENGTH_MAX = 2000


class ExceptionBook:
    """Opens, finds and resolves exceptions; every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self,
        biller: str,
        kind: ExceptionKind,
        detail: str,
        *,
        now: datetime,
        payment_guid: str | None = None,
        invoice_number: str | None = None,
        reference: str | None = None,
        again: bool = False,
    ) -> ExceptionItem:
        """Open an exception, or return the one that stands for the same thing already.

        An open one of the same kind and subject stands for it, and so does a resolved one with
        the same detail, unless `again`: what a person has settled is not asked by every poll.
        """
        detail = detail[:DETAIL_LENGTH_MAX]
        subject = _subject(biller, kind, payment_guid, invoice_number, reference)
        with self._store.writing(biller) as connection:
            for row in connection.execute(_newest_first(subject)).mappings():
                if row["resolved_at"] is None or (row["detail"] == detail and not again):
                    return exception_of(row)
            open_exception(
                connection,
                biller,
                kind,
                detail,
                now=now,
                payment_guid=payment_guid,
                invoice_number=invoice_number,
                reference=reference,
            )
            return exception_of(connection.execute(_newest_first(subject)).mappings().first())

    def resolve(self, exception_id: int, *, now: datetime, resolution: str) -> ExceptionItem:
        """Close an exception with a person's words, and let what it held back go on."""
        found = select(exceptions).where(exceptions.c.id == exception_id)
        with self._store.reading() as connection:
            row = connection.execute(found).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no exception {exception_id}")
        with self._store.writing(row["biller"]) as connection:
            row = connection.execute(found).mappings().one()
            if row["resolved_at"] is None:
                connection.execute(
                    update(exceptions)
                    .where(exceptions.c.id == exception_id)
                    .values(resolved_at=now, resolution=resolution[:DETAIL_LENGTH_MAX])
                )
                if row["invoice_number"] is not None:
                    wake_lane(connection, row["biller"], invoice_lane(row["invoice_number"]), now)
            return exception_of(connection.execute(found).mappings().one())

    def settle(
        self,
        biller: str,
        kind: ExceptionKind,
        *,
        now: datetime,
        resolution: str,
        invoice_numbers: set[str] | None = None,
    ) -> int:
        """Close the open exceptions of a kind that settled themselves; return how many."""
        with self._store.writing(biller) as connection:
            return settle_exceptions(
                connection,
                biller,
                kind,
                now=now,
                resolution=resolution,
                invoice_numbers=invoice_numbers,
            )

    def settle_references(
        self,
        biller: str,
        kind: ExceptionKind,
        references: Iterable[str],
        *,
        now: datetime,
        resolution: str,
    ) -> int:
        """Close the open exceptions of a kind about any of these; return how many."""
        wanted = set(references)
        standing = select(exceptions.c.reference).where(
            exceptions.c.biller == biller,
            exceptions.c.kind == kind,
            exceptions.c.resolved_at.is_(None),
        )
        with self._store.reading() as connection:
            found = wanted.intersection(connection.execute(standing).scalars()) if wanted else ()
        if not found:
            return 0
        with self._store.writing(biller) as connection:
            return sum(
                settle_exceptions(
                    connection, biller, kind, now=now, resolution=resolution, reference=reference
                )
                for reference in sorted(found)
            )

    def page(
        self, *, limit: int, after: int = 0, only_open: bool = False
    ) -> tuple[ExceptionItem, ...]:
        """Return at most `limit` exceptions with an id beyond `after`, by id."""
        chosen = select(exceptions).where(exceptions.c.id > after)
        if only_open:
            chosen = chosen.where(exceptions.c.resolved_at.is_(None))
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(exceptions.c.id).limit(limit)).mappings()
            return tuple(exception_of(row) for row in rows)


def open_exception(
    connection: Connection,
    biller: str,
    kind: ExceptionKind,
    detail: str,
    *,
    now: datetime,
    payment_guid: str | None = None,
    invoice_number: str | None = None,
    reference: str | None = None,
) -> None:
    connection.execute(
        insert(exceptions).values(
            biller=biller,
            kind=kind,
            payment_guid=payment_guid,
            invoice_number=invoice_number,
            reference=reference,
            detail=detail[:DETAIL_LENGTH_MAX],
            opened_at=now,
            resolution="",
        )
    )


def was_opened(
    connection: Connection, biller: str, kind: ExceptionKind, reference: str, since: datetime
) -> bool:
    """Tell whether an exception of the kind was opened about it at or after a moment."""
    found = select(exceptions.c.id).where(
        exceptions.c.biller == biller,
        exceptions.c.kind == kind,
        exceptions.c.reference == reference,
        exceptions.c.opened_at >= since,
    )
    return connection.execute(found.limit(1)).first() is not None


def settle_about(
    connection: Connection,
    biller: str,
    kinds: Iterable[ExceptionKind],
    reference: str,
    *,
    now: datetime,
    resolution: str,
) -> None:
    """Close what is open about one work item, of these kinds."""
    connection.execute(
        update(exceptions)
        .where(
            exceptions.c.biller == biller,
            exceptions.c.kind.in_(tuple(kinds)),
            exceptions.c.reference == reference,
            exceptions.c.resolved_at.is_(None),
        )
        .values(resolved_at=now, resolution=resolution[:DETAIL_LENGTH_MAX])
    )


def settle_exceptions(
    connection: Connection,
    biller: str,
    kind: ExceptionKind,
    *,
    now: datetime,
    resolution: str,
    invoice_numbers: set[str] | None = None,
    reference: str | None = None,
) -> int:
    """Close the open exceptions of a kind, of all subjects or of those named."""
    chosen = select(exceptions.c.id, exceptions.c.invoice_number).where(
        exceptions.c.biller == biller,
        exceptions.c.kind == kind,
        exceptions.c.resolved_at.is_(None),
    )
    if reference is not None:
        chosen = chosen.where(exceptions.c.reference == reference)
    settled = [
        exception_id
        for exception_id, number in connection.execute(chosen)
        if invoice_numbers is None or number in invoice_numbers
    ]
    for exception_id in settled:
        connection.execute(
            update(exceptions)
            .where(exceptions.c.id == exception_id)
            .values(resolved_at=now, resolution=resolution)
        )
    return len(settled)


def exception_of(row: RowMapping | None) -> ExceptionItem:
    values: dict[str, Any] = dict(row or {})
    return ExceptionItem(**values)


def _subject(
    biller: str,
    kind: ExceptionKind,
    payment_guid: str | None,
    invoice_number: str | None,
    reference: str | None = None,
) -> Any:
    return and_(
        exceptions.c.biller == biller,
        exceptions.c.kind == kind,
        exceptions.c.payment_guid == payment_guid,
        exceptions.c.invoice_number == invoice_number,
        exceptions.c.reference == reference,
    )


def _newest_first(subject: Any) -> Select[Any]:
    return select(exceptions).where(subject).order_by(exceptions.c.id.desc())
