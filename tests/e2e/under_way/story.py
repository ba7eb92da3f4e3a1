"""Draws stories: one outage, and who pays, is drawn and is charged before, in and after it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

INVOICES = 5
# So many of them have a part in a story; the others show that nothing happens to them.
TOUCHED = 2
# Of payments by bank account, so many come back.
RETURNED = 0.6
BEFORE_MINUTES, AFTER_MINUTES = 60, 240
LENGTHS_MINUTES = (5, 20, 45, 120, 120, 300, 300, 720, 720, 1440, 2880)
# In the evening, by Invoice Cloud's clock: what is planned then is paid in the morning.
EVENING_HOURS = (0, 1, 2, 3)
EVENING = 0.6
# An adapter gives up by the machine's clock when it waits for an answer.
SILENCE_MINUTES_MAX = 45
OPERATIONS = {
    "spectrum": (
        *["OnlineReceipt"] * 9,
        *["*"] * 4,
        "InvoiceBalanceDue",
        "ExtractInvoices",
        "ExtractReceipts",
        *["ReceiveReversal"] * 3,
        "Token",
    ),
    "invoice_cloud": (
        "*",
        "UploadInvoiceFile",
        "UploadInvoiceFile",
        "PaymentReportingDataSetFromGMT",
        "ACHRejectReportingDataSetFromGMT",
        "DataPump",
        "AutoPay",
    ),
    "imt": ("*",),
}
FAULTS = (
    ("status", "before", {}),
    ("status", "after", {}),
    ("status", "after", {"status": 200}),
    ("sever", "before", {}),
    ("sever", "after", {}),
    ("silence", "before", {}),
    ("silence", "after", {}),
)
# What OnlineReceipt alone does: it refuses, or it acts minutes later.
FAULTS_OF_RECEIPTS = (
    ("status", "before", {"status": 400, "page": "json"}),
    ("late", "before", {"seconds": 420}),
)
PAYS = ("card", "bank", "bank", "agent")
CHARGES = ("fee", "fee", "endorsement", "credit", "cheque")
PLANS = ("autopay", "schedule")
PLANNED = 0.5
# Who comes again does so within the hour that an invoice is held back, or after it.
AGAIN_MINUTES = (2, 20, 50, 65, 130, 400)


@dataclass(frozen=True, kw_only=True)
class Outage:
    """What fails for whom, how, and for how long; `start` is in minutes of the story."""

    partner: str
    operation: str
    fault: str
    moment: str
    parameters: dict
    start: int
    length: int

    @property
    def end(self):
        return self.start + self.length

    def touches(self, *operations):
        """Tell whether one of these operations is out: `partner operation`."""
        mine = (f"{self.partner} *", f"{self.partner} {self.operation}")
        every = self.operation == "*" and any(o.startswith(f"{self.partner} ") for o in operations)
        return every or any(operation in mine for operation in operations)

    def __str__(self):
        how = f"{self.fault} {self.moment} {self.parameters or ''}".strip()
        return (
            f"{clock(self.start)} to {clock(self.end)}  {self.partner} {self.operation} is out: "
            f"{how}"
        )


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that somebody does, `at` minutes of the story; `invoice` is a place in the list.

    `amount` is in dollars, and `days` how many days ahead a payment is planned.
    """

    at: int
    kind: str
    invoice: int
    amount: Decimal | None = None
    days: int = 0

    def __str__(self):
        said = f" {self.amount}" if self.amount is not None else ""
        said += f" in {self.days} d" if self.days else ""
        return f"{clock(self.at)}  {self.kind}{said} on invoice #{self.invoice}"


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story as it was drawn; `hour` is the hour of the day (UTC) at which its minutes begin."""

    seed: int
    receipts_feed: bool
    rtdr: bool
    deduplicates: bool
    hour: int
    outage: Outage
    events: tuple[Event, ...]

    @property
    def end(self):
        return max(self.outage.end, *(event.at for event in self.events), 0)

    @property
    def plans(self):
        """Return what was planned, and may be drawn a day or two later."""
        return [event for event in self.events if event.kind in PLANS]

    def without(self, event):
        return replace(self, events=tuple(e for e in self.events if e is not event))

    def lines(self):
        choices = (
            f"seed {self.seed}, from {self.hour:02}:00",
            f"{'a' if self.receipts_feed else 'no'} receipts feed",
            "every balance asked for" if self.rtdr else "balances rarely asked for",
            f"Spectrum {'de-duplicates' if self.deduplicates else 'doubles'}",
        )
        return [", ".join(choices), *(f"  {each}" for each in (self.outage, *self.events))]


def clock(minutes):
    """Write minutes of a story as its hours and minutes, such as +26:05."""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def draw(seed):
    """Draw the story of a seed."""
    chance = Random(f"under way:{seed}")  # noqa: S311  # a story, no secret
    feed, rtdr, deduplicates = (chance.random() < 0.5 for _ in range(3))
    outage = _outage(chance)
    if outage.touches("invoice_cloud DataPump"):
        # An adapter that is told nothing can say nothing; by its own rules nobody would ask it.
        rtdr = False
    events = [
        event
        for invoice in range(TOUCHED)
        for event in _of_one_plan(_events(chance, outage, invoice), rtdr=rtdr)
    ]
    return Story(
        seed=seed,
        receipts_feed=feed,
        rtdr=rtdr,
        deduplicates=deduplicates,
        hour=chance.choice(EVENING_HOURS) if chance.random() < EVENING else chance.randrange(24),
        outage=outage,
        events=tuple(sorted(events, key=lambda event: event.at)),
    )


def _outage(chance):
    partner = chance.choices(("spectrum", "invoice_cloud", "imt"), (10, 4, 1))[0]
    operation = chance.choice(OPERATIONS[partner])
    is_receipt = (partner, operation) == ("spectrum", "OnlineReceipt")
    faults = (*FAULTS, *FAULTS_OF_RECEIPTS * 2) if is_receipt else FAULTS
    fault, moment, parameters = chance.choice(faults)
    lengths = [
        length for length in LENGTHS_MINUTES if fault != "silence" or length <= SILENCE_MINUTES_MAX
    ]
    return Outage(
        partner=partner,
        operation=operation,
        fault=fault,
        moment=moment,
        parameters=parameters,
        start=BEFORE_MINUTES,
        length=chance.choice(lengths),
    )


def _of_one_plan(events, *, rtdr):
    """Leave out all plans but the first, where Invoice Cloud asks for every balance.

    Two fall due at the same moment, and no adapter is told of the one before the other is asked
    for; by its own rule of 24 hours Invoice Cloud would not ask (decision 0007).
    """
    plans = [event for event in events if event.kind in PLANS]
    return [event for event in events if not rtdr or event not in plans[1:]]


def _events(chance, outage, invoice):
    """Draw what happens to one invoice: a plan, a payment in the outage, and what follows."""
    until = outage.end + AFTER_MINUTES
    first = chance.randint(outage.start - 10, outage.end)
    kinds = [(first, chance.choice(PAYS))]
    if chance.random() < PLANNED:
        kinds.append((chance.randrange(1, outage.start), chance.choice(PLANS)))
    for _ in range(chance.randint(2, 4)):
        later = first + chance.choice(AGAIN_MINUTES) + chance.randint(0, 20)
        kinds.append((min(later, until), chance.choice((*PAYS, *CHARGES))))
    kinds.append((chance.randrange(1, until), chance.choice((*PAYS, *CHARGES, *PLANS))))
    kinds += [
        (chance.randint(at, until), "return")
        for at, kind in kinds
        if kind == "bank" and chance.random() < RETURNED
    ]
    return [_event(chance, at, kind, invoice) for at, kind in kinds]


def _event(chance, at, kind, invoice):
    amount = None
    if kind in CHARGES:
        amount = Decimal(chance.randint(500, 6000)).scaleb(-2)
        if kind == "endorsement" and chance.random() < 0.5:
            amount = -amount
    days = chance.randint(1, 2) if kind == "schedule" else 0
    return Event(at=at, kind=kind, invoice=invoice, amount=amount, days=days)
