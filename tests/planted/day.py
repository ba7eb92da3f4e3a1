"""The days that wrongs are planted in: payments, a return, batches, enrolments, several files."""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.by_hand import enroll_account, unenroll_account
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.fakes.invoice_cloud.processor.returns import post_return
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.fakes.spectrum.change_kinds import ChangeKind
from sandbox.fakes.spectrum.changes import ChangeOrder, make_change
from sandbox.faults import FAULTS
from tests.planted.scene import Scene

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
GOOD_ACCOUNT = BANK_ACCOUNTS[0]
[RETURNING_ACCOUNT] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R01"]


# How often the auditor looks in the meantime.
WATCH_SECONDS = 5 * HOUR + 10 * MINUTE


@dataclass(kw_only=True)
class Days:
    """Monday to Thursday of one carrier, from the first invoice file to a reversed receipt.

    `raised` tells what the auditor raised on the way, by moment: nothing, in a clean world.
    """

    world: object
    folder: object
    raised: dict = field(default_factory=dict)

    def play(self):
        self._pass(HOUR)
        numbers = list(self.world.book(SpectrumBook).invoices)
        self._change_the_book(numbers)
        self._pay(numbers)
        self._enroll(numbers)
        self._pass(3 * DAY + 8 * HOUR)
        self._leave_something_open(numbers)
        return Scene.of(self.world, folder=self.folder, raised=self.raised)

    def _pass(self, seconds):
        """Let time pass, with an audit now and then and at the end."""
        while seconds > 0:
            self.world.clock.advance(min(seconds, WATCH_SECONDS))
            seconds -= WATCH_SECONDS
            report = run_audit(self.world)
            if not report.clean:
                stories = [violation.story for f in report.findings for violation in f.violations]
                self.raised[report.evidence.now] = stories

    def _change_the_book(self, numbers):
        self._change(ChangeKind.NEW_BUSINESS, "480.00")
        self._change(ChangeKind.FEE, "25.00", numbers[5])
        self._change(ChangeKind.CHEQUE, "40.00", numbers[6])
        self._change(ChangeKind.CANCELLATION, None, numbers[7])

    def _pay(self, numbers):
        """Pay in every way: by card, by account, two at once, lost, declined and not applied."""
        self._buy(numbers[0], CARDS[0])
        self._buy(numbers[1], RETURNING_ACCOUNT)
        kept = self._buy(numbers[2], GOOD_ACCOUNT)
        self._buy(numbers[3], CARDS[1], numbers[4])
        self._arm("sever", "invoice_cloud", "DataPump", numbers[8], count=None)
        self._buy(numbers[8], CARDS[0])
        self._buy(numbers[9], CARDS[3])
        self._arm("status", "spectrum", "OnlineReceipt", numbers[10], status=200, body="")
        self._buy(numbers[10], CARDS[0])
        self._pass(HOUR)
        post_return(self.world, kept.payment_guid, code="C01", reason="an account has changed")

    def _enroll(self, numbers):
        accounts = [self._account(number) for number in numbers[11:14]]
        enroll_account(self.world, self._slug, accounts[0], EnrollmentKind.PAPERLESS)
        enroll_account(self.world, self._slug, accounts[1], EnrollmentKind.AUTOPAY)
        enroll_account(self.world, self._slug, accounts[2], EnrollmentKind.PAPERLESS)
        self._pass(HOUR)
        unenroll_account(self.world, self._slug, accounts[2], EnrollmentKind.PAPERLESS)

    def _leave_something_open(self, numbers):
        """Pay once more while Spectrum is down for one invoice; change what no file has yet."""
        self._arm("status", "spectrum", "InvoiceBalanceDue", numbers[15], count=None, status=503)
        self._pass(20 * MINUTE)
        self._buy(numbers[14], CARDS[2])
        self._buy(numbers[15], CARDS[0])
        self._change(ChangeKind.FEE, "10.00", numbers[16])
        self._pass(5 * MINUTE)

    @property
    def _slug(self):
        return self.world.billers[0].slug

    def _account(self, number):
        return self.world.book(InvoiceCloudBook).bills[self._slug, number].invoice.account_number

    def _change(self, kind, amount, number=None):
        money = None if amount is None else Decimal(amount)
        order = ChangeOrder(kind=kind, amount=money, invoice_number=number)
        make_change(self.world, self.world.billers[0], order)

    def _buy(self, number, instrument, *further):
        order = PaymentOrder(
            biller=self._slug, invoice_number=number, instrument=instrument, further=further
        )
        return pay(self.world, order)

    def _arm(self, kind, partner, operation, number, *, count=1, **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner=partner,
            operation=operation,
            moment="before",
            count=count,
            match={"invoice_number": number},
            parameters=parameters,
        )


def play_days(world, *, folder):
    """Let an adapter live through the days; return what all the books say at their end.

    Its ledger is a file in the folder, and the auditor looks through that too.
    """
    world.behaviours.change({"spectrum_token_lifetime_seconds": 7 * DAY})  # for speed
    joined = join_adapter(world, folder=folder)
    try:
        return Days(world=world, folder=folder).play()
    finally:
        joined.stop()
