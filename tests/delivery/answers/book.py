"""The rig's own Spectrum behind its sockets: a book that never de-duplicates.

Every receipt that is applied is another row, and moves the balance. Money is in dollars, moments
are UTC; what is dated later than now has not happened yet.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
BILLED = Decimal("500.00")
IMT_VENDOR = "InvoiceCloud"


class Clock:
    """Stands still until it is moved; asking a partner moves it a little, as in life."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def advance(self, **span):
        self.at += timedelta(**span)

    def move_to(self, moment):
        self.at = max(self.at, moment)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt, from the moment on at which it is applied."""

    id: str
    invoice: str
    reference: str
    amount: Decimal
    applied_at: datetime
    vendor: str = IMT_VENDOR


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What is added to an invoice: a fee, an endorsement."""

    invoice: str
    amount: Decimal
    at: datetime


class Book:
    """What Spectrum knows of its invoices, and will know later."""

    def __init__(self, clock):
        self._clock = clock
        self.receipts = []
        self.charges = []

    def apply(self, *, invoice, reference, amount, after=timedelta(), vendor=IMT_VENDOR):
        """Apply a receipt, now or after a while; nobody asks whether it stands already."""
        receipt = Receipt(
            id=str(1001 + len(self.receipts)),
            invoice=invoice,
            reference=reference,
            amount=amount,
            applied_at=self._clock.now() + after,
            vendor=vendor,
        )
        self.receipts.append(receipt)
        return receipt

    def charge(self, invoice, amount, *, after=timedelta()):
        self.charges.append(Charge(invoice=invoice, amount=amount, at=self._clock.now() + after))

    def balance(self, invoice, at):
        """Return what was due on an invoice at a moment."""
        added = (c.amount for c in self.charges if c.invoice == invoice and c.at <= at)
        taken = (r.amount for r in self.receipts if r.invoice == invoice and r.applied_at <= at)
        return BILLED + sum(added) - sum(taken)

    def told(self, *, since, as_of):
        """Return the receipts of a stretch of time, whoever reported them."""
        return [r for r in self.receipts if since <= r.applied_at <= as_of]

    def of_payment(self, payment):
        """Return every receipt of a payment's GUID, on whatever invoice, applied or to come."""
        guid = payment.payment_guid
        return [r for r in self.receipts if r.reference.strip("{}").casefold() == guid]
