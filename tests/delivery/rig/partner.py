"""The partners in real time, and what payers did there: what the verdict counts by."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.book import (
    BilledInvoice,
    BillPosted,
    InvoiceCloudBook,
    PaymentMade,
)
from sandbox.fakes.invoice_cloud.customers.book import (
    CustomersBook,
    EnrollmentKind,
    LoginMade,
    SettingChosen,
)
from sandbox.fakes.invoice_cloud.data_pump import _notice
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchKey,
    BatchOpened,
    BatchType,
    PaymentCaptured,
    PaymentReturned,
    ProcessorBook,
)
from sandbox.fakes.spectrum.book import Invoice, ReceiptReversed, SpectrumBook
from sandbox.faults.sever import Sever
from sandbox.faults.silence import Silence
from sandbox.server import Sandbox
from sandbox.world.billers import next_guid

# Few amounts, so that a balance that moved by one of them proves as little as it ever may.
AMOUNTS = tuple(Decimal(text) for text in ("1.00", "2.50", "5.00"))
# So many payments of a hundred go to the busy invoices, one of which has about three of them:
# each waits until the balance shows the one before it.
BUSY_PERCENT = 30
PAYMENTS_OF_A_BUSY_INVOICE = 3
FAULTS = {"sever": Sever, "silence": Silence}


# The settings that change are those of so many accounts, so that one is changed again and again.
ACCOUNTS = 12
SWITCHES = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}
TICK = timedelta(milliseconds=1)
# Of the last payments one comes back, so that some are still on their way then.
RETURNED_FROM = 30
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A payment on an invoice, or a change of an account's setting, as the data pump sends it."""

    guid: str
    about: str
    door: str
    body: dict[str, object]

    @property
    def key(self) -> Key:
        return self.guid, self.about


class Partner:
    """A sandbox whose Spectrum applies every receipt that it is sent, also the same one again."""

    def __init__(self, *, seed: int, payments: int, receipts_feed: bool = False) -> None:
        self._chance = Random(f"{seed}:payments")  # noqa: S311  # a drawn campaign, no secret
        self.sandbox = Sandbox()
        self._busy = max(1, payments * BUSY_PERCENT // 100 // PAYMENTS_OF_A_BUSY_INVOICE)
        invoices = self._busy + payments
        self.world = self.sandbox.create_world(seed=seed, open_invoices=max(25, invoices))
        self.world.behaviours.change(
            {"spectrum_deduplicates": False, "spectrum_receipts_feed": receipts_feed}
        )
        self.receipts_feed = receipts_feed
        self.sandbox.start(port=0)
        self.biller = self.world.billers[0]
        self._spectrum = self.world.book(SpectrumBook)
        self.invoices = self._spectrum.invoices_of(self.biller)
        self._quiet = iter(self.invoices[self._busy :])
        self.paid: set[Key] = set()
        # Payments that may come back, and by reversal id those that did.
        self._returnable: list[PaymentMade] = []
        self.returns: dict[str, Key] = {}
        self._changed_at = self.world.clock.now()
        self._login = LoginMade(
            biller=self.biller.slug,
            login_guid=next_guid(self._chance),
            email_address="payer@example.com",
            password_hash="",
        )
        self.world.book(CustomersBook).record(self._login)

    def pay(self) -> Notice:
        """Let somebody pay at Invoice Cloud, most often an invoice that nobody else pays."""
        busy = self._chance.randrange(100) < BUSY_PERCENT
        invoice = self._chance.choice(self.invoices[: self._busy]) if busy else next(self._quiet)
        made = PaymentMade(
            biller=self.biller.slug,
            payment_guid=next_guid(self._chance),
            invoice_number=invoice.number,
            account_number=invoice.policy.policy_number,
            customer_name=invoice.policy.customer_name,
            amount=self._chance.choice(AMOUNTS),
            fee=Decimal("0.00"),
            method="ACH",
            card_type=None,
            last_four="6789",
            reference=f"IC{self._chance.randrange(10**8, 10**9)}",
            message="Approved",
            approved=True,
        )
        book = self.world.book(InvoiceCloudBook)
        if book.bill(self.biller.slug, invoice.number) is None:
            book.record(_bill(self.biller.slug, invoice))
        book.record(made)
        self._returnable.append(made)
        self.paid.add((made.payment_guid, made.invoice_number))
        body = _notice(self.world, book.payments[made.payment_guid], made.shares[0])
        return Notice(guid=made.payment_guid, about=invoice.number, door="payments", body=body)

    def give_back(self) -> None:
        """Let the payer's bank return one of the last payments, whatever became of it so far."""
        recent = self._returnable[-RETURNED_FROM:]
        if not recent:
            return
        made = self._chance.choice(recent)
        self._returnable.remove(made)
        book, now = self.world.book(ProcessorBook), self.world.clock.now()
        key = BatchKey(made.biller, BatchType.ACH, date.max)  # it is never settled
        if key not in book.open_batches:
            book.record(BatchOpened(key=key))
        book.record(PaymentCaptured(made=made, made_at=now, settles_on=key.settles_on))
        returned = PaymentReturned(
            reject_guid=next_guid(self._chance),
            payment_guid=made.payment_guid,
            code="R01",
            reason="Insufficient Funds",
            settles_on=key.settles_on,
        )
        book.record(returned)
        number = made.invoice_number
        self.returns[f"{returned.reject_guid}:{number}"] = (made.payment_guid, number)

    def enroll(self) -> Notice:
        """Let somebody turn a setting on at Invoice Cloud, or off where it is on."""
        account = self._chance.choice(self.invoices[:ACCOUNTS]).policy.policy_number
        kind = self._chance.choice(list(SWITCHES))
        enrolled = not self._is_enrolled(account, kind)
        self._changed_at = max(self._changed_at + TICK, self.world.clock.now())
        chosen = SettingChosen(
            biller=self.biller.slug,
            login_guid=self._login.login_guid,
            account_number=account,
            kind=kind,
            enrolled=enrolled,
        )
        self.world.book(CustomersBook).record(chosen, at=self._changed_at)
        guid = next_guid(self._chance)
        body = {
            "BillerGUID": self.biller.biller_guid,
            "EventGUID": guid,
            "AccountNumber": account,
            SWITCHES[kind]: enrolled,
            "ChangeDate": f"{self._changed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        return Notice(guid=guid, about=account, door=kind.value, body=body)

    def _is_enrolled(self, account: str, kind: EnrollmentKind) -> bool:
        book = self.world.book(CustomersBook)
        return bool(book.standing(self.biller.slug, account, kind))

    def break_next_answer(
        self, kind: str, partner: str = "spectrum", operation: str = "OnlineReceipt"
    ) -> None:
        """Let a partner act on one more request and then not say so."""
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](),
            partner=partner,
            operation=operation,
            moment="after",
            count=1,
            match={},
            parameters={},
        )

    def be_well(self) -> None:
        self.world.faults.disarm()

    def applied(self) -> Counter[Key]:
        """Count the receipts in Spectrum's book by payment and invoice."""
        with self._spectrum.locked():
            rows = [r.applied for r in self._spectrum.receipts_of(self.biller)]
        return Counter((row.reference_number, row.invoice_number) for row in rows)

    def reversed(self) -> Counter[Key]:
        """Count what Spectrum took back, by payment and invoice."""
        with self._spectrum.locked():
            events = [each.event for each in self._spectrum.events]
            receipts = dict(self._spectrum.receipts)
        taken = [receipts[e.receipt_id].applied for e in events if isinstance(e, ReceiptReversed)]
        return Counter((row.reference_number, row.invoice_number) for row in taken)

    def refused_reversals(self) -> list[str]:
        """Return what Spectrum said to reversals of what was not applied, or taken back before."""
        calls = self.world.journal.entries(operation="ReceiveReversal", kind="call")
        return [call.outcome for call in calls if call.status in {404, 409}]

    def wrong_settings(self) -> list[str]:
        """Return the settings that are not at IMT what they are at Invoice Cloud."""
        settings = self.world.book(ImtBook).settings
        wrong = []
        for (_, account), row in list(settings.items()):
            at_imt = {
                EnrollmentKind.PAPERLESS: row.paperless,
                EnrollmentKind.AUTOPAY: row.bill_mode == "autopay",
            }
            wrong += [
                f"{kind.value} of account {account} is {is_on} at IMT"
                for kind, is_on in at_imt.items()
                if is_on is not self._is_enrolled(account, kind)
            ]
        return wrong

    def stop(self) -> None:
        self.sandbox.stop()


def _bill(biller: str, invoice: Invoice) -> BillPosted:
    """Bill an invoice as if a file had told of it."""
    policy = invoice.policy
    billed = BilledInvoice(
        invoice_number=invoice.number,
        account_number=policy.policy_number,
        customer_name=policy.customer_name,
        email_address=policy.email_address,
        invoice_date=policy.invoice_date.isoformat(),
        due_date=policy.due_date.isoformat(),
        autopay_date="",
        total_due=invoice.balance,
        allow_partial=True,
        details=(),
    )
    return BillPosted(biller=biller, file_name="rig", invoice=billed)
