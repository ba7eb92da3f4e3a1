"""Real-time data refresh: Invoice Cloud asks the connector for the balance before a payer pays."""

from __future__ import annotations

import re
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import BalanceRefreshed, Bill, InvoiceCloudBook, is_within
from sandbox.fakes.invoice_cloud.connector import (
    ConnectorAnswer,
    ConnectorError,
    call_connector,
)
from sandbox.fakes.invoice_cloud.direct import ask_balance
from sandbox.world.world import World

# A balance is not asked for again so soon after the last answer, or after a payment (0007).
HOURS_AFTER_REFRESH = 6
HOURS_AFTER_PAYMENT = 24
_MONEY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")


def refresh_balance(world: World, bill: Bill) -> Bill:
    """Return the bill with the balance that the payer is shown.

    Unanswered or suppressed, it stays what the last file or refresh said (decision 0007).
    """
    connector = world.connectors[bill.biller]
    if not connector.leads_somewhere or _is_suppressed(world, bill):
        return bill
    number = bill.invoice.invoice_number
    with world.journal.call(
        source="invoice_cloud",
        target="spectrum" if connector.direct else "adapter",
        operation="Balance",
        request={"invoiceNumber": number},
        biller=bill.biller,
        invoice_number=number,
    ) as entry:
        try:
            answer = _ask(world, bill.biller, number)
        except ConnectorError as error:
            entry.outcome = f"no answer ({error}): the last known balance stands"
            return bill
        entry.status, entry.response = answer.status, answer.document
        balance = _balance_in(answer.document) if answer.status == 200 else None  # noqa: PLR2004  # OK
        if balance is None:
            entry.outcome = "no balance: the last known one stands"
            return bill
        entry.outcome = f"{balance:.2f} is due"
    book = world.book(InvoiceCloudBook)
    # Credits are never shown: a balance is zero or due.
    shown = max(balance, Decimal("0.00"))
    with book.locked():
        present = book.bills[bill.biller, number]
        # An answer that was asked for before somebody paid does not know of it.
        if present.paid_at == bill.paid_at and present.balance >= bill.balance:
            book.record(BalanceRefreshed(biller=bill.biller, invoice_number=number, balance=shown))
        return book.bills[bill.biller, number]


def _ask(world: World, biller: str, number: str) -> ConnectorAnswer:
    connector = world.connectors[biller]
    if connector.direct:
        return ask_balance(world, world.biller(biller), number)
    path = f"/billers/{biller}/balance"
    return call_connector(connector, "GET", path, query={"invoiceNumber": number})


def _is_suppressed(world: World, bill: Bill) -> bool:
    now = world.clock.now()
    return world.behaviours.rtdr_suppressed and (
        is_within(bill.refreshed_at, HOURS_AFTER_REFRESH, now)
        or is_within(bill.paid_at, HOURS_AFTER_PAYMENT, now)
    )


def _balance_in(document: object) -> Decimal | None:
    told = document.get("balanceDue") if isinstance(document, dict) else None
    if isinstance(told, str) and _MONEY.fullmatch(told):
        return Decimal(told)
    return None
