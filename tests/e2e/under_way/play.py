"""Plays a story: a world of its own, the outage and the events at their times, and the judge."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tests.e2e.under_way.carrier import BANK_ACCOUNT, HOUR, MINUTE, Carrier
from tests.e2e.under_way.judge import Judge
from tests.e2e.under_way.story import Story, clock

# What is in doubt is a person's after a day; then a file has its turn.
SETTLING_MINUTES = 30 * 60
# So long after the last event every hour is looked at, later every third.
CLOSE_MINUTES = 3 * 60
# Of silence, an adapter is waiting on the machine's clock.
PATIENCE_SECONDS = {"silence": 2.0}
# What the auditor cannot find in the ledger while Invoice Cloud or IMT does not answer, and until
# the slowest poll after it.
UNKNOWN = ("1: ", "6: ", "7: ", "8: ", "15: ")
POLL_MINUTES = 4 * 60 + 30
BILLING = (
    "spectrum ExtractInvoices",
    "spectrum Token",
    "invoice_cloud UploadInvoiceFile",
)


@dataclass(kw_only=True)
class Outcome:
    """What came of a story: what was wrong, the first thing first, and what happened in it."""

    story: Story
    wrongs: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)


def play(story, world, *, folder, ledger=None):
    """Play a story in an empty world; it ends at the first look that sees a wrong."""
    world.clock.advance((story.hour - world.clock.now().hour) % 24 * HOUR)
    carrier = Carrier(
        world,
        receipts_feed=story.receipts_feed,
        rtdr=story.rtdr,
        folder=folder,
        ledger=ledger,
        request_timeout_seconds=PATIENCE_SECONDS.get(story.outage.fault, 10.0),
    )
    try:
        return _Play(story, carrier).run()
    finally:
        carrier.close()


class _Play:
    """One story as it is played."""

    def __init__(self, story, carrier):
        self._story = story
        self._carrier = carrier
        self._numbers = sorted(carrier.invoices())
        self._begun = carrier.world.clock.now()
        outage = story.outage
        is_billing = outage.touches(*BILLING)
        span = tuple(self._begun + timedelta(minutes=at) for at in (outage.start, outage.end))
        self._judge = Judge(carrier, outage=span if is_billing else None)
        if outage.operation == "Token" or (outage.partner, outage.operation) == ("spectrum", "*"):
            carrier.call("PATCH", "/behaviours", {"spectrum_token_lifetime_seconds": 1200})
        carrier.call("PATCH", "/behaviours", {"spectrum_deduplicates": story.deduplicates})
        self._counts = Counter()

    def run(self):
        story, outage = self._story, self._story.outage
        acts = [(event.at, self._happen, event) for event in story.events]
        acts += [(outage.start, self._break_down, outage), (outage.end, self._mend, outage)]
        for at, act, of in sorted(acts, key=lambda act: act[0]):
            wrongs = self._pass(at) or act(of)
            if wrongs:
                return self._outcome(wrongs)
        wrongs = self._pass(story.end + CLOSE_MINUTES)
        if not wrongs and not (self._judge.is_at_rest and not story.plans):
            wrongs = self._pass(story.end + SETTLING_MINUTES, step=3 * HOUR)
        return self._outcome(wrongs or self._told(at_last=True))

    def _outcome(self, wrongs):
        payments = self._carrier.state()["invoice_cloud"]["payments"]
        items = self._carrier.ledger("exceptions")
        self._counts["payments"] = sum(payment["approved"] for payment in payments)
        self._counts["returned"] = sum(bool(payment["returned_at"]) for payment in payments)
        self._counts["persons"] = sum(not row["resolved_at"] for row in items)
        return Outcome(story=self._story, wrongs=wrongs, counts=self._counts)

    def _pass(self, until, *, step=HOUR):
        """Let the time go on to a minute of the story, and look at every step."""
        end = self._begun + timedelta(minutes=until)
        while (left := (end - self._carrier.world.clock.now()).total_seconds()) > 0:
            self._carrier.advance(min(left, step))
            if wrongs := self._told():
                return wrongs
        return []

    def _break_down(self, outage):
        self._carrier.break_down(
            outage.partner, outage.operation, outage.fault, outage.moment, **outage.parameters
        )
        return []

    def _mend(self, _outage):
        self._carrier.mend()
        return []

    def _happen(self, event):
        number = self._numbers[event.invoice]
        asked = [number] if self._story.rtdr else []
        wrongs = self._told(asked=asked)
        if wrongs:
            return wrongs
        match event.kind:
            case "card":
                self._count_refused(self._carrier.pay_if_due(number))
            case "bank":
                self._count_refused(self._carrier.pay_if_due(number, BANK_ACCOUNT))
            case "agent":
                self._count_refused(self._carrier.pay_by_agent(number))
            case "autopay":
                self._carrier.enroll(number)
            case "schedule":
                self._carrier.schedule(number, event.days)
            case "return":
                self._give_back(number)
            case kind:
                self._carrier.change(kind, invoice_number=number, amount=f"{event.amount}")
        self._carrier.advance(MINUTE / 2)
        return self._told(asked=asked)

    def _count_refused(self, is_paid):
        self._counts["nothing due"] += not is_paid

    def _give_back(self, number):
        """Return the newest payment by bank account that stands, of this invoice or another."""
        standing = [
            payment
            for payment in self._carrier.state()["invoice_cloud"]["payments"]
            if payment["approved"] and payment["method"] == "ACH" and not payment["returned_at"]
        ]
        standing.sort(key=lambda payment: payment["invoice_number"] == number)
        if standing:
            self._carrier.give_back(standing[-1]["payment_guid"])

    def _told(self, **look):
        """Return what judge and auditor find wrong, with the minute of the story."""
        now = self._carrier.world.clock.now()
        at = round((now - self._begun).total_seconds() / 60)
        self._counts["looks"] += 1
        wrongs = self._judge.look(**look)
        crossed = tuple(f"on invoice {number};" for number in self._judge.crossed)
        audited = [
            wrong
            for wrong in self._carrier.wrongs()
            if not (wrong.startswith("11: ") and any(each in wrong for each in crossed))
        ]
        outage = self._story.outage
        if outage.partner != "spectrum" and outage.start <= at <= outage.end + POLL_MINUTES:
            audited = [wrong for wrong in audited if not wrong.startswith(UNKNOWN)]
        wrongs += [f"auditor {wrong}" for wrong in audited]
        return [f"{clock(at)}  {wrong}" for wrong in wrongs]
