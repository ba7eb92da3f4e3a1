"""Scheduled and recurring payments: planned, changed, cancelled, and paid when due (D4, 0023)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.customers.due import due_moment, pay_due, today
from sandbox.fakes.invoice_cloud.customers.methods import require_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession
from sandbox.fakes.invoice_cloud.customers.wallet import (
    PaymentPlanned,
    Plan,
    PlanEnded,
    PlanState,
    Recurring,
    RecurringAdded,
    RecurringCancelled,
    RecurringPaid,
    WalletBook,
)
from sandbox.world.billers import next_guid
from sandbox.world.world import World

LABEL = "scheduled_payments"
OPERATION = "ScheduledPayment"
DAYS_AHEAD_MAX = 365
# Every month has this day.
DAY_OF_MONTH_MAX = 28
NO_LONGER_MAY = "the login may not act for the account any more"


def schedule_payment(
    world: World,
    session: PortalSession,
    invoice_number: str,
    *,
    method_guid: str,
    on: date,
    amount: Decimal | None = None,
) -> Plan:
    """Plan a payment of one bill for a day to come; without `amount`, of what is due then."""
    bill = _own_bill(world, session, invoice_number)
    require_method(world, session, method_guid)
    _check(world, bill, on, amount)
    book = world.book(WalletBook)
    with book.locked():
        guid = next_guid(world.chance(f"plan:{len(book.plans)}"))
        planned = PaymentPlanned(
            plan_guid=guid,
            biller=session.biller,
            login_guid=session.login_guid,
            account_number=session.account_number,
            invoice_number=invoice_number,
            method_guid=method_guid,
            on=on,
            amount=amount,
        )
        _plan(world, planned)
        return book.plans[guid]


def change_scheduled(
    world: World,
    session: PortalSession,
    plan_guid: str,
    *,
    method_guid: str,
    on: date,
    amount: Decimal | None = None,
) -> Plan:
    """Change what is still to be paid: another day, option or amount."""
    before = _require_open(world, session, plan_guid).planned
    require_method(world, session, method_guid)
    _check(world, _own_bill(world, session, before.invoice_number), on, amount)
    changed = PaymentPlanned(
        **{**vars(before), "method_guid": method_guid, "on": on, "amount": amount}
    )
    _plan(world, changed)
    return world.book(WalletBook).plans[plan_guid]


def cancel_scheduled(world: World, session: PortalSession, plan_guid: str) -> None:
    planned = _require_open(world, session, plan_guid).planned
    _end(world, planned, PlanState.CANCELLED, "cancelled")


def scheduled_of(world: World, session: PortalSession) -> list[Plan]:
    """Return every scheduled payment of the session's login and account, the newest last."""
    return [
        plan
        for plan in world.book(WalletBook).plans.values()
        if (plan.planned.login_guid, plan.planned.account_number)
        == (session.login_guid, session.account_number)
    ]


def add_recurring(
    world: World,
    session: PortalSession,
    method_guid: str,
    day_of_month: int,
    amount: Decimal | None = None,
) -> Recurring:
    """Pay the account's bills on a day of every month; without `amount`, whatever is due."""
    require_method(world, session, method_guid)
    if not 1 <= day_of_month <= DAY_OF_MONTH_MAX:
        raise PortalRefusedError(
            f"the day of the month is from 1 to {DAY_OF_MONTH_MAX}", field="day_of_month"
        )
    _check_amount(amount)
    book = world.book(WalletBook)
    with book.locked():
        guid = next_guid(world.chance(f"recurring:{len(book.recurring)}"))
        book.record(
            RecurringAdded(
                recurring_guid=guid,
                biller=session.biller,
                login_guid=session.login_guid,
                account_number=session.account_number,
                method_guid=method_guid,
                day_of_month=day_of_month,
                amount=amount,
            )
        )
    _tell(world, session.biller, f"every month on day {day_of_month}")
    _await_month(world, guid, after=today(world))
    return book.recurring[guid]


def cancel_recurring(world: World, session: PortalSession, recurring_guid: str) -> None:
    if recurring_guid not in {one.added.recurring_guid for one in recurring_of(world, session)}:
        raise PortalRefusedError("this is none of your recurring payments", field="recurring_guid")
    world.book(WalletBook).record(RecurringCancelled(recurring_guid=recurring_guid))
    _tell(world, session.biller, "a recurring payment was cancelled")


def recurring_of(world: World, session: PortalSession) -> list[Recurring]:
    """Return the recurring payments of the session's login and account that come due still."""
    return [
        one
        for one in world.book(WalletBook).recurring.values()
        if one.active
        and (one.added.login_guid, one.added.account_number)
        == (session.login_guid, session.account_number)
    ]


def _plan(world: World, planned: PaymentPlanned) -> None:
    world.book(WalletBook).record(planned)
    told = "what is due" if planned.amount is None else f"{planned.amount:.2f}"
    _tell(world, planned.biller, f"{told} on {planned.on}", planned.invoice_number)
    world.clock.call_at(due_moment(planned.on), LABEL, lambda: _pay_plan(world, planned))


def _pay_plan(world: World, planned: PaymentPlanned) -> None:
    """Pay what was planned, unless it was changed or cancelled meanwhile."""
    book = world.book(WalletBook)
    plan = book.plans[planned.plan_guid]
    if plan.planned != planned or plan.state is not PlanState.SCHEDULED:
        return
    if not _may_act(world, planned):
        _end(world, planned, PlanState.NOT_PAID, NO_LONGER_MAY)
        return
    method = book.methods.get(planned.method_guid)
    paid, outcome = pay_due(world, planned.biller, planned.invoice_number, method, planned.amount)
    _end(world, planned, PlanState.PAID if paid else PlanState.NOT_PAID, outcome)


def _may_act(world: World, planned: PaymentPlanned | RecurringAdded) -> bool:
    """Tell whether the login that planned this is still linked to the account."""
    return planned.account_number in world.book(CustomersBook).logins[planned.login_guid].accounts


def _end(world: World, planned: PaymentPlanned, state: PlanState, outcome: str) -> None:
    ended = PlanEnded(plan_guid=planned.plan_guid, state=state, outcome=outcome)
    world.book(WalletBook).record(ended)
    told = outcome if state is not PlanState.NOT_PAID else f"not paid: {outcome}"
    _tell(world, planned.biller, told, planned.invoice_number)


def _await_month(world: World, recurring_guid: str, *, after: date) -> None:
    """Wait for the next such day after a day."""
    day = world.book(WalletBook).recurring[recurring_guid].added.day_of_month
    month = after if after.day < day else after.replace(day=DAY_OF_MONTH_MAX) + timedelta(days=7)
    on = month.replace(day=day)
    world.clock.call_at(due_moment(on), LABEL, lambda: _pay_recurring(world, recurring_guid, on))


def _pay_recurring(world: World, recurring_guid: str, on: date) -> None:
    book = world.book(WalletBook)
    one = book.recurring[recurring_guid]
    if not one.active:
        return
    added = one.added
    if not _may_act(world, added):
        book.record(RecurringCancelled(recurring_guid=recurring_guid))
        _tell(world, added.biller, f"recurring, cancelled: {NO_LONGER_MAY}")
        return
    _await_month(world, recurring_guid, after=on)
    left = added.amount
    for bill in open_bills(world, added.biller, added.account_number):
        if left is not None and left <= 0:
            break
        wanted = None if left is None else min(left, bill.balance)
        number = bill.invoice.invoice_number
        method = book.methods.get(added.method_guid)
        paid, outcome = pay_due(world, added.biller, number, method, wanted)
        book.record(RecurringPaid(recurring_guid=recurring_guid, outcome=outcome))
        if not paid:
            _tell(world, added.biller, f"recurring, not paid: {outcome}", number)
        elif left is not None and wanted is not None:
            left -= wanted


def open_bills(world: World, biller: str, account_number: str) -> list[Bill]:
    """Return an account's bills on which something is due, the oldest number first."""
    bills = [
        bill
        for bill in world.book(InvoiceCloudBook).bills.values()
        if (bill.biller, bill.invoice.account_number) == (biller, account_number)
        and bill.balance > 0
    ]
    return sorted(bills, key=lambda bill: int(bill.invoice.invoice_number))


def _own_bill(world: World, session: PortalSession, invoice_number: str) -> Bill:
    bill = world.book(InvoiceCloudBook).bill(session.biller, invoice_number)
    if bill is None or bill.invoice.account_number != session.account_number:
        raise PortalRefusedError("this is none of your bills", field="invoice_number")
    return bill


def _require_open(world: World, session: PortalSession, plan_guid: str) -> Plan:
    for plan in scheduled_of(world, session):
        if plan.planned.plan_guid == plan_guid:
            if plan.state is not PlanState.SCHEDULED:
                words = plan.state.value.replace("_", " ")
                raise PortalRefusedError(f"this payment is {words} already")
            return plan
    raise PortalRefusedError("this is none of your scheduled payments", field="plan_guid")


def _check(world: World, bill: Bill, on: date, amount: Decimal | None) -> None:
    first, last = today(world) + timedelta(days=1), today(world) + timedelta(days=DAYS_AHEAD_MAX)
    if not first <= on <= last:
        raise PortalRefusedError(
            f"the day is from {first} to {last}", field="on", remedy="To pay today, pay now"
        )
    _check_amount(amount)
    if amount is None:
        return
    if amount > bill.balance:
        raise PortalRefusedError(f"{bill.balance:.2f} is due", field="amount")
    if amount < bill.balance and not bill.invoice.allow_partial:
        raise PortalRefusedError(
            "this bill is paid whole", field="amount", remedy="Leave the amount empty"
        )


def _check_amount(amount: Decimal | None) -> None:
    if amount is not None and (amount <= 0 or amount != amount.quantize(Decimal("0.01"))):
        raise PortalRefusedError("an amount is dollars and cents, above nothing", field="amount")


def _tell(world: World, biller: str, outcome: str, invoice_number: str = "") -> None:
    tags = {"invoice_number": invoice_number} if invoice_number else {}
    world.journal.event(
        target="invoice_cloud", operation=OPERATION, outcome=outcome, biller=biller, **tags
    )
