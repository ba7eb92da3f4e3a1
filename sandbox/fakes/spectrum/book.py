"""Spectrum's book: invoices, receipts, reversals and adjustments, and the balances they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from sandbox.world.billers import Biller
from sandbox.world.book import Book, Recorded
from sandbox.world.carrier import Policy, make_policies
from sandbox.world.world import World

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
FIRST_RECEIPT_ID = 1001


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued:
    """A biller has billed a policy."""

    biller: str
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class ReceiptApplied:
    """A payment was applied to an invoice; `amount` and `fee` are dollars, as it was reported.

    Unapplied cash was taken for the invoice, and moves no balance.
    """

    receipt_id: str
    biller: str
    invoice_number: str
    policy_number: str
    reference_number: str
    amount: Decimal
    fee: Decimal
    full_name: str
    date_paid: str
    transaction_id: str
    transaction_message: str
    payment_type: str
    online_vendor: str
    unapplied: bool = False

    @property
    def moves(self) -> Decimal:
        """Return by how much the invoice's balance goes down."""
        return ZERO if self.unapplied else self.amount


@dataclass(frozen=True, kw_only=True)
class ReceiptReversed:
    """A receipt was taken back in full, for example after an ACH reject."""

    receipt_id: str
    reason: str
    reversal_id: str = ""


@dataclass(frozen=True, kw_only=True)
class BalanceAdjusted:
    """An invoice was billed more, or less when `amount` is negative."""

    invoice_number: str
    amount: Decimal
    reason: str


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice as the events leave it; figures are dollars, `changed_at` is UTC."""

    biller: str
    policy: Policy
    changed_at: datetime
    adjusted: Decimal = ZERO
    received: Decimal = ZERO
    reversed: Decimal = ZERO

    @property
    def number(self) -> str:
        return self.policy.invoice_number

    @property
    def billed(self) -> Decimal:
        return self.policy.billed

    @property
    def balance(self) -> Decimal:
        return self.billed + self.adjusted - self.received + self.reversed


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt as the events leave it; moments are UTC."""

    applied: ReceiptApplied
    applied_at: datetime
    reversed_at: datetime | None = None
    reversal_id: str = ""

    @property
    def id(self) -> str:
        return self.applied.receipt_id

    @property
    def changed_at(self) -> datetime:
        return self.reversed_at or self.applied_at

    def as_of(self, moment: datetime) -> Receipt | None:
        """Return the receipt as it stood at a moment, if it was there."""
        if self.applied_at > moment:
            return None
        if self.reversed_at is None or self.reversed_at <= moment:
            return self
        return replace(self, reversed_at=None, reversal_id="")


class SpectrumBook(Book):
    """The truth of every biller's invoices and receipts in one world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.invoices: dict[str, Invoice] = {}
        self.receipts: dict[str, Receipt] = {}
        self._by_reference: dict[tuple[str, str], list[str]] = {}
        self._by_reversal: dict[str, str] = {}
        self._before: dict[str, list[Invoice]] = {}
        for biller in world.billers:
            for policy in make_policies(world, biller):
                issued = InvoiceIssued(biller=biller.slug, policy=policy)
                midnight = datetime.combine(policy.invoice_date, time(), biller.zone)
                self.record(issued, at=midnight.astimezone(UTC))

    def invoice_of(self, biller: Biller, number: str) -> Invoice | None:
        """Return a biller's own invoice; another biller's does not exist for it."""
        invoice = self.invoices.get(number)
        return invoice if invoice is not None and invoice.biller == biller.slug else None

    def invoice_at(self, number: str, moment: datetime) -> Invoice:
        """Return an invoice as it stood at a moment, or when it was issued if that was later."""
        with self.lock:
            now = self.invoices[number]
            past = self._before.get(number, [])
            stood = [each for each in (*past, now) if each.changed_at <= moment]
            return stood[-1] if stood else (*past, now)[0]

    def invoices_of_policy(self, biller: Biller, policy_number: str) -> list[Invoice]:
        """Return a policy's invoices in the order of their issue."""
        return [
            invoice
            for invoice in self.invoices_of(biller)
            if invoice.policy.policy_number == policy_number
        ]

    def invoices_of(self, biller: Biller) -> list[Invoice]:
        return [invoice for invoice in self.invoices.values() if invoice.biller == biller.slug]

    def receipts_of(self, biller: Biller) -> list[Receipt]:
        return [r for r in self.receipts.values() if r.applied.biller == biller.slug]

    def find_receipts(self, reference_number: str, invoice_number: str) -> list[Receipt]:
        """Return the receipts of one payment and invoice, oldest first; case does not matter."""
        ids = self._by_reference.get(_reference_key(reference_number, invoice_number), [])
        return [self.receipts[receipt_id] for receipt_id in ids]

    def find_reversal(self, reversal_id: str) -> Receipt | None:
        """Return the receipt that this reversal took back, if it did."""
        receipt_id = self._by_reversal.get(reversal_id)
        return None if receipt_id is None else self.receipts[receipt_id]

    def next_receipt_id(self) -> str:
        return str(FIRST_RECEIPT_ID + len(self.receipts))

    def reverse_receipt(self, receipt_id: str, reason: str, reversal_id: str = "") -> Receipt:
        """Take a receipt back, once: reversing it again changes nothing."""
        taken = ReceiptReversed(receipt_id=receipt_id, reason=reason, reversal_id=reversal_id)
        with self.lock:
            if self.receipts[receipt_id].reversed_at is None:
                self.record(taken)
            return self.receipts[receipt_id]

    def adjust_balance(self, invoice_number: str, amount: Decimal, reason: str) -> Invoice:
        """Bill an invoice more or less, in whole cents."""
        if amount != amount.quantize(CENT):
            raise ValueError(f"an adjustment has whole cents, got {amount}")
        with self.lock:
            if invoice_number not in self.invoices:
                raise KeyError(invoice_number)
            adjusted = BalanceAdjusted(
                invoice_number=invoice_number, amount=amount.quantize(CENT), reason=reason
            )
            self.record(adjusted)
            return self.invoices[invoice_number]

    def apply(self, recorded: Recorded) -> None:
        at = recorded.at
        match recorded.event:
            case InvoiceIssued(biller=biller, policy=policy):
                invoice = Invoice(biller=biller, policy=policy, changed_at=at)
                self.invoices[policy.invoice_number] = invoice
            case ReceiptApplied() as applied:
                self.receipts[applied.receipt_id] = Receipt(applied=applied, applied_at=at)
                key = _reference_key(applied.reference_number, applied.invoice_number)
                self._by_reference.setdefault(key, []).append(applied.receipt_id)
                self._move(applied.invoice_number, at, received=applied.moves)
            case ReceiptReversed(receipt_id=receipt_id, reversal_id=reversal_id):
                receipt = self.receipts[receipt_id]
                self.receipts[receipt_id] = replace(
                    receipt, reversed_at=at, reversal_id=reversal_id
                )
                self._by_reversal[reversal_id] = receipt_id
                self._move(receipt.applied.invoice_number, at, reversed=receipt.applied.moves)
            case BalanceAdjusted(invoice_number=number, amount=amount):
                self._move(number, at, adjusted=amount)
            case event:
                raise TypeError(f"Spectrum's book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell invoices and receipts as the control API shows them; money as text."""
        with self.lock:
            return {
                "invoices": [_invoice_row(invoice) for invoice in self.invoices.values()],
                "receipts": [_receipt_row(receipt) for receipt in self.receipts.values()],
            }

    def _move(self, number: str, at: datetime, **moved: Decimal) -> None:
        invoice = self.invoices[number]
        sums = {name: getattr(invoice, name) + amount for name, amount in moved.items()}
        self._before.setdefault(number, []).append(invoice)
        self.invoices[number] = replace(invoice, changed_at=at, **sums)


def _reference_key(reference_number: str, invoice_number: str) -> tuple[str, str]:
    return reference_number.casefold(), invoice_number


def _invoice_row(invoice: Invoice) -> dict[str, Any]:
    return {
        "biller": invoice.biller,
        "invoice_number": invoice.number,
        "policy_number": invoice.policy.policy_number,
        "customer_name": invoice.policy.customer_name,
        "due_date": invoice.policy.due_date.isoformat(),
        "balance_due": money_text(invoice.balance),
        "billed": money_text(invoice.billed),
        "adjusted": money_text(invoice.adjusted),
        "received": money_text(invoice.received),
        "reversed": money_text(invoice.reversed),
        "changed_at": utc_text(invoice.changed_at),
    }


def _receipt_row(receipt: Receipt) -> dict[str, Any]:
    told = {
        name: money_text(value) if isinstance(value, Decimal) else value
        for name, value in vars(receipt.applied).items()
    }
    reversed_at = receipt.reversed_at and utc_text(receipt.reversed_at)
    return {
        **told,
        "applied_at": utc_text(receipt.applied_at),
        "reversed_at": reversed_at,
        "reversal_id": receipt.reversal_id or None,
    }


def money_text(amount: Decimal) -> str:
    """Write dollars with two decimals, such as 731.37."""
    return format(amount.quantize(CENT), "f")


def utc_text(moment: datetime) -> str:
    """Write a moment as the extract does, such as 2026-01-05T08:00:00Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
