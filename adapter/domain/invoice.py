"""An open invoice as Spectrum's extract tells it: what a group of BIF records is made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from adapter.domain.money import ZERO
from adapter.domain.payment import is_guid

_DATES = ("invoice_date", "due_date", "autopay_date")
_MONEY = ("balance_due", "under_way")


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """A policy's invoice: dollars, dates in the biller's time zone, texts that may be empty.

    `under_way` is the money that its balance cannot contain yet (decision 0036).
    """

    invoice_number: str
    policy_number: str
    organization_name: str
    first_name: str
    last_name: str
    address1: str
    address2: str
    city: str
    state: str
    zip_code: str
    email_address: str
    invoice_date: date
    due_date: date
    balance_due: Decimal
    autopay_date: date | None
    under_way: Decimal = ZERO

    @property
    def customer_name(self) -> str:
        """OrganizationName, or FirstName + LastName (E2)."""
        return self.organization_name or f"{self.first_name} {self.last_name}".strip()

    @property
    def amount_due(self) -> Decimal:
        """What a bill says: the balance less what is under way, nothing for a credit (0003, 0036).

        What is no amount stays as it is, so that it is refused by its name.
        """
        if not self.balance_due.is_finite():
            return self.balance_due
        owed = self.balance_due - self.under_way
        return ZERO if owed.is_signed() else owed

    def as_json(self) -> str:
        """Write every field, such as for the ledger's record of what was billed last."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Invoice:
        """Read what `as_json` wrote; another text raises one of Python's own errors."""
        values = json.loads(text)
        dates = {n: values[n] and date.fromisoformat(values[n]) for n in _DATES}
        money = {n: Decimal(values[n]) for n in _MONEY}
        return cls(**{**values, **dates, **money})

    def fingerprint(self, edition: str = "") -> str:
        """Identify everything a BIF says of the invoice: another one means that it changed.

        `edition` is what the biller's questionnaire adds to it.
        """
        told = [str(value) for value in astuple(self)]
        content = "\x1f".join([*told, edition] if edition else told)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class InvoiceExtract:
    """Invoices changed since a cursor; `cursor` asks for what comes after them.

    `as_of` is the moment (UTC) up to which Spectrum's book is told.
    """

    invoices: tuple[Invoice, ...]
    cursor: str
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class BalanceAnswer:
    """What Spectrum answers as due on an invoice, in dollars, negative for a credit (A2).

    `stale` says why the telling is no evidence of what happened just before, such as `Age: 290`;
    it is empty for one that may be. `dated_at` (UTC) is the answer's Date by our clock; without a
    Date, or before the partner's clock was measured, it is not known (decision 0031).
    """

    balance: Decimal
    stale: str = ""
    dated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ExtractedReceipt:
    """A receipt in Spectrum's book, whoever reported it; moments in UTC.

    `reversed_at` and `reversal_id` tell of one that was taken back (decision 0018).
    """

    receipt_id: str
    invoice_number: str
    reference_number: str
    amount: Decimal
    applied_at: datetime
    reversal_id: str = ""
    reversed_at: datetime | None = None

    def is_of(self, payment_guid: str) -> bool:
        """Tell whether the reference number is this payment's GUID, in any of its shapes."""
        return is_guid(self.reference_number, payment_guid)


@dataclass(frozen=True, kw_only=True)
class ReceiptSearch:
    """What the receipts feed says of one payment and its invoice; each receipt stands there once.

    The absence of a receipt counts only up to `as_of` (UTC).
    """

    receipts: tuple[ExtractedReceipt, ...]
    as_of: datetime


class BifDialect(StrEnum):
    """How a BIF's records stand on the wire (decision 0024)."""

    TAGGED = "tagged"  # id~value: each value brings its FileSpecID
    POSITIONAL = "positional"  # values only, in the order of the field table


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """A biller's BIF customizations (E5); the defaults are a biller that customized nothing.

    `notify_days` says when a payer is told the first, second and third time: days after the due
    date, negative for before it, None for not at all.
    """

    allow_partial_payments: bool = False
    notify_days: tuple[int | None, int | None, int | None] = (None, None, None)

    @property
    def notifies(self) -> bool:
        return any(days is not None for days in self.notify_days)

    def edition(self) -> str:
        """Identify the answers, nothing for the defaults: with others every bill says others."""
        if self == Questionnaire():
            return ""
        days = ",".join("" if day is None else str(day) for day in self.notify_days)
        return f"partial={int(self.allow_partial_payments)} notify={days}"


@dataclass(frozen=True, kw_only=True)
class BifProfile:
    """What a biller's invoice files are written with; `time_zone` dates the file for the biller.

    `replacement` stands in for characters a BIF cannot carry; None refuses them (E1).
    """

    biller_guid: str
    invoice_format_guid: str
    time_zone: str
    replacement: str | None
    dialect: BifDialect = BifDialect.TAGGED
    questionnaire: Questionnaire = Questionnaire()

    @property
    def partial_payments(self) -> str:
        """Return AllowPartialPayments as a file says it."""
        return "1" if self.questionnaire.allow_partial_payments else "0"

    def fingerprint(self, invoice: Invoice) -> str:
        """Identify everything that a file of this biller says of the invoice."""
        return invoice.fingerprint(self.questionnaire.edition())
