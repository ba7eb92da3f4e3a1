"""Which invoices have money under way, and what no file has billed because of it (0036)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    union,
)

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import Invoice
from adapter.domain.work_item import State
from adapter.ledger.items import parts_of
from adapter.ledger.schema import (
    IS_UNFINISHED,
    ach_returns,
    allowances,
    billed_invoices,
    exceptions,
    held_invoices,
    payments,
    uploads,
    work_items,
)
from adapter.ledger.store import Store


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Invoices as last extracted, by number: held back, and billed less some money.

    `unreadable` says why a row cannot be read; the others do not wait for it.
    """

    held: Mapping[str, Invoice]
    billed: Mapping[str, Invoice]
    unreadable: Mapping[str, str]


class UnderWayBook:
    """Keeps what a file held back; every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def touched(self, biller: str, invoice_numbers: Iterable[str], since: datetime) -> set[str]:
        """Return those whose money is under way, or was until after `since` (UTC)."""
        found: set[str] = set()
        with self._store.reading() as connection:
            for part in parts_of(sorted(invoice_numbers)):
                for table in (payments, ach_returns):
                    chosen = _of(table, biller).where(
                        table.c.invoice_number.in_(part),
                        or_(IS_UNFINISHED, work_items.c.done_at > since),
                    )
                    found.update(row.invoice_number for row in connection.execute(chosen))
        return found

    def kept(self, biller: str) -> Kept:
        """Return what must be looked at though Spectrum tells no change of it.

        Besides what was held back, every invoice whose money is under way now or was allowed for
        in its bill.
        """
        is_of = [_of(table, biller).where(IS_UNFINISHED) for table in (payments, ach_returns)]
        allowed = select(allowances.c.invoice_number).where(
            allowances.c.upload_id == billed_invoices.c.upload_id
        )
        # What no file can carry now was billed as it was before.
        refused = select(exceptions.c.invoice_number).where(
            exceptions.c.biller == biller,
            exceptions.c.kind == ExceptionKind.INVOICE_REFUSED,
            exceptions.c.resolved_at.is_(None),
            exceptions.c.invoice_number.is_not(None),
        )
        billed = select(billed_invoices.c.invoice_number, billed_invoices.c.row).where(
            billed_invoices.c.biller == biller,
            billed_invoices.c.row.is_not(None),
            billed_invoices.c.invoice_number.not_in(refused),
            or_(
                billed_invoices.c.invoice_number.in_(allowed),
                billed_invoices.c.invoice_number.in_(union(*is_of)),
            ),
        )
        held = select(held_invoices.c.invoice_number, held_invoices.c.row).where(
            held_invoices.c.biller == biller
        )
        unreadable: dict[str, str] = {}
        with self._store.reading() as connection:
            return Kept(
                held=_read(connection, held, unreadable),
                billed=_read(connection, billed, unreadable),
                unreadable=unreadable,
            )

    def hold_back(self, biller: str, invoices: Iterable[Invoice], *, now: datetime) -> None:
        """Keep invoices for the next files, before the cursor passes them."""
        rows = {invoice.invoice_number: invoice.as_json() for invoice in invoices}
        if not rows:
            return
        with self._store.writing(biller) as connection:
            for part in parts_of(sorted(rows)):
                is_kept = (
                    held_invoices.c.biller == biller,
                    held_invoices.c.invoice_number.in_(part),
                )
                chosen = select(held_invoices.c.invoice_number, held_invoices.c.held_at)
                rows_before = connection.execute(chosen.where(*is_kept))
                since = {row.invoice_number: row.held_at for row in rows_before}
                connection.execute(delete(held_invoices).where(*is_kept))
                connection.execute(
                    insert(held_invoices),
                    [
                        {
                            "biller": biller,
                            "invoice_number": number,
                            "row": rows[number],
                            "held_at": since.get(number, now),
                        }
                        for number in part
                    ],
                )

    def let_go(self, biller: str, invoice_numbers: Iterable[str]) -> None:
        """Forget invoices whose bills are right as they are, or that no file can carry."""
        is_held = held_invoices.c.biller == biller
        with self._store.reading() as connection:
            held = set(
                connection.execute(select(held_invoices.c.invoice_number).where(is_held)).scalars()
            )
        gone = held.intersection(invoice_numbers)
        if not gone:
            return
        with self._store.writing(biller) as connection:
            for part in parts_of(sorted(gone)):
                connection.execute(
                    delete(held_invoices).where(is_held, held_invoices.c.invoice_number.in_(part))
                )

    def to_correct(self, biller: str, *, paid_since: datetime) -> set[str]:
        """Return the invoices that a file asked for again though they had been paid.

        That is: paid before Invoice Cloud took the file, and known here only after it was made.
        Who is drawn at the very moment counts: files and AutoPay have the same hour.
        """
        asked = {"of": biller, "paid_since": paid_since}
        with self._store.reading() as connection:
            return {row.invoice_number for row in connection.execute(_TO_CORRECT, asked)}


def _of(table: Table, biller: str | BindParameter[str]) -> Select[tuple[str]]:
    return (
        select(table.c.invoice_number)
        .select_from(table.join(work_items, work_items.c.id == table.c.item_id))
        .where(work_items.c.biller == biller)
        .distinct()
    )


# Asked every ten minutes: building a statement costs more than running it.
_TO_CORRECT = (
    _of(payments, bindparam("of"))
    .join(
        billed_invoices,
        (billed_invoices.c.biller == work_items.c.biller)
        & (billed_invoices.c.invoice_number == payments.c.invoice_number),
    )
    .join(uploads, uploads.c.id == billed_invoices.c.upload_id)
    .where(
        payments.c.paid_at > bindparam("paid_since"),
        payments.c.paid_at <= uploads.c.answered_at,
        work_items.c.accepted_at > uploads.c.created_at,
        work_items.c.state.not_in((State.GIVEN_BACK, State.SUPERSEDED)),
    )
)


def _read(
    connection: Connection, chosen: Select[tuple[str, str]], unreadable: dict[str, str]
) -> dict[str, Invoice]:
    found: dict[str, Invoice] = {}
    for row in connection.execute(chosen):
        try:
            found[row.invoice_number] = Invoice.from_json(row.row)
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            unreadable[row.invoice_number] = f"{type(error).__name__}: {error}"
    return found
