"""A real adapter before the rig's Spectrum: one ledger, one biller, many invoices, one clock.

The adapter is built as it is for an operator; only its timer and its clock are the rig's, which
moves from one moment at which the ledger has something due to the next.
"""

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from adapter.bootstrap import build
from adapter.domain.payment import Payment, PaymentMethod
from adapter.domain.work_item import FINAL_STATES, Source, State
from adapter.jobs.deliver import deliver
from adapter.kinds import PAYMENTS
from adapter.settings import StaticSettings
from tests.delivery.answers.book import Clock
from tests.delivery.answers.spectrum import Spectrum

BILLER = "camp-point"
# A ledger knows nothing of the time before its beginning, and payments may have been made then.
LIVED_BEFORE = timedelta(hours=1)
AT_REST = FINAL_STATES | {State.NEEDS_PERSON}
# Whatever is not at rest by then is left as it is.
PATIENCE = timedelta(days=3)
# After so long each look waits as long as all has taken so far, if it hurries.
LOOKS_AS_DUE = timedelta(hours=2)
# The worker wakes a little late, and so finds several due at once.
LATENESS = timedelta(seconds=30)
RUNS_MAX = 2000
STORY_LINES_AT_EACH_END = 20
# From the best to the worst; what is unseen is neither final nor listed for anybody.
VERDICTS = ("applied", "person", "unseen", "lost", "doubled")


class NoTimer:
    """Runs nothing: the rig runs the job itself."""

    def call_at(self, at, label, action):
        pass


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the rig's own book says of one payment, and how its story reads."""

    verdict: str
    state: str
    story: tuple[str, ...]


class Bench:
    """One Spectrum and one adapter, from their first payment until everything is at rest."""

    def __init__(self, server, ledger_url, *, feed="nofeed", deduplicates=False, **settings):
        self.clock = Clock()
        self.server = server
        self.spectrum = server.spectrum = Spectrum(
            self.clock, feed=feed, deduplicates=deduplicates
        )
        self._payments = []
        self.open(ledger_url, **settings)
        self.clock.advance(seconds=LIVED_BEFORE.total_seconds())

    def open(self, ledger_url, *, biller=None, make_ledger=False, **settings):
        """Start an adapter; whatever ran before is somebody else's to end."""
        feed = self.spectrum.feed
        self.settings = _settings(ledger_url, self.server.url, feed, biller or {}, settings)
        self.adapter = build(
            StaticSettings(self.settings),
            clock=self.clock,
            timer=NoTimer(),
            make_ledger=make_ledger,
        )
        self.ledger = self.adapter.ledger

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.adapter.stop()

    def pay(self, amount="25.00", *, plan=None, invoice=None, is_told=True):
        """Take a payment, usually on an invoice of its own; `plan` is for its first post.

        Unless it `is_told`, the adapter does not hear of it by the data pump yet.
        """
        number = len(self._payments) + 1
        payment = Payment(
            biller=BILLER,
            payment_guid=str(UUID(int=number)),
            invoice_number=invoice or str(30000 + number),
            account_number="900100",
            customer_name="Dana Smith",
            paid_at=self.clock.now(),
            amount=Decimal(amount),
            fee=Decimal("0.00"),
            payment_reference=f"IC{number}",
            payment_message="Approved",
            method=PaymentMethod.CREDIT_CARD,
            approved=True,
        )
        if plan is not None:
            self.spectrum.plans[payment.invoice_number].append(plan)
        self._payments.append(payment)
        if is_told:
            self.tell(payment)
        return payment

    def tell(self, payment):
        """Tell the adapter of a payment, as the data pump does, perhaps not for the first time."""
        self.ledger.outbox(PAYMENTS.item).accept(
            payment, source=Source.DATA_PUMP, now=self.clock.now()
        )

    def run(self):
        return deliver(PAYMENTS, BILLER, self.adapter.work)

    def rest(self, patience=PATIENCE, *, hurries=True):
        """Run whenever something is due, until all is at rest or patience ends."""
        begun = self.clock.now()
        end = begun + patience
        for _ in range(RUNS_MAX):
            due = self.ledger.next_due_at(PAYMENTS.item)
            if due is None or due > end or self._is_at_rest():
                return
            passed = self.clock.now() - begun
            if hurries and passed > LOOKS_AS_DUE:
                due = max(due, self.clock.now() + passed)
            self.clock.move_to(due + LATENESS)
            self.run()
        raise AssertionError(f"no rest after {RUNS_MAX} runs at {self.clock.now()}")

    def retry_all(self):
        """Do as `adapter payments retry --all` does."""
        redrive = self.ledger.redrive(PAYMENTS.item, PAYMENTS.redrive_rules)
        return redrive.retry_all(by="the rig", now=self.clock.now())

    def item(self, payment):
        return self.ledger.items(PAYMENTS.item).find(BILLER, payment.key.reference)

    def outcomes(self, *, with_stories=True):
        """Judge every payment by the rig's own book, in the order in which they were paid."""
        items = {item.reference: item for item in self._items()}
        asked = {e.reference for e in self.ledger.exceptions.page(limit=10000, only_open=True)}
        outcomes = []
        for payment in self._payments:
            item = items.get(payment.key.reference)
            receipts = self.spectrum.book.of_payment(payment)
            outcomes.append(
                Outcome(
                    verdict=_verdict(item, receipts, payment.key.reference in asked),
                    state="gone" if item is None else PAYMENTS.word(item.state, item.review),
                    story=self._story(payment, item) if with_stories else (),
                )
            )
        return outcomes

    def outcome(self):
        """Judge the only payment, or of several that with which it went worst."""
        return max(self.outcomes(), key=lambda outcome: VERDICTS.index(outcome.verdict))

    def _items(self):
        return self.ledger.items(PAYMENTS.item).page(limit=10000)

    def _is_at_rest(self):
        return all(item.state in AT_REST for item in self._items())

    def _story(self, payment, item):
        """Tell what the ledger noted of a payment, and between it what Spectrum was asked."""
        told = [(at, f"Spectrum  {w}") for at, w in self.spectrum.story[payment.invoice_number]]
        if item is not None:
            events = self.ledger.items(PAYMENTS.item).events(item.id)
            told += [(e.at, f"ledger    {e.to_state.value}: {e.detail}") for e in events]
        exceptions = self.ledger.exceptions.page(limit=10000)
        about = [e for e in exceptions if e.reference == payment.key.reference]
        told += [(e.opened_at, f"review    {e.kind.value}: {e.detail}") for e in about]
        book = self.spectrum.book
        told += [
            (r.applied_at, f"book      receipt {r.id} of {r.amount:.2f} stands")
            for r in book.receipts
            if r.invoice == payment.invoice_number
        ]
        told += [
            (c.at, f"book      {c.amount:.2f} is charged")
            for c in book.charges
            if c.invoice == payment.invoice_number
        ]
        return tuple(_folded(sorted(told, key=lambda line: line[0])))


def _folded(told):
    """Write a story: of many like lines on end the first and last, of a long story both ends."""
    lines = []
    for _, group in itertools.groupby(told, lambda line: re.sub(r"[0-9]+", "", line[1])):
        lines += _shortened([f"{at:%d %H:%M:%S}  {words}" for at, words in group], 1)
    return _shortened(lines, STORY_LINES_AT_EACH_END)


def _shortened(lines, at_each_end):
    left_out = len(lines) - 2 * at_each_end
    if left_out < 2:
        return lines
    return [*lines[:at_each_end], f"             ... {left_out} lines", *lines[-at_each_end:]]


def _verdict(item, receipts, is_asked):
    """Say what became of a payment: by the book first, and only then by the ledger."""
    if len(receipts) > 1:
        return "doubled"
    if item is None:
        return "lost"
    if item.state is State.DONE:
        return "applied" if receipts else "lost"
    if item.state in FINAL_STATES:
        return "lost"
    return "person" if is_asked else "unseen"


def _settings(ledger_url, spectrum_url, feed, biller, adapter):
    credentials = {"8": spectrum_url, "11": spectrum_url}
    credentials |= dict.fromkeys(("9", "12"), "camp-point-payments")
    credentials |= dict.fromkeys(("10", "13"), "0A1B2C3D-0000-4000-8000-00000000000B|p4ss!word")
    biller = {
        **biller,
        "name": "Camp Point Mutual",
        "time_zone": "America/Chicago",
        "biller_guid": "11111111-0000-4000-8000-000000000001",
        "web_service_key": "22222222-0000-4000-8000-000000000001",
        "invoice_format_guid": "33333333-0000-4000-8000-000000000001",
        "door_key": "the-door-of-the-rig",
        "advanced_settings": credentials,
        "feed": {
            "kind": "http",
            "location": f"{spectrum_url}/extract",
            "receipts": feed != "nofeed",
        },
    }
    return {"adapter": {"ledger": ledger_url, **adapter}, "billers": {BILLER: biller}}
