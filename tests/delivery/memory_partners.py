"""Partners in memory, with books of their own: Spectrum, IMT and Invoice Cloud fail as planned.

One plan is used up by each request, and says what becomes of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapter.context import Rules
from adapter.domain.ach_return import ReversalTaken
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer, ExtractedReceipt, ReceiptSearch
from adapter.domain.payment import ReceiptApplied, ReceiptEmpty, ReceiptPending
from adapter.domain.retry import RetryPolicy
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BILLER = "camp-point"
INVOICES = ("1", "2", "3")
BILLED = Decimal("100000.00")
RULES = Rules(settle_seconds=120.0, lease_seconds=90.0, retry=RetryPolicy(attempts_max=30))
GUARD = GuardFigures(settle=timedelta(seconds=RULES.settle_seconds))
# A plan that ends the payment at a person's desk, whatever the adapter does.
FOR_A_PERSON = frozenset({"refuse", "not_applied"})
PLANS = (
    "apply",
    "apply_and_lose_the_answer",
    "lose_the_request",
    "apply_late_and_lose_the_answer",
    "apply_slowly",
    "okay_and_applied",
    "okay_and_apply_hours_later",
    "busy",
    "setting_refused",
    "crash_in_our_code",
    "die_before_sending",
    "die_before_post",
    "die_after_post",
    "die_and_apply_late",
    *sorted(FOR_A_PERSON),
)
# What may become of a request whose repeat is harmless: a reversal, or a setting at IMT.
REPEATABLE_PLANS = (
    "arrive",
    "lose_the_answer",
    "lose_the_request",
    "arrive_late",
    "busy",
    "setting_refused",
    "crash_in_our_code",
    "die_before",
    "die_after",
    "die_and_arrive_late",
)
WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}


class ProcessDiedError(BaseException):
    """The adapter's process is gone: nothing in it may handle this."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)


def send_repeatable(plan, arrive):
    """Do with a request whose repeat is harmless what a plan says; `arrive` takes the delay."""
    match plan:
        case "die_before":
            raise ProcessDiedError
        case "busy":
            raise RetryableError("no connection was made", **WHERE)
        case "setting_refused":
            raise ConfigurationError("billers.camp-point is refused")
        case "lose_the_request":
            raise OutcomeUnknownError("silence", **WHERE)
    late = {
        "arrive_late": RULES.settle_seconds / 2,
        "die_and_arrive_late": RULES.lease_seconds + 20,  # the next process is at work by then
    }
    arrive(late.get(plan, 0.0))
    match plan:
        case "crash_in_our_code":
            raise KeyError("receipt_id")
        case "die_after" | "die_and_arrive_late":
            raise ProcessDiedError
        case "lose_the_answer" | "arrive_late":
            raise OutcomeUnknownError("502", **WHERE)


@dataclass
class Receipt:
    """A receipt in Spectrum's book, from the moment on at which it is applied."""

    id: str
    reference: str
    invoice: str
    amount: Decimal
    applied_at: datetime
    reversal_id: str = ""
    reversed_at: datetime | None = None

    def as_told(self, as_of):
        """Return the receipt as the feed tells it up to a moment."""
        is_reversed = self.reversed_at is not None and self.reversed_at <= as_of
        return ExtractedReceipt(
            receipt_id=self.id,
            invoice_number=self.invoice,
            reference_number=self.reference,
            amount=self.amount,
            applied_at=self.applied_at,
            reversal_id=self.reversal_id if is_reversed else "",
            reversed_at=self.reversed_at if is_reversed else None,
        )


@dataclass
class Spectrum:
    """Balances, receipts, reversals and a feed; implements the ports that the kinds see."""

    clock: Clock
    deduplicates: bool = True
    feed_lag_seconds: float = 0.0
    plans: list = field(default_factory=list)
    book: list = field(default_factory=list)
    posts: list = field(default_factory=list)
    reversal_plans: list = field(default_factory=list)
    reversal_ids: list = field(default_factory=list)
    while_slow: object = None
    is_silent: bool = False

    def applied(self):
        return [receipt for receipt in self.book if receipt.applied_at <= self.clock.now()]

    def apply(self, reference, invoice, amount, *, seconds=0.0):
        receipt = Receipt(
            id=f"R-{1001 + len(self.book)}",
            reference=reference,
            invoice=invoice,
            amount=amount,
            applied_at=self.clock.now() + timedelta(seconds=seconds),
        )
        self.book.append(receipt)
        return receipt

    def balance_due(self, invoice):
        if self.is_silent:
            raise RetryableError("no connection", partner="spectrum", operation="balance")
        if self.plans[:1] == ["die_before_sending"]:
            self.plans.pop(0)
            raise ProcessDiedError
        now = self.clock.now()
        standing = sum(
            receipt.amount
            for receipt in self.applied()
            if receipt.invoice == invoice
            and (receipt.reversed_at is None or receipt.reversed_at > now)
        )
        return BalanceAnswer(balance=BILLED - standing)

    def post_receipt(self, payment):
        self.posts.append(payment.key)
        plan = self.plans.pop(0) if self.plans else "apply"
        known = [
            r
            for r in self.book
            if (r.reference, r.invoice) == (payment.payment_guid, payment.invoice_number)
        ]
        if known and self.deduplicates and not plan.startswith("die"):
            return ReceiptPending(message="maybe already was")
        return getattr(self, f"_{plan}")(payment)

    def reverse(self, ach_return):
        """Take back a receipt that stands; what is known by its id is not taken back twice."""
        self.reversal_ids.append(ach_return.reversal_id)
        plan = self.reversal_plans.pop(0) if self.reversal_plans else "arrive"
        wanted = (ach_return.payment_guid, ach_return.invoice_number)
        standing = [r for r in self.applied() if (r.reference, r.invoice) == wanted]
        if len(standing) != 1:
            raise RejectedError(f"there are {len(standing)} receipts to reverse", **WHERE)
        (receipt,) = standing
        if receipt.reversal_id not in {"", ach_return.reversal_id}:
            raise RejectedError("reversed before, by another reversal", **WHERE)

        def arrive(seconds):
            at = self.clock.now() + timedelta(seconds=seconds)
            receipt.reversal_id = ach_return.reversal_id
            receipt.reversed_at = min(receipt.reversed_at or at, at)

        send_repeatable(plan, arrive)
        return ReversalTaken(receipt_id=receipt.id)

    def outcome(self, _ach_return):
        """Tell nothing, as the inbox over HTTP."""

    def find_receipts(self, payment, *, since):
        as_of = self.clock.now() - timedelta(seconds=self.feed_lag_seconds)
        wanted = (payment.payment_guid, payment.invoice_number)
        told = (receipt.as_told(as_of) for receipt in self.book if receipt.applied_at <= as_of)
        found = tuple(
            receipt
            for receipt in told
            if since <= max(receipt.applied_at, receipt.reversed_at or receipt.applied_at)
            and (receipt.is_of(wanted[0]) or receipt.invoice_number == wanted[1])
        )
        return ReceiptSearch(receipts=found, as_of=as_of)

    def _post(self, payment, seconds=0.0):
        return self.apply(
            payment.payment_guid, payment.invoice_number, payment.amount, seconds=seconds
        )

    def _apply(self, payment):
        return ReceiptApplied(receipt_id=self._post(payment).id)

    def _apply_and_lose_the_answer(self, payment):
        self._post(payment)
        raise OutcomeUnknownError("the connection was lost", **WHERE)

    def _lose_the_request(self, _payment):
        raise OutcomeUnknownError("silence", **WHERE)

    def _apply_late_and_lose_the_answer(self, payment):
        self._post(payment, seconds=RULES.settle_seconds / 2)
        raise OutcomeUnknownError("502", **WHERE)

    def _apply_slowly(self, payment):
        """Answer after our lease has ended, while another process is at work."""
        receipt = self._post(payment, seconds=RULES.lease_seconds / 2)
        self.clock.advance(RULES.lease_seconds + 1)
        self.while_slow()
        return ReceiptApplied(receipt_id=receipt.id)

    def _okay_and_applied(self, payment):
        self._post(payment)
        return ReceiptPending(message="Receipt Can Be Obtained By Scheduled Service")

    def _okay_and_apply_hours_later(self, payment):
        self._post(payment, seconds=5 * 3600)
        return ReceiptPending(message="Receipt Can Be Obtained By Scheduled Service")

    def _busy(self, _payment):
        raise RetryableError("429", **WHERE)

    def _refuse(self, _payment):
        raise RejectedError("404", status=404, **WHERE)

    def _not_applied(self, _payment):
        return ReceiptEmpty()

    def _setting_refused(self, _payment):
        raise ConfigurationError("billers.camp-point.advanced_settings.13 is refused")

    def _crash_in_our_code(self, payment):
        self._post(payment)
        raise KeyError("receiptID")

    def _die_before_post(self, _payment):
        raise ProcessDiedError

    def _die_and_apply_late(self, payment):
        self._post(payment, seconds=RULES.lease_seconds + 20)
        raise ProcessDiedError

    def _die_after_post(self, payment):
        self._post(payment)
        raise ProcessDiedError


@dataclass
class Imt:
    """The settings of every account, as the requests arrive that set them."""

    clock: Clock
    plans: list = field(default_factory=list)
    pushes: list = field(default_factory=list)
    _arrived: defaultdict = field(default_factory=lambda: defaultdict(list))

    def push(self, change):
        self.pushes.append(change.event_guid)
        plan = self.plans.pop(0) if self.plans else "arrive"

        def arrive(seconds):
            at = self.clock.now() + timedelta(seconds=seconds)
            self._arrived[change.account_number, change.kind].append((at, change.enrolled))

        send_repeatable(plan, arrive)

    def is_on(self, account_number, kind):
        """Return what the request set that arrived last."""
        return self._last_of(filter(self._is_in, self._arrived[account_number, kind]))

    def will_be_on(self, account_number, kind):
        """Return what it ends at, once everything has arrived that is under way still."""
        return self._last_of(self._arrived[account_number, kind])

    def _is_in(self, arrival):
        return arrival[0] <= self.clock.now()

    def _last_of(self, arrivals):
        return max(arrivals, key=lambda each: each[0], default=(None, False))[1]


@dataclass
class InvoiceCloud:
    """Payments that payers made, and the report of them; returns besides."""

    payments: list = field(default_factory=list)
    returns: list = field(default_factory=list)
    dies_after: int | None = None

    def report(self, window):
        reported = [p for p in self.payments if window.start_gmt <= p.paid_at < window.end_gmt]
        for number, payment in enumerate(reported):
            if number == self.dies_after:
                self.dies_after = None
                raise ProcessDiedError
            yield payment


@dataclass
class Ports:
    """One biller's connections."""

    spectrum: Spectrum
    cloud: InvoiceCloud
    imt: Imt
    has_feed: bool
    posts_per_minute: int | None = None
    guard: GuardFigures = GUARD
    payments_since: datetime | None = None
    posting: bool = True
    subtract_under_way: bool = True

    @property
    def balances(self):
        return self.spectrum

    @property
    def receipts(self):
        return self.spectrum

    @property
    def reversals(self):
        return self.spectrum

    @property
    def enrollments(self):
        return self.imt

    @property
    def receipt_feed(self):
        return self.spectrum if self.has_feed else None

    @property
    def payment_report(self):
        return self

    def payments(self, window):
        return self.cloud.report(window)
