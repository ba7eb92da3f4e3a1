"""The wallet's book: payment options, scheduled and recurring payments, and what AutoPay paid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from sandbox.fakes.invoice_cloud.instruments import BankAccount, Card
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True)
class MethodStored:
    """A login stored a payment option, or changed what it holds."""

    method_guid: str
    login_guid: str
    label: str
    instrument: Card | BankAccount

    @property
    def kind(self) -> str:
        """Return the payment type that the reports tell, CreditCard or ACH."""
        return "CreditCard" if isinstance(self.instrument, Card) else "ACH"

    @property
    def last_four(self) -> str:
        instrument = self.instrument
        number = instrument.number if isinstance(instrument, Card) else instrument.account_number
        return number[-4:]

    @property
    def words(self) -> str:
        """Name it as a payer knows it, such as VISA ending in 1111."""
        instrument = self.instrument
        what = instrument.card_type if isinstance(instrument, Card) else "bank account"
        return f"{what} ending in {self.last_four}"


@dataclass(frozen=True, kw_only=True)
class MethodRemoved:
    """A payment option is gone; what was planned with it cannot be paid."""

    method_guid: str


class PlanState(Enum):
    """Where a scheduled payment stands."""

    SCHEDULED = "scheduled"
    PAID = "paid"
    NOT_PAID = "not_paid"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class PaymentPlanned:
    """A payment was scheduled, or changed; without `amount` (dollars) it is what is due then."""

    plan_guid: str
    biller: str
    login_guid: str
    account_number: str
    invoice_number: str
    method_guid: str
    on: date
    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PlanEnded:
    """A scheduled payment was paid, was not, or was cancelled."""

    plan_guid: str
    state: PlanState
    outcome: str


@dataclass(frozen=True, kw_only=True)
class RecurringAdded:
    """A payment of every month; without `amount` (dollars) it is whatever is due that day."""

    recurring_guid: str
    biller: str
    login_guid: str
    account_number: str
    method_guid: str
    day_of_month: int
    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RecurringPaid:
    """A recurring payment came due; `outcome` says what was paid."""

    recurring_guid: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class RecurringCancelled:
    """A recurring payment comes due no more."""

    recurring_guid: str


@dataclass(frozen=True, kw_only=True)
class AutoPayPlanned:
    """A bill will be collected on a day, if its account is on AutoPay then.

    `autopay_date` is the bill's AutoPay date, which may have passed when the account was enrolled.
    """

    biller: str
    invoice_number: str
    autopay_date: date
    on: date


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A scheduled payment as the events leave it."""

    planned: PaymentPlanned
    state: PlanState = PlanState.SCHEDULED
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class Recurring:
    """A recurring payment as the events leave it."""

    added: RecurringAdded
    active: bool = True
    last_outcome: str = ""


class WalletBook(Book):
    """Payment options and what is planned with them in one world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.methods: dict[str, MethodStored] = {}
        self.plans: dict[str, Plan] = {}
        self.recurring: dict[str, Recurring] = {}
        self.autopay_dates: set[tuple[str, str, date]] = set()

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case MethodStored() as stored:
                self.methods[stored.method_guid] = stored
            case MethodRemoved(method_guid=guid):
                self.methods.pop(guid, None)
            case PaymentPlanned() as planned:
                self.plans[planned.plan_guid] = Plan(planned=planned)
            case PlanEnded(plan_guid=guid, state=state, outcome=outcome):
                self.plans[guid] = replace(self.plans[guid], state=state, outcome=outcome)
            case RecurringAdded() as added:
                self.recurring[added.recurring_guid] = Recurring(added=added)
            case RecurringPaid(recurring_guid=guid, outcome=outcome):
                self.recurring[guid] = replace(self.recurring[guid], last_outcome=outcome)
            case RecurringCancelled(recurring_guid=guid):
                self.recurring[guid] = replace(self.recurring[guid], active=False)
            case AutoPayPlanned(biller=biller, invoice_number=number, autopay_date=day):
                self.autopay_dates.add((biller, number, day))
            case event:
                raise TypeError(f"the wallet's book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell what is stored and planned; of an instrument its kind and last digits only."""
        with self.lock:
            return {
                "payment_options": [_method_row(method) for method in self.methods.values()],
                "scheduled_payments": [_plan_row(plan) for plan in self.plans.values()],
                "recurring_payments": [_recurring_row(one) for one in self.recurring.values()],
            }


def _method_row(method: MethodStored) -> dict[str, Any]:
    return {
        "method_guid": method.method_guid,
        "login_guid": method.login_guid,
        "label": method.label,
        "kind": method.kind,
        "last_four": method.last_four,
    }


def _plan_row(plan: Plan) -> dict[str, Any]:
    planned = plan.planned
    return {
        "plan_guid": planned.plan_guid,
        "biller": planned.biller,
        "account_number": planned.account_number,
        "invoice_number": planned.invoice_number,
        "on": planned.on.isoformat(),
        "amount": None if planned.amount is None else f"{planned.amount:.2f}",
        "state": plan.state.value,
        "outcome": plan.outcome,
    }


def _recurring_row(one: Recurring) -> dict[str, Any]:
    added = one.added
    return {
        "recurring_guid": added.recurring_guid,
        "biller": added.biller,
        "account_number": added.account_number,
        "day_of_month": added.day_of_month,
        "amount": None if added.amount is None else f"{added.amount:.2f}",
        "active": one.active,
        "last_outcome": one.last_outcome,
    }
