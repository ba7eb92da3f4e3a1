"""Due dates as they were billed last, and the payments that Spectrum lacks by them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Connection, ScalarSelect, exists, func, select

from adapter.domain.figures import UnappliedFigure
from adapter.domain.work_item import PAYMENT, REVERSAL
from adapter.ledger.schema import IS_UNFINISHED, billed_invoices, payments, work_items


def due_date_of(biller: Column[str], invoice_number: Column[str]) -> ScalarSelect[date | None]:
    """Ask, in another question, for the due date of its invoice; None where none was billed."""
    return (
        select(billed_invoices.c.due_date)
        .where(
            billed_invoices.c.biller == biller,
            billed_invoices.c.invoice_number == invoice_number,
        )
        .scalar_subquery()
    )


def unapplied(connection: Connection, *, accepted_until: datetime) -> tuple[UnappliedFigure, ...]:
    """Count the payments that are not applied, by biller and due date, the nearest first.

    Left out are those that were declined, accepted later, given back or returned, and those
    whose invoice no file has billed.
    """
    item = work_items.c
    reversal = work_items.alias("reversal")
    is_returned = exists().where(
        reversal.c.kind == REVERSAL,
        reversal.c.biller == item.biller,
        reversal.c.reference == item.reference,
    )
    groups = (
        select(
            item.biller,
            due_date_of(item.biller, payments.c.invoice_number).label("due_date"),
            func.count().label("count"),
            func.min(item.id).label("oldest_id"),
        )
        .join(payments, payments.c.item_id == item.id)
        .where(
            item.kind == PAYMENT,
            IS_UNFINISHED,
            item.accepted_at <= accepted_until,
            payments.c.approved,
            ~is_returned,
        )
        .group_by(item.biller, "due_date")
        .subquery("by_due_date")
    )
    chosen = (
        select(
            groups.c.biller,
            groups.c.due_date,
            groups.c.count,
            payments.c.payment_guid,
            payments.c.invoice_number,
            payments.c.account_number.label("policy_number"),
            payments.c.paid_at,
        )
        .join(payments, payments.c.item_id == groups.c.oldest_id)
        .where(groups.c.due_date.is_not(None))
        .order_by(groups.c.due_date, groups.c.biller)
    )
    return tuple(UnappliedFigure(**row) for row in connection.execute(chosen).mappings())
