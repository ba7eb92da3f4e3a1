"""A carrier in memory: Spectrum and Invoice Cloud with every way of failing, and the adapter.

`Spectrum` keeps its own book and does what `plans` tell it to, one plan for each receipt that is
posted. The adapter's process can die at every named point; it lives on as a new ledger object on
the same file.
"""

import contextlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from adapter.domain.delivery import DeliveryState, Source
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.payment import (
    Payment,
    PaymentMethod,
    ReceiptApplied,
    ReceiptNotApplied,
    ReceiptPending,
)
from adapter.domain.retry import RetryPolicy
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs import post_payments, reconcile_payments
from adapter.context import Rules, JobContext
from adapter.ledger import open_ledger

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BILLER = "camp-point"
INVOICES = ("1", "2", "3")
BILLED = Decimal("100000.00")
RULES = Rules(settle_seconds=120.0, lease_seconds=90.0, retry=RetryPolicy(attempts_max=30))
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


@dataclass
class Receipt:
    """A receipt in Spectrum's book, from the moment on at which it is applied."""

    id: str
    reference: str
    invoice: str
    amount: Decimal
    applied_at: datetime


@dataclass
class Spectrum:
    """Balances, receipts and a feed; implements the ports that the jobs see."""

    clock: Clock
    deduplicates: bool = True
    feed_lag_seconds: float = 0.0
    plans: list = field(default_factory=list)
    book: list = field(default_factory=list)
    posts: list = field(default_factory=list)
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
        return BILLED - sum(r.amount for r in self.applied() if r.invoice == invoice)

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

    def find_receipt(self, payment, *, since):
        as_of = self.clock.now() - timedelta(seconds=self.feed_lag_seconds)
        for receipt in self.book:
            told = since <= receipt.applied_at <= as_of
            same = (receipt.reference, receipt.invoice) == (
                payment.payment_guid,
                payment.invoice_number,
            )
            if told and same:
                found = ExtractedReceipt(
                    receipt_id=receipt.id,
                    invoice_number=receipt.invoice,
                    reference_number=receipt.reference,
                    amount=receipt.amount,
                    applied_at=receipt.applied_at,
                )
                return ReceiptSearch(receipt=found, as_of=as_of)
        return ReceiptSearch(receipt=None, as_of=as_of)

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
        raise RejectedError("404", **WHERE)

    def _not_applied(self, _payment):
        return ReceiptNotApplied()

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
class InvoiceCloud:
    """Payments that payers made, and the report of them."""

    payments: list = field(default_factory=list)
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
    has_feed: bool
    posts_per_minute: int | None = None

    @property
    def balances(self):
        return self.spectrum

    @property
    def receipts(self):
        return self.spectrum

    @property
    def receipt_feed(self):
        return self.spectrum if self.has_feed else None

    @property
    def payment_report(self):
        return self

    def payments(self, window):
        return self.cloud.report(window)


class Carrier:
    """One biller's whole small world."""

    def __init__(self, ledger_url, *, has_feed=True, deduplicates=True, feed_lag_seconds=0.0):
        self.clock = Clock()
        self.spectrum = Spectrum(
            clock=self.clock, deduplicates=deduplicates, feed_lag_seconds=feed_lag_seconds
        )
        self.spectrum.while_slow = self._other_process
        self.cloud = InvoiceCloud()
        self._ports = Ports(spectrum=self.spectrum, cloud=self.cloud, has_feed=has_feed)
        self._url = ledger_url
        self._numbers = itertools.count(1)
        self.deaths = 0
        self._live()

    def names(self):
        return (BILLER,)

    def ports(self, _biller):
        return self._ports

    def close(self):
        self.ledger.close()

    def pay(self, invoice="1", amount="10.00"):
        """Pay at Invoice Cloud; the adapter does not know yet."""
        number = next(self._numbers)
        payment = Payment(
            biller=BILLER,
            payment_guid=str(UUID(int=number)),
            invoice_number=invoice,
            account_number="1204117",
            customer_name="Renée O'Brien",
            paid_at=self.clock.now(),
            amount=Decimal(amount),
            fee=Decimal("0.00"),
            payment_reference="",
            payment_message="",
            method=PaymentMethod.CREDIT_CARD,
            approved=True,
        )
        self.cloud.payments.append(payment)
        return payment

    def tell(self, payment):
        """Deliver a payment by the data pump, perhaps again."""
        return self.ledger.accept(payment, source=Source.DATA_PUMP, now=self.clock.now())

    def post(self):
        return self._run(post_payments)

    def poll(self):
        return self._run(reconcile_payments)

    def run_for(self, *, hours, poll_hours=2):
        """Let the clock jump from one due moment to the next, and to every poll."""
        end = self.clock.now() + timedelta(hours=hours)
        poll_at = self.clock.now()
        while self.clock.now() < end:
            self.post()
            if self.clock.now() >= poll_at:
                self.poll()
                self.post()
                poll_at = self.clock.now() + timedelta(hours=poll_hours)
            due = self.ledger.next_due_at()
            upcoming = poll_at if due is None else min(due, poll_at)
            self.clock.at = max(upcoming, self.clock.now() + timedelta(microseconds=1))

    def delivery(self, payment):
        return self.ledger.deliveries.find(payment.key)

    def details(self, payment):
        return [e.detail for e in self.ledger.deliveries.events(self.delivery(payment).id)]

    def receipts(self, payment):
        return [
            receipt
            for receipt in self.spectrum.book
            if (receipt.reference, receipt.invoice)
            == (payment.payment_guid, payment.invoice_number)
        ]

    def open_exceptions(self):
        return self.ledger.exceptions.page(limit=1000, only_open=True)

    def check(self):
        """Every payment is applied at most once, and what is not applied can be seen."""
        asked = {(e.payment_guid, e.invoice_number) for e in self.open_exceptions()}
        known = {row.payment.key: row for row in self.ledger.deliveries.page(limit=1000)}
        for payment in self.cloud.payments:
            receipts = self.receipts(payment)
            assert len(receipts) <= 1, f"{payment.key} was applied {len(receipts)} times"
            delivery = known.get(payment.key)
            if delivery is None:
                continue  # the next poll finds it
            key = (payment.payment_guid, payment.invoice_number)
            if delivery.state is DeliveryState.APPLIED:
                assert receipts, f"{payment.key} is told to be applied, and it is not"
                assert delivery.evidence is not None
                if delivery.receipt_id is not None:
                    assert delivery.receipt_id == receipts[0].id
            elif delivery.state in {DeliveryState.DEAD, DeliveryState.NOT_APPLIED}:
                assert key in asked, f"{payment.key} is {delivery.state.value}, and nobody is told"
            else:
                assert delivery.next_at is not None, f"{payment.key} is forgotten"

    def _run(self, job):
        work = JobContext(ledger=self.ledger, billers=self, clock=self.clock, rules=RULES)
        try:
            return job.run_once(BILLER, work)
        except ProcessDiedError:
            self.deaths += 1
            self.ledger.close()
            self._live()
            return None

    def _live(self):
        self.ledger = open_ledger(self._url)

    def _other_process(self):
        plans, self.spectrum.plans = self.spectrum.plans, []
        ledger = open_ledger(self._url)
        work = JobContext(ledger=ledger, billers=self, clock=self.clock, rules=RULES)
        with contextlib.closing(ledger):
            post_payments.run_once(BILLER, work)
        self.spectrum.plans = plans
