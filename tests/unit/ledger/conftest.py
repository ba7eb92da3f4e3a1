"""A ledger of its own for each test, on a file, and payments to keep in it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import AchReturn, ReversalState, ReversalStep
from adapter.domain.delivery import Cause, DeliveryState, Evidence, Source, Step
from adapter.domain.enrollment import (
    EnrollmentChange,
    EnrollmentKind,
    EnrollmentSource,
    EnrollmentState,
    EnrollmentStep,
)
from adapter.domain.payment import Payment, PaymentMethod
from adapter.ledger import open_ledger

NOW = datetime(2026, 1, 5, 9, 12, 30, 123_456, tzinfo=UTC)
LEASE = 90.0


class Bench:
    """A ledger and the shortest ways to bring a payment into any state."""

    now = NOW
    biller = "camp-point"

    def __init__(self, url):
        self.url = url
        self.ledger = open_ledger(url)

    def payment(self, number=1, *, invoice="30254", amount="731.37", biller=None, **fields):
        usual = {
            "biller": biller or self.biller,
            "payment_guid": str(UUID(int=number)),
            "invoice_number": invoice,
            "account_number": "1204117",
            "customer_name": "Renée O'Brien",
            "paid_at": NOW - timedelta(minutes=number),
            "amount": Decimal(amount),
            "fee": Decimal("2.95"),
            "payment_reference": "T-1",
            "payment_message": "thanks",
            "method": PaymentMethod.ACH,
            "approved": True,
        }
        return Payment(**{**usual, **fields})

    def accept(self, number=1, *, at=None, source=Source.DATA_PUMP, **fields):
        payment = self.payment(number, **fields)
        return self.ledger.accept(payment, source=source, now=at or NOW).delivery

    def claim(self, *, at=None, biller=None):
        return self.ledger.claims.claim_due(
            biller or self.biller, now=at or self.now, lease_seconds=LEASE
        )

    def send(self, *, at=None, biller=None):
        claimed = self.claim(at=at, biller=biller)
        return self.ledger.claims.begin_sending(
            claimed, balance_before=Decimal("731.37"), now=at or self.now, lease_seconds=LEASE
        )

    def record(self, delivery, state, *, at=None, **fields):
        usual = {"to_state": state, "cause": Cause.ANSWERED, "detail": f"now {state.value}"}
        if state is DeliveryState.APPLIED:
            usual |= {"evidence": Evidence.ANSWER, "receipt_id": "R-1"}
        step = Step(**{**usual, **fields})
        return self.ledger.claims.record(delivery, step, now=at or self.now)

    def change(self, number=1, *, account="1204117", biller=None, **fields):
        usual = {
            "biller": biller or self.biller,
            "event_guid": str(UUID(int=number)),
            "account_number": account,
            "kind": EnrollmentKind.PAPERLESS,
            "enrolled": True,
            "changed_at": NOW - timedelta(hours=1),
        }
        return EnrollmentChange(**{**usual, **fields})

    def tell(self, number=1, *, at=None, source=EnrollmentSource.DATA_PUMP, **fields):
        change = self.change(number, **fields)
        accepted = self.ledger.enrollments.accept(change, source=source, now=at or NOW)
        return accepted.enrollment

    def claim_push(self, *, at=None, biller=None):
        return self.ledger.pushes.claim_due(
            biller or self.biller, now=at or self.now, lease_seconds=LEASE
        )

    def pushed(self, enrollment, state=EnrollmentState.DELIVERED, *, at=None, **fields):
        step = EnrollmentStep(to_state=state, detail=f"now {state.value}", **fields)
        return self.ledger.pushes.record(enrollment, step, now=at or self.now)

    def enrollment(self, number=1):
        return self.ledger.enrollments.find(self.biller, str(UUID(int=number)))

    def ach_return(self, number=1, *, invoice="30254", biller=None, **fields):
        """Return the reject of the payment of this number."""
        usual = {
            "biller": biller or self.biller,
            "reject_guid": str(UUID(int=1000 + number)),
            "payment_guid": str(UUID(int=number)),
            "invoice_number": invoice,
            "account_number": "1204117",
            "amount": Decimal("731.37"),
            "code": "R01",
            "reason": "Insufficient Funds",
            "returned_at": NOW - timedelta(minutes=15),
        }
        return AchReturn(**{**usual, **fields})

    def bring_back(self, number=1, *, at=None, **fields):
        """Take a reject over, as its poll does."""
        returned = self.ach_return(number, **fields)
        self.ledger.reversals.take_over([returned], now=at or NOW)
        return returned

    def claim_reversal(self, *, at=None):
        claimed = self.ledger.reversal_claims.claim_due(
            self.biller, now=at or self.now, lease_seconds=LEASE
        )
        return None if claimed is None else claimed[0]

    def reverse(self, reversal, state=ReversalState.REVERSED, *, at=None, **fields):
        step = ReversalStep(to_state=state, detail=f"now {state.value}", **fields)
        return self.ledger.reversal_claims.record(reversal, step, now=at or self.now)

    def reversal(self):
        """Return the reversal that came first."""
        return self.ledger.reversals.page(limit=1)[0]

    def events(self, delivery):
        return self.ledger.deliveries.events(delivery.id)

    def exceptions(self):
        return self.ledger.exceptions.page(limit=100)


@pytest.fixture
def bench(ledger_url):
    bench = Bench(ledger_url)
    yield bench
    bench.ledger.close()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def later():
    """Tell a moment by the seconds that have passed since the test's beginning."""
    return lambda seconds: NOW + timedelta(seconds=seconds)
