"""A ledger of its own for each test, and a desk for each kind of item to work at it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from adapter.domain.payment import PaymentMethod
from adapter.domain.upload import InvoiceFile, UploadAnswer
from adapter.domain.work_item import BalanceReading, Cause, Evidence, Source, State, Step
from adapter.kinds import KINDS
from adapter.kinds.enrollments import ENROLLMENT
from adapter.kinds.payments import PAYMENT
from adapter.kinds.reversals import REVERSAL
from adapter.ledger import open_ledger
from tests.unit.domain.conftest import INVOICE, build_change, build_return
from tests.unit.domain.conftest import PAYMENT as PAID

NOW = datetime(2026, 1, 5, 9, 12, 30, 123_456, tzinfo=UTC)
LEASE = 90.0
READING = BalanceReading(asked_at=NOW, balance=Decimal("731.37"))
BILLED = UploadAnswer(accepted=True, file_name="1.BIF", file_guid="g-1", message="")
RULES = {kind.item: kind.redrive_rules for kind in KINDS}


def payment(number, lane, **fields):
    usual = {
        "payment_guid": str(UUID(int=number)),
        "paid_at": NOW - timedelta(minutes=number),
        "payment_message": "thanks",
        "method": PaymentMethod.ACH,
    }
    return replace(PAID, invoice_number=lane, **{**usual, **fields})


def ach_return(number, lane, **fields):
    usual = {"amount": PAID.amount, "returned_at": NOW - timedelta(minutes=15)}
    return build_return(number, invoice_number=lane, **{**usual, **fields})


def change(number, lane, **fields):
    changed_at = fields.pop("changed_at", NOW - timedelta(hours=1))
    return build_change(number, account_number=lane, changed_at=changed_at, **fields)


PAYLOADS = {PAYMENT: payment, REVERSAL: ach_return, ENROLLMENT: change}


class Desk:
    """One kind of item, and the shortest ways to bring one into any state.

    `lane` is an invoice number, or an account number for an enrolment; of two changes in a lane
    the one with the higher number is the newer.
    """

    def __init__(self, bench, kind):
        self.bench = bench
        self.kind = kind
        self.name = kind.name
        self.biller = bench.biller
        self.outbox = bench.ledger.outbox(kind)
        self.items = bench.ledger.items(kind)
        self.redrive = bench.ledger.redrive(kind, RULES[kind])

    def payload(self, number=1, *, lane="30254", biller=None, **fields):
        return PAYLOADS[self.kind](number, lane, biller=biller or self.biller, **fields)

    def accepted(self, number=1, *, at=NOW, source=Source.DATA_PUMP, correlation_id="", **fields):
        return self.outbox.accept(
            self.payload(number, **fields),
            source=source,
            now=at,
            correlation_id=correlation_id,
        )

    def accept(self, number=1, **fields):
        return self.accepted(number, **fields).item

    def claim(self, *, at=NOW, biller=None, **limit):
        return self.outbox.claim_due(biller or self.biller, now=at, lease_seconds=LEASE, **limit)

    def begin(self, item, *, at=NOW, reading=READING):
        return self.outbox.begin_sending(
            item, detail="about to leave", reading=reading, now=at, lease_seconds=LEASE
        )

    def send(self, *, at=NOW, biller=None):
        return self.begin(self.claim(at=at, biller=biller), at=at)

    def record(self, item, state, *, at=NOW, **fields):
        usual = {"to_state": state, "cause": Cause.ANSWERED, "detail": f"now {state.value}"}
        if state is State.DONE:
            usual |= {"evidence": Evidence.ANSWER, "receipt_id": "R-1"}
        return self.outbox.record(item, Step(**{**usual, **fields}), now=at)

    def done(self, *, at=NOW, biller=None):
        """Send what is due first, and have it answered well."""
        return self.record(self.send(at=at, biller=biller), State.DONE, at=at)

    def expire(self, *, at, settle_seconds=120.0):
        """End the leases of whatever was being sent, as of a kind whose outcome is doubtful."""
        step = Step(
            to_state=State.IN_DOUBT,
            cause=Cause.LEASE_EXPIRED,
            detail="answer lost after sending",
            next_at=at + timedelta(seconds=settle_seconds),
        )
        return self.outbox.expire_leases(self.biller, now=at, step_for=lambda _item: step)

    def find(self, item):
        """Return an item as it stands in the ledger now."""
        return self.items.find(item.biller, item.reference)

    def events(self, item):
        return self.items.events(item.id)


class Bench:
    """A ledger, and its desks."""

    now = NOW
    biller = "camp-point"

    def __init__(self, url):
        self.url = url
        self.ledger = open_ledger(url)
        self.payments = Desk(self, PAYMENT)
        self.reversals = Desk(self, REVERSAL)
        self.enrollments = Desk(self, ENROLLMENT)

    def begin_file(
        self, reference="BIF1", total="731.37", *, at=NOW, after=None, rows=None, **fingerprints
    ):
        """Keep an invoice file that is about to leave."""
        file = InvoiceFile(
            biller=self.biller,
            reference=reference,
            content="1~FH|2~Renée\n".encode(),
            invoice_count=2,
            total=Decimal(total),
            as_of=NOW,
            fingerprints=fingerprints or {"30254": "aa", "30255": "bb"},
            rows=rows or {},
        )
        return self.ledger.uploads.begin(file, now=at, after=after)

    def exceptions(self):
        return self.ledger.exceptions.page(limit=100)

    def ask(self, kind, detail="why", *, at=NOW, **about):
        """Open a review item."""
        return self.ledger.exceptions.open(self.biller, kind, detail, now=at, **about)

    def answer(self, item, resolution="seen", *, at=NOW):
        """Resolve a review item, as a person does."""
        return self.ledger.exceptions.resolve(item.id, now=at, resolution=resolution)


@pytest.fixture(scope="session")
def new_bench():
    """Return a maker of benches for tests that share one."""
    return Bench


@pytest.fixture
def bench(ledger_url):
    bench = Bench(ledger_url)
    yield bench
    bench.ledger.close()


@pytest.fixture
def bill(bench):
    """Return a way to bill invoices, each due on a day."""

    def bill(due_dates):
        file = bench.begin_file(
            f"BIF{bench.ledger.uploads.newest(bench.biller) + 1}",
            rows={
                number: replace(
                    INVOICE, invoice_number=number, due_date=date.fromisoformat(day)
                ).as_json()
                for number, day in due_dates.items()
            },
            **dict.fromkeys(due_dates, "aa"),
        )
        bench.ledger.uploads.record_accepted(file, BILLED, now=NOW)

    return bill


@pytest.fixture(params=[PAYMENT, REVERSAL, ENROLLMENT], ids=lambda kind: kind.name)
def desk(request, bench):
    """Return the desk of each kind in turn."""
    return Desk(bench, request.param)


@pytest.fixture
def sql(bench):
    """Return a way to write past the adapter, as a person with a database tool may."""
    engine = create_engine(bench.url)

    def execute(statement, **parameters):
        with engine.begin() as connection:
            return connection.execute(text(statement), parameters)

    yield execute
    engine.dispose()


@pytest.fixture
def at_once():
    """Return a way to call functions at one moment, each in its thread; it returns the results."""

    def call(*works):
        barrier = threading.Barrier(len(works))

        def start(work):
            barrier.wait(timeout=30)
            return work()

        with ThreadPoolExecutor(len(works)) as pool:
            return [future.result() for future in [pool.submit(start, work) for work in works]]

    return call


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def later():
    """Name a moment by the seconds that have passed since the test's beginning."""
    return lambda seconds: NOW + timedelta(seconds=seconds)
