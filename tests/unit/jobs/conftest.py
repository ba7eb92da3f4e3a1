"""A bench with partners that answer what a test scripts, on a clock that stands still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
import structlog

from adapter.context import JobContext, Rules
from adapter.domain.ach_return import AchReturn, ReversalTaken
from adapter.domain.enrollment import EnrollmentChange
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer, BifProfile, InvoiceExtract, ReceiptSearch
from adapter.domain.payment import Payment, ReceiptApplied
from adapter.domain.upload import UploadAnswer
from adapter.domain.work_item import Source
from adapter.errors import NotFoundError
from adapter.jobs import send_invoices
from adapter.jobs.deliver import deliver
from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS
from adapter.ledger import open_ledger
from adapter.observer import Unobserved
from tests.unit.domain.conftest import INVOICE, PAYMENT, build_change, build_return

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BILLER = "camp-point"
KIND_OF = {Payment: PAYMENTS, EnrollmentChange: ENROLLMENTS, AchReturn: REVERSALS}
PROFILE = BifProfile(
    biller_guid="5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70",
    invoice_format_guid="0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11",
    time_zone="America/Chicago",
    replacement=None,
)
ACCEPTED = UploadAnswer(accepted=True, file_name="4546.BIF", file_guid="g-1", message="Imported")


def answer(value):
    """Return a scripted answer, or raise it; one that is a function is called for it first."""
    if callable(value):
        value = value()
    if isinstance(value, BaseException):
        raise value
    return value


def following(answers, usual):
    """Return the next of some scripted answers, or the usual one."""
    return answer(answers.pop(0) if answers else usual)


class Partners:
    """Every port of one biller: scripted answers in their order, and what was asked."""

    posts_per_minute = payments_since = None
    guard = GuardFigures(settle=timedelta(seconds=120))
    return_codes = frozenset({"R01", "R02"})
    posting = True
    subtract_under_way = True
    request_bytes_max = 4 * 1024 * 1024
    balance = Decimal("731.37")
    searches = extract = None
    stale = ""
    has_inbox = False  # into which reversals are put as files

    def __init__(self, clock, bif_profile):
        self.clock, self.bif_profile = clock, bif_profile
        self.receipt_answers, self.push_answers, self.reversal_answers = [], [], []
        self.posted, self.pushed, self.reversed, self.looked_for = [], [], [], []
        self.upload_answers, self.uploaded, self.invoices, self.cursors = [], [], [], []
        self.reported, self.returned, self.windows, self.days = [], [], [], []
        self.searched_since, self.customers, self.batches = [], {}, {}
        self.balances = self.rtdr = self.receipts = self.invoice_feed = self
        self.invoice_upload = self.payment_report = self
        self.enrollments = self.enrollment_report = self
        self.reject_report = self.reversals = self.settlement_report = self

    @property
    def receipt_feed(self):
        return None if self.searches is None else self

    def balance_due(self, _invoice_number):
        return BalanceAnswer(balance=answer(self.balance), stale=self.stale)

    def post_receipt(self, payment):
        self.posted.append(payment)
        return following(self.receipt_answers, ReceiptApplied(receipt_id=f"R-{len(self.posted)}"))

    def find_receipts(self, _payment, *, since):
        self.searched_since.append(since)
        return following(self.searches, ReceiptSearch(receipts=(), as_of=self.clock.now()))

    def invoices_since(self, cursor):
        self.cursors.append(cursor)
        extract = InvoiceExtract(
            invoices=tuple(self.invoices),
            cursor=f"cursor-{len(self.cursors)}",
            as_of=self.clock.now(),
        )
        return answer(self.extract or extract)

    def request_bytes(self, content):
        return len(content)

    def upload(self, *, file_name, content):
        self.uploaded.append((file_name, content))
        return following(self.upload_answers, ACCEPTED)

    def push(self, change):
        self.pushed.append(change)
        following(self.push_answers, None)

    def enrolled(self, kind):
        for row in self.customers.get(kind, ()):
            yield answer(row)

    def rejects(self, window):
        self.windows.append(window)
        for row in self.returned:
            yield answer(row)

    def reverse(self, ach_return):
        self.reversed.append(ach_return)
        return following(
            self.reversal_answers, ReversalTaken(receipt_id=f"R-{len(self.reversed)}")
        )

    def outcome(self, ach_return):
        self.looked_for.append(ach_return)
        return following(self.reversal_answers, ReversalTaken()) if self.has_inbox else None

    def day_of(self, moment):
        return moment.date()

    def settled(self, day):
        self.days.append(day)
        for row in self.batches.get(day, ()):
            yield answer(row)

    def payments(self, window):
        self.windows.append(window)
        for row in self.reported:
            yield answer(row)


class Observed(Unobserved):
    """Notes how each look at an item left it."""

    def __init__(self):
        self.moves = []

    def item_moved(self, item, word):
        self.moves.append((item.reference, item.state, word))


class Bench:
    """One biller's ledger and partners, and the shortest ways to fill and run it."""

    biller = BILLER

    def __init__(self, ledger_url):
        self.clock = SimpleNamespace(at=NOW, now=lambda: self.clock.at)
        self.partners = Partners(clock=self.clock, bif_profile=PROFILE)
        self.settings_problem = None
        self.ledger = open_ledger(ledger_url)
        self.ledger.life.begin(NOW - timedelta(days=30))
        self.observed = Observed()
        self.work = JobContext(
            ledger=self.ledger,
            billers=self,
            clock=self.clock,
            rules=Rules(),
            observer=self.observed,
        )

    def names(self):
        return (BILLER,)

    def ports(self, biller):
        if biller != BILLER:
            raise NotFoundError(f"there is no biller {biller}")
        return answer(self.settings_problem or self.partners)

    def pass_time(self, seconds):
        self.clock.at += timedelta(seconds=seconds)

    def payment(self, number=1, **fields):
        guid, paid_at = str(UUID(int=number)), NOW - timedelta(hours=1)
        usual = {"payment_guid": guid, "paid_at": paid_at, "amount": Decimal("31.37")}
        return replace(PAYMENT, **{**usual, **fields})

    def put(self, payload, *, source=Source.DATA_PUMP, correlation_id=""):
        """Put whatever is to be delivered on disk, as its source does."""
        self.ledger.outbox(KIND_OF[type(payload)].item).accept(
            payload, source=source, now=self.clock.now(), correlation_id=correlation_id
        )
        return payload

    def accept(self, number=1, **fields):
        return self.put(self.payment(number, **fields))

    def enroll(self, number=1, **fields):
        return self.put(self.change(number, **fields))

    def bring_back(self, number=1, **fields):
        return self.put(self.ach_return(number, **fields), source=Source.REJECT_REPORT)

    def item(self, payload):
        kind = KIND_OF[type(payload)].item
        return self.ledger.items(kind).find(payload.biller, kind.reference(payload))

    def items(self, kind):
        return self.ledger.items(kind.item).page(limit=100)

    def words(self, kind):
        return [kind.word(item.state, item.review) for item in self.items(kind)]

    def events(self, payload):
        return self.ledger.items(KIND_OF[type(payload)].item).events(self.item(payload).id)

    def run(self, kind):
        return deliver(kind, BILLER, self.work)

    def send_invoices(self, **options):
        return send_invoices.run_once(BILLER, self.work, **options)

    def run_on(self, kind, times=500):
        """Run whenever something is due, until nothing is."""
        for _ in range(times):
            due = self.ledger.next_due_at(kind.item)
            if due is None:
                return
            self.clock.at = max(self.clock.at, due)
            self.run(kind)

    def redrive(self, kind):
        return self.ledger.redrive(kind.item, kind.redrive_rules)

    def exceptions(self):
        return self.ledger.exceptions.page(limit=100)

    def open_kinds(self):
        return [item.kind for item in self.exceptions() if item.is_open]

    def mark(self, job):
        return self.ledger.watermarks.get(BILLER, job)

    def uploads(self):
        return self.ledger.uploads.page(limit=100)

    change = staticmethod(build_change)
    ach_return = staticmethod(build_return)

    def invoice(self, number="30254", **fields):
        return replace(INVOICE, invoice_number=number, **fields)


@pytest.fixture
def bench(ledger_url):
    bench = Bench(ledger_url)
    with structlog.testing.capture_logs() as bench.logs:
        yield bench
    bench.ledger.close()
