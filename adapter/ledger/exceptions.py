"""The exceptions list: what needs a person, and what it holds back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from adapter.domain.exceptions import ExceptionItem, ExceptionKind
from adapter.domain.payment import invoice_lane
from adapter.domain.work_item import PAYMENT, REVERSAL
from adapter.errors import BadInputError, NotFoundError
from adapter.ledger.due_dates import due_date_of
from adapter.ledger.lanes import wake_lane
from adapter.ledger.schema import ach_returns, exceptions, payments, work_items
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
            for item in read_exceptions(connection, _newest_first(subject)):
                if item.is_open or (item.detail == detail and not again):
                    return item
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
            return read_exceptions(connection, _newest_first(subject).limit(1))[0]

    def resolve(self, exception_id: int, *, now: datetime, resolution: str) -> ExceptionItem:
        """Close an exception with a person's words, and let what it held back go on."""
        with self._store.writing(self._biller_of(exception_id)) as connection:
            item = _found(connection, exception_id)
            if item.is_open:
                closed = {"resolved_at": now, "resolution": resolution[:DETAIL_LENGTH_MAX]}
                _change(connection, exception_id, closed)
                if item.invoice_number is not None:
                    wake_lane(connection, item.biller, invoice_lane(item.invoice_number), now)
            return _found(connection, exception_id)

    def assign(self, exception_id: int, owner: str | None, *, now: datetime) -> ExceptionItem:
        """Note who has taken an open exception on, None for given back; the last word counts.

        Raises BadInputError for one that is resolved: its owner stays.
        """
        with self._store.writing(self._biller_of(exception_id)) as connection:
            if not _found(connection, exception_id).is_open:
                raise BadInputError(
                    field="number",
                    value=str(exception_id),
                    rule="this exception is resolved, and its owner stays",
                    remedy="Name an open one, as `adapter exceptions list` shows them",
                )
            assigned = {"owner": owner, "assigned_at": None if owner is None else now}
            _change(connection, exception_id, assigned)
            return _found(connection, exception_id)

    def _biller_of(self, exception_id: int) -> str:
        """Return whose lock a change of it needs."""
        with self._store.reading() as connection:
            return _found(connection, exception_id).biller

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
        chosen = EXCEPTIONS.where(exceptions.c.id > after)
        if only_open:
            chosen = chosen.where(exceptions.c.resolved_at.is_(None))
        with self._store.reading() as connection:
            return read_exceptions(connection, chosen.order_by(exceptions.c.id).limit(limit))

    def by_due_date(
        self, *, limit: int | None = None, only_open: bool = True
    ) -> tuple[ExceptionItem, ...]:
        """Return the exceptions whose invoices are due first, those without a due date last.

        Of one due date, those opened first come first.
        """
        order = _DUE_DATE.asc().nulls_last(), exceptions.c.opened_at, exceptions.c.id
        chosen = EXCEPTIONS.order_by(*order).limit(limit)
        if only_open:
            chosen = chosen.where(exceptions.c.resolved_at.is_(None))
        with self._store.reading() as connection:
            return read_exceptions(connection, chosen)


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


def read_exceptions(connection: Connection, chosen: Select[Any]) -> tuple[ExceptionItem, ...]:
    """Read what was chosen of EXCEPTIONS."""
    return tuple(_exception_of(row) for row in connection.execute(chosen).mappings())


def _exception_of(row: RowMapping) -> ExceptionItem:
    values: dict[str, Any] = dict(row)
    cents = values.pop("cents")
    # A row that was changed by hand may hold anything; it must not hide the list.
    amount = Decimal(cents).scaleb(-2) if isinstance(cents, int) else None
    return ExceptionItem(**values, amount=amount)


def _found(connection: Connection, exception_id: int) -> ExceptionItem:
    for item in read_exceptions(connection, EXCEPTIONS.where(exceptions.c.id == exception_id)):
        return item
    raise NotFoundError(f"there is no exception {exception_id}")


def _change(connection: Connection, exception_id: int, values: dict[str, Any]) -> None:
    connection.execute(update(exceptions).where(exceptions.c.id == exception_id).values(values))


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
    return EXCEPTIONS.where(subject).order_by(exceptions.c.id.desc())


def _cents() -> ColumnElement[Any]:
    """Ask for the amount of the item that an exception is about.

    A payment and its return have one reference; what names the payment's GUID is about the first.
    """
    reference = func.coalesce(
        exceptions.c.reference, exceptions.c.payment_guid + ":" + exceptions.c.invoice_number
    )
    kinds = work_items.c.kind
    amount = func.coalesce(ach_returns.c.amount, payments.c.amount)
    return (
        select(type_coerce(amount, BigInteger))
        .select_from(
            work_items.outerjoin(payments, payments.c.item_id == work_items.c.id).outerjoin(
                ach_returns, ach_returns.c.item_id == work_items.c.id
            )
        )
        .where(
            kinds.in_((PAYMENT, REVERSAL)),
            or_(kinds == PAYMENT, exceptions.c.payment_guid.is_(None)),
            work_items.c.biller == exceptions.c.biller,
            work_items.c.reference == reference,
        )
        .order_by(kinds.desc())
        .limit(1)
        .scalar_subquery()
    )


_DUE_DATE = due_date_of(exceptions.c.biller, exceptions.c.invoice_number)
# Every exception, with what the ledger knows of its payment and its invoice when it is read.
EXCEPTIONS = select(exceptions, _cents().label("cents"), _DUE_DATE.label("due_date"))
