"""Gathers what is under way for invoices, payments and returns together (decision 0036)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache

from adapter.clock import Clock
from adapter.domain.ach_return import AchReturn
from adapter.domain.invoice import Invoice
from adapter.domain.ledger_life import LedgerKnowledge
from adapter.domain.payment import PaymentItem
from adapter.domain.under_way import InvoiceMoney, PaymentUnderWay, bill_of
from adapter.domain.work_item import BalanceReading, WorkItem
from adapter.kinds.payments import PAYMENT
from adapter.kinds.reversals import REVERSAL
from adapter.ledger import Ledger
from adapter.ledger.items import parts_of
from adapter.ledger.schema import ach_returns, payments
from adapter.ports import BillerPorts

# A balance is asked for so often while payments on its invoice move.
ASKED_MAX = 3


def money_of(
    ledger: Ledger, biller: str, invoice_numbers: Iterable[str], ports: BillerPorts
) -> Mapping[str, InvoiceMoney]:
    """Return every payment and return of these invoices; an invoice without any is not in it."""

    @cache
    def knowledge() -> LedgerKnowledge:
        return ledger.life.knowledge().since(ports.payments_since)

    def judged(item: PaymentItem) -> PaymentUnderWay:
        """Add what it is judged by, where it may have left: also in a time that is forgotten."""
        if item.may_have_left or not knowledge().is_whole_since(item.payload.paid_at):
            known = ledger.balances.of(item, settle=ports.guard.settle)
            return PaymentUnderWay(item=item, known=known)
        return PaymentUnderWay(item=item)

    paid: defaultdict[str, list[PaymentUnderWay]] = defaultdict(list)
    returned: defaultdict[str, list[WorkItem[AchReturn]]] = defaultdict(list)
    numbers = sorted(set(invoice_numbers))
    for part in parts_of(numbers):
        for item in ledger.items(PAYMENT).whose(biller, payments.c.invoice_number.in_(part)):
            paid[item.payload.invoice_number].append(judged(item))
        for back in ledger.items(REVERSAL).whose(biller, ach_returns.c.invoice_number.in_(part)):
            returned[back.payload.invoice_number].append(back)
    return {
        number: InvoiceMoney(
            payments=tuple(paid.get(number, ())), returns=tuple(returned.get(number, ()))
        )
        for number in numbers
        if number in paid or number in returned
    }


def bills_of(
    ledger: Ledger,
    biller: str,
    invoices: Mapping[str, Invoice],
    ports: BillerPorts,
    *,
    as_of: datetime,
    now: datetime,
    corrected: Collection[str] = (),
) -> dict[str, Invoice | None]:
    """Return invoices, by number, as a file of now bills them; None for one that waits.

    `as_of` (UTC) is the moment of Spectrum's figures. `corrected` are those whose bills stand
    wrong.
    """
    settle = ports.guard.settle
    touched: Iterable[str] = ()
    if ports.subtract_under_way:
        touched = ledger.under_way.touched(biller, invoices, as_of - settle)
    money = money_of(ledger, biller, touched, ports)
    return {
        number: bill_of(
            invoice,
            money.get(number, InvoiceMoney()),
            as_of=as_of,
            now=now,
            settle=settle,
            corrects=number in corrected,
        )
        for number, invoice in invoices.items()
    }


def balance_owed(
    ledger: Ledger, biller: str, invoice_number: str, ports: BillerPorts, clock: Clock
) -> Decimal:
    """Ask Spectrum for an invoice's balance, and return what is owed of it now, in dollars.

    The ledger is read before and after: where a payment moved meanwhile, the balance is asked for
    again. One that was kept on its way is as old as a balance may be. Raises what asking raises.
    """
    settle = ports.guard.settle

    def known() -> InvoiceMoney:
        found = money_of(ledger, biller, [invoice_number], ports)
        return found.get(invoice_number, InvoiceMoney())

    money = known()
    for _ in range(ASKED_MAX):
        before, asked_at = money, clock.now()
        answer = ports.rtdr.balance_due(invoice_number)
        money = known()
        if money == before:
            break
    as_of = asked_at - settle if answer.stale else asked_at
    return money.owed(BalanceReading(asked_at=as_of, balance=answer.balance), settle)
