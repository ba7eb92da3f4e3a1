"""The partners in real time, and the payments that somebody made: what the verdict counts by."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sandbox.fakes.invoice_cloud.book import (
    BilledInvoice,
    BillPosted,
    InvoiceCloudBook,
    PaymentMade,
)
from sandbox.fakes.invoice_cloud.data_pump import _notice
from sandbox.fakes.spectrum.book import Invoice, SpectrumBook
from sandbox.faults.sever import Sever
from sandbox.faults.silence import Silence
from sandbox.server import Sandbox
from sandbox.world.billers import next_guid

# Few amounts, so that a balance that moved by one of them proves as little as it ever may.
AMOUNTS = tuple(Decimal(text) for text in ("1.00", "2.50", "5.00"))
# So many payments of a hundred go to the busy invoices, one of which has about ten of them.
BUSY_PERCENT = 30
PAYMENTS_OF_A_BUSY_INVOICE = 10
FAULTS = {"sever": Sever, "silence": Silence}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One payment as Invoice Cloud's data pump tells of it."""

    guid: str
    invoice_number: str
    body: dict[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return self.guid, self.invoice_number


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
        body = _notice(self.world, book.payments[made.payment_guid], made.shares[0])
        return Notice(guid=made.payment_guid, invoice_number=invoice.number, body=body)

    def break_next_answer(self, kind: str) -> None:
        """Let Spectrum apply one more receipt and then not say so."""
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](),
            partner="spectrum",
            operation="OnlineReceipt",
            moment="after",
            count=1,
            match={},
            parameters={},
        )

    def be_well(self) -> None:
        self.world.faults.disarm()

    def applied(self) -> Counter[tuple[str, str]]:
        """Count the receipts in Spectrum's book by payment and invoice."""
        with self._spectrum.locked():
            rows = [r.applied for r in self._spectrum.receipts_of(self.biller)]
        return Counter((row.reference_number, row.invoice_number) for row in rows)

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
