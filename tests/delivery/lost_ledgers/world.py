"""Payments at every stage of their way when a ledger is lost, and what becomes of them.

It is the bench of the answers' rig, whose Spectrum never de-duplicates, with invoice files, the
payment report, a person who judges what she is asked, and time that passes in small steps.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.upload import InvoiceFile, UploadAnswer
from adapter.domain.work_item import State
from adapter.errors import BadInputError
from adapter.jobs import reconcile_payments
from adapter.kinds import PAYMENTS
from tests.delivery.answers.bench import BILLER, Bench
from tests.delivery.answers.spectrum import Reply

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SETTLE = timedelta(minutes=15)
LATE = timedelta(minutes=10)
POLLS_EACH = timedelta(hours=8)
AMOUNT = Decimal("25.00")


class Report:
    """Invoice Cloud's report of payments, which tells every one of its window."""

    def __init__(self, payments):
        self._payments = payments

    def payments(self, window):
        return (p for p in self._payments if window.start_gmt <= p.paid_at < window.end_gmt)


class WithReport:
    """The adapter's own billers, but for the report."""

    def __init__(self, billers, report):
        self._billers = billers
        self._report = report

    def names(self):
        return self._billers.names()

    def ports(self, biller):
        return replace(self._billers.ports(biller), payment_report=self._report)


class World(Bench):
    """One biller whose ledger is about to be lost; `paid` are its payments by their story."""

    def __init__(self, server, ledger_url, **settings):
        super().__init__(server, ledger_url, **settings)
        self.marks = self.adapter.settings.marks
        self.paid = {}
        self._polls_at = self.clock.now()

    def take(self, story, **how):
        """Take the payment of a story."""
        self.paid[story] = self.pay(AMOUNT, **how)
        return self.paid[story]

    def tell_again(self):
        """Have the data pump tell everything that it ever told or tried to tell."""
        for payment in self._payments:
            self.tell(payment)

    def poll(self):
        billers = WithReport(self.adapter.billers, Report(self._payments))
        told = reconcile_payments.run_once(BILLER, replace(self.adapter.work, billers=billers))
        assert told.failure is None

    def bill(self, *invoices):
        """Send an invoice file, in which Spectrum's balances stand."""
        now, book = self.clock.now(), self.ledger.uploads
        file = InvoiceFile(
            biller=BILLER,
            reference=f"R{now:%d%H%M%S}",
            content=b"",
            invoice_count=len(invoices),
            total=Decimal(0),
            as_of=now,
            fingerprints=dict.fromkeys(invoices, "as billed"),
            rows={
                invoice: f'{{"balance_due": "{self.spectrum.book.balance(invoice, now):.2f}"}}'
                for invoice in invoices
            },
        )
        answer = UploadAnswer(accepted=True, file_name="", file_guid="", message="")
        book.record_accepted(book.begin(file, now=now), answer, now=now)

    def live(self, until, *, polls=False):
        """Let everything happen at its time."""
        while True:
            moments = [until, self.ledger.next_due_at(PAYMENTS.item) or until]
            if polls:
                moments.append(self._polls_at)
            at = max(min(moments), self.clock.now() + SECOND)
            if at > until:
                self.clock.move_to(until)
                return
            self.clock.move_to(at)
            if polls and at >= self._polls_at:
                self.poll()
                self._polls_at = self.clock.now() + POLLS_EACH
            self._work()

    def live_until_posted(self, *stories, times):
        """Let time pass until each of these was posted so often."""
        for _ in range(500):
            if all(len(self._posts(story)) >= times for story in stories):
                return
            self.live(self.clock.now() + MINUTE)
        raise AssertionError(f"not all of {stories} were posted {times} times")

    def judge_all(self):
        """Be the person who looks into Spectrum, and says what she sees of each open question."""
        now, book = self.clock.now(), self.spectrum.book
        asked = {e.reference for e in self.ledger.exceptions.page(limit=1000, only_open=True)}
        for payment in self.paid.values():
            item = self.item(payment)
            if item is None or item.reference not in asked or item.state is State.DONE:
                continue
            seen = [r for r in book.of_payment(payment) if r.applied_at <= now]
            if seen:
                found = {"finding": Finding.APPLIED, "receipt_id": seen[0].id}
            else:
                balance = book.balance(payment.invoice_number, now)
                found = {"finding": Finding.NEVER_APPLIED, "balance": balance}
            self._resolve(item, ManualResolution(by="Pat", note="as Spectrum shows it", **found))

    def verdicts(self):
        """Return how each story ended, by the book and by the ledger."""
        outcomes = self.outcomes()
        if self._is_at_rest():
            return dict(zip(self.paid, outcomes, strict=True))
        return {
            story: self._held(payment, outcome)
            for (story, payment), outcome in zip(self.paid.items(), outcomes, strict=True)
        }

    def die(self):
        """End as a process does that is killed: it says nothing to anybody."""
        self.adapter.billers.close()
        self.ledger.close()

    def _held(self, payment, outcome):
        """Count what waits for another payment's question with that one."""
        item = self.item(payment)
        is_held = item is not None and "waits for a person" in item.last_error
        return replace(outcome, verdict="person") if is_held else outcome

    def _work(self):
        self.ledger.life.beat(now=self.clock.now())
        self.run()

    def _posts(self, story):
        invoice = self.paid[story].invoice_number
        return [post for post in self.spectrum.posts if post.invoice == invoice]

    def _resolve(self, item, found):
        redrive = self.ledger.redrive(PAYMENTS.item, PAYMENTS.redrive_rules)
        try:
            redrive.resolve(
                item, found, now=self.clock.now(), settle_seconds=SETTLE.total_seconds()
            )
        except BadInputError as refusal:
            self.spectrum.note(item.payload.invoice_number, f"a person is refused: {refusal}")


def severed(_post):
    return Reply(ending="severed")


def applied_and_severed(post):
    post.apply()
    return Reply(ending="severed")


def severed_and_applied_late(post):
    post.apply(after=LATE)
    return Reply(ending="severed")


def empty(_post):
    return Reply()


def before_the_copy(world):
    """Have payments applied, in doubt and released by a person when the copy is made."""
    released = world.take("released", plan=empty)
    world.live(world.clock.now() + 20 * MINUTE)
    world.take("before")
    billed = [f"{number}" for number in range(50001, 50009)]
    world.bill(*billed)
    world.live(world.clock.now() + MINUTE)
    copied_at = world.clock.now() + SETTLE - 10 * SECOND
    world.take("doubt, applied", plan=applied_and_severed)
    world.take("doubt, not applied", plan=severed)
    late = world.take("doubt, second try late", plan=severed)
    world.live(copied_at - 5 * SECOND)
    world.spectrum.plans[late.invoice_number] = [severed_and_applied_late]
    world.spectrum.plans[released.invoice_number] = [severed_and_applied_late]
    world.take("waiting")
    world.take("waiting, billed", invoice=billed[0])
    world.judge_all()
    return billed


def in_forgotten_time(world, billed, lasts):
    """Have payments posted, lost and waiting of which the copy knows nothing."""
    end = world.clock.now() + lasts
    late = world.paid["doubt, second try late"].invoice_number
    if lasts > 10 * MINUTE:
        world.spectrum.balances[late] = lambda at: (
            Reply(status=503) if at < end - 5 * MINUTE else None
        )
    world.live(world.clock.now() + SECOND)
    for words, invoices in (("", [None] * 5), (", billed", billed[1:6])):
        world.take(f"forgotten{words}", invoice=invoices[0])
        world.take(f"forgotten, never applied{words}", invoice=invoices[1], plan=severed)
        world.live(max(end - 20 * SECOND, world.clock.now() + SECOND))
        plan = severed_and_applied_late
        world.take(f"forgotten, late{words}", invoice=invoices[2], plan=plan)
        world.take(f"untold{words}", invoice=invoices[3], is_told=False)
        world.live(world.clock.now() + SECOND)
        world.take(f"forgotten, never posted{words}", invoice=invoices[4])
    world.live_until_posted("doubt, second try late", "released", times=2)


def afterwards(world, billed, *, hasty=False):
    """Have the pump tell all of it again and pay some more, and let days pass."""
    world.tell_again()
    world.live(world.clock.now() + MINUTE)
    if hasty:
        world.judge_all()
    world.take("soon after")
    world.take("soon after, billed", invoice=billed[6])
    world.live(world.clock.now() + 10 * MINUTE)
    world.take("after")
    world.take(
        "after, on a forgotten one's invoice", invoice=world.paid["forgotten"].invoice_number
    )
    world.live(world.clock.now() + timedelta(days=2), polls=True)


def judged_and_done(world):
    """Have a person answer every question truthfully; return how each story ends then."""
    for _ in range(2):  # of two on an invoice, the second is asked about after the first
        world.judge_all()
        world.live(world.clock.now() + 13 * HOUR, polls=True)
    return world.verdicts()
