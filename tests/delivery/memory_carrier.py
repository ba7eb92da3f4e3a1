"""A carrier in memory: one biller's partners, and the adapter's process, which may die anywhere.

It lives on as a new ledger object on the same database.
"""

import contextlib
import itertools
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from memory_partners import (
    BILLER,
    RULES,
    START,
    Clock,
    Imt,
    InvoiceCloud,
    Ports,
    ProcessDiedError,
    Spectrum,
)

from adapter.context import JobContext
from adapter.domain.ach_return import AchReturn
from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.domain.payment import Payment, PaymentMethod
from adapter.domain.work_item import FINAL_STATES, Source, State
from adapter.jobs import reconcile_payments
from adapter.jobs.deliver import deliver
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from adapter.ledger import open_ledger


class Carrier:
    """One biller's whole small world."""

    def __init__(self, ledger_url, *, has_feed=True, deduplicates=True, feed_lag_seconds=0.0):
        self.clock = Clock()
        self.spectrum = Spectrum(
            clock=self.clock, deduplicates=deduplicates, feed_lag_seconds=feed_lag_seconds
        )
        self.spectrum.while_slow = self._other_process
        self.cloud = InvoiceCloud()
        self.imt = Imt(clock=self.clock)
        self._ports = Ports(
            spectrum=self.spectrum, cloud=self.cloud, imt=self.imt, has_feed=has_feed
        )
        self._url = ledger_url
        self._numbers = itertools.count(1)
        self.settled = set()  # payments that a person has dealt with: no receipt is owed
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
        payment = Payment(
            biller=BILLER,
            payment_guid=self._guid(),
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
        return self._accept(PAYMENTS, payment, Source.DATA_PUMP)

    def give_back(self, payment):
        """Return a payment to its payer's bank, and have the reject report say so."""
        ach_return = AchReturn(
            biller=BILLER,
            reject_guid=self._guid(),
            payment_guid=payment.payment_guid,
            invoice_number=payment.invoice_number,
            account_number=payment.account_number,
            amount=payment.amount,
            code="R01",
            reason="insufficient funds",
            returned_at=self.clock.now(),
        )
        self.cloud.returns.append(ach_return)
        self._accept(REVERSALS, ach_return, Source.REJECT_REPORT)
        return ach_return

    def enroll(self, account="1204117", kind=EnrollmentKind.AUTOPAY, *, enrolled=True):
        """Change a setting at Invoice Cloud, and have its pump say so."""
        self.clock.advance(1)
        change = self.change(account, kind, enrolled=enrolled, at=self.clock.now())
        self._accept(ENROLLMENTS, change, Source.DATA_PUMP)
        return change

    def change(self, account, kind, *, enrolled, at):
        """Return a change that the adapter does not know yet."""
        return EnrollmentChange(
            biller=BILLER,
            event_guid=self._guid(),
            account_number=account,
            kind=kind,
            enrolled=enrolled,
            changed_at=at,
        )

    def post(self):
        return self.run(PAYMENTS)

    def run(self, *kinds):
        """Run the jobs of some kinds, or of those of which something is due."""
        report = None
        now = self.clock.now()
        for kind in kinds or [kind for kind, at in self._due_moments().items() if at <= now]:
            report = self._run(lambda work, kind=kind: deliver(kind, BILLER, work))
        return report

    def poll(self):
        return self._run(lambda work: reconcile_payments.run_once(BILLER, work))

    def run_for(self, *, hours, poll_hours=2):
        """Let the clock jump from one due moment to the next, and to every poll."""
        end = self.clock.now() + timedelta(hours=hours)
        poll_at = self.clock.now()
        while self.clock.now() < end:
            self.run()
            if self.clock.now() >= poll_at:
                self.poll()
                self.run()
                poll_at = self.clock.now() + timedelta(hours=poll_hours)
            upcoming = min([*self._due_moments().values(), poll_at])
            self.clock.at = max(upcoming, self.clock.now() + timedelta(microseconds=1))

    def item(self, payload):
        """Return the work item that carries a payment, a return or a change."""
        kind = self._kind_of(payload)
        return self.ledger.items(kind.item).find(BILLER, kind.item.reference(payload))

    def details(self, payload):
        item = self.item(payload)
        events = self.ledger.items(self._kind_of(payload).item).events(item.id)
        return [event.detail for event in events]

    def receipts(self, payment):
        wanted = (payment.payment_guid, payment.invoice_number)
        return [each for each in self.spectrum.book if (each.reference, each.invoice) == wanted]

    def payment_of(self, ach_return):
        wanted = (ach_return.payment_guid, ach_return.invoice_number)
        known = {(p.payment_guid, p.invoice_number): p for p in self.cloud.payments}
        return known[wanted]

    def open_exceptions(self):
        return self.ledger.exceptions.page(limit=1000, only_open=True)

    def check(self):
        """Everything arrived at most once, and what did not arrive can be seen."""
        asked = {each.reference for each in self.open_exceptions()}
        for kind in KINDS:
            for item in self.ledger.items(kind.item).page(limit=1000):
                if item.state is State.NEEDS_PERSON:
                    is_seen = item.reference in asked or item.payload in self.settled
                    assert is_seen, f"{item.reference} needs a person unseen"
                elif item.state not in FINAL_STATES:
                    assert item.next_at is not None, f"{item.reference} is forgotten"
        for payment in self.cloud.payments:
            self._check_payment(payment)
        for ach_return in self.cloud.returns:
            if self.item(ach_return).state is State.DONE:
                (receipt,) = self.receipts(ach_return)
                assert receipt.reversal_id == ach_return.reversal_id
        returned = {each.reversal_id for each in self.cloud.returns}
        assert {each.reversal_id for each in self.spectrum.book} <= returned | {""}

    def _check_payment(self, payment):
        receipts = self.receipts(payment)
        assert len(receipts) <= 1, f"{payment.key} was applied {len(receipts)} times"
        item = self.item(payment)  # None: the next poll finds it
        if item is not None and item.state is State.DONE:
            assert receipts, f"{payment.key} is said to be applied, and it is not"
            assert item.evidence is not None
            assert item.receipt_id in {None, receipts[0].id}

    def _accept(self, kind, payload, source):
        outbox = self.ledger.outbox(kind.item)
        return outbox.accept(payload, source=source, now=self.clock.now())

    def _kind_of(self, payload):
        kinds = {Payment: PAYMENTS, AchReturn: REVERSALS, EnrollmentChange: ENROLLMENTS}
        return kinds[type(payload)]

    def _due_moments(self):
        moments = {kind: self.ledger.next_due_at(kind.item) for kind in KINDS}
        return {kind: moment for kind, moment in moments.items() if moment is not None}

    def _guid(self):
        return str(UUID(int=next(self._numbers)))

    def _run(self, job):
        try:
            return job(self._work(self.ledger))
        except ProcessDiedError:
            self.deaths += 1
            self.ledger.close()
            self._live()
            return None

    def _work(self, ledger):
        return JobContext(ledger=ledger, billers=self, clock=self.clock, rules=RULES)

    def _live(self):
        self.ledger = open_ledger(self._url)
        self.ledger.life.begin(START - timedelta(days=1))

    def _other_process(self):
        plans, self.spectrum.plans = self.spectrum.plans, []
        with contextlib.closing(open_ledger(self._url)) as ledger:
            deliver(PAYMENTS, BILLER, self._work(ledger))
        self.spectrum.plans = plans
