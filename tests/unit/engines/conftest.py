"""One biller on a ledger in PostgreSQL, and a Spectrum in memory that counts."""

import itertools
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import create_engine, make_url, text

from adapter.clock import SystemClock
from adapter.context import JobContext, Rules
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer
from adapter.domain.payment import ReceiptApplied
from adapter.domain.work_item import Source, State
from adapter.engines import procrastinate
from adapter.engines.procrastinate import ProcrastinateEngine
from adapter.kinds.payments import PAYMENT
from adapter.ledger import open_ledger
from tests.unit.domain.conftest import PAYMENT as A_PAYMENT

# How long a test waits for what another thread does, before it fails.
SECONDS_MAX = 60
TICK_SECONDS = 0.02


class Spectrum:
    """Balances and receipts; `applied` counts how often a payment was, which is once."""

    posts_per_minute = None
    guard = GuardFigures()
    payments_since = None
    posting = True
    subtract_under_way = True

    def __init__(self):
        self.applied = Counter()
        self.balances = self.receipts = self
        self.before_posting = lambda _payment: None
        self._lock = threading.Lock()

    def hang(self, *stuck):
        """Leave payments without an answer, all or some, until the returned event is set."""
        leave = threading.Event()
        guids = {item.payload.payment_guid for item in stuck}

        def wait(payment):
            if not guids or payment.payment_guid in guids:
                leave.wait(SECONDS_MAX)

        self.before_posting = wait
        return leave

    def balance_due(self, _invoice_number):
        return BalanceAnswer(balance=Decimal("100.00"))

    def post_receipt(self, payment):
        self.before_posting(payment)
        with self._lock:
            self.applied[payment.payment_guid] += 1
        return ReceiptApplied(receipt_id=f"R-{payment.payment_guid[-4:]}")


class Carrier:
    """Billers whose payments go to one Spectrum; each `engine` is a process of its own."""

    def __init__(self, url):
        self.url = url
        self.clock = SystemClock()
        self.spectrum = Spectrum()
        self.billers = ("one", "two")
        self.ledger = open_ledger(url)
        self.ledger.life.begin(A_PAYMENT.paid_at - timedelta(days=1))
        self._engines = []
        self._ledgers = [self.ledger]
        self._numbers = itertools.count(1)

    def names(self):
        return self.billers

    def ports(self, _biller):
        return self.spectrum

    def engine(self, *, threads=2):
        ledger = open_ledger(self.url)
        self._ledgers.append(ledger)
        work = JobContext(ledger=ledger, billers=self, clock=self.clock, rules=Rules())
        engine = ProcrastinateEngine(work, make_url(self.url), threads=threads)
        self._engines.append(engine)
        accept = self.accepting(ledger)

        def notice(biller="one"):
            accept(biller)
            engine.wake("post_payments")

        return SimpleNamespace(engine=engine, ledger=ledger, accept=accept, notice=notice)

    def accepting(self, ledger):
        def accept(biller="one"):
            number = next(self._numbers)
            payment = replace(
                A_PAYMENT,
                biller=biller,
                payment_guid=str(UUID(int=number)),
                invoice_number=str(30_000 + number),
            )
            outbox = ledger.outbox(PAYMENT)
            return outbox.accept(payment, source=Source.DATA_PUMP, now=self.clock.now()).item

        return accept

    def states(self):
        return Counter(item.state for item in self.ledger.items(PAYMENT).page(limit=1000))

    def wait_until_applied(self, count):
        wait_until(lambda: self.states()[State.DONE] == count)

    def jobs(self):
        """Return the wake-ups that wait in the queue: the job, the biller and when."""
        chosen = (
            "SELECT args, scheduled_at FROM procrastinate_jobs WHERE status = 'todo' "
            "AND task_name = 'adapter.job' ORDER BY id"
        )
        return [(a["job"], a["biller"], at) for a, at in self.sql(chosen)]

    def sql(self, statement):
        engine = create_engine(self.url)
        with engine.begin() as connection:
            answer = connection.execute(text(statement))
            found = answer.all() if answer.returns_rows else []
        engine.dispose()
        return found

    def close(self):
        for engine in self._engines:
            engine.stop()
        for ledger in self._ledgers:
            ledger.close()


def wait_until(is_so):
    """Wait for another thread, within bounds."""
    pause = threading.Event()
    for _ in range(int(SECONDS_MAX / TICK_SECONDS)):
        if is_so():
            return
        pause.wait(TICK_SECONDS)
    raise AssertionError("it did not come to that")


@pytest.fixture
def carrier(postgres, monkeypatch):
    monkeypatch.setattr(procrastinate, "SCHEDULE", ())  # what it fires has tests of its own
    carrier = Carrier(postgres.new_database())
    yield carrier
    carrier.close()
