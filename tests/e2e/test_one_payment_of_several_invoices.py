"""One payment of two invoices, from the payer to Spectrum's receipts, over real sockets."""

from decimal import Decimal

import pytest

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import FAULTS

HOUR = 3600


@pytest.fixture
def joined(world, tmp_path, ledger_url):
    adapter = join_adapter(world, folder=tmp_path, ledger=ledger_url)
    yield adapter
    adapter.stop()


def lose_every_notice(world):
    world.faults.arm(
        kind="sever",
        effect=FAULTS["sever"]({}),
        partner="invoice_cloud",
        operation="DataPump",
        moment="before",
        count=None,
        match={},
        parameters={},
    )


@pytest.mark.requirement("A3", "C2", "C6")
@pytest.mark.parametrize("pumped", [True, False], ids=["by the data pump", "by the report"])
@pytest.mark.usefixtures("joined")
def test_one_guid_makes_one_receipt_on_each_invoice(world, pumped):
    """The deliveries are keyed by GUID and invoice: none is lost, and none taken for a repeat."""
    world.clock.advance(HOUR)
    if not pumped:
        lose_every_notice(world)
    bills = [b for b in world.book(InvoiceCloudBook).bills.values() if b.balance > 0][:2]
    numbers = [bill.invoice.invoice_number for bill in bills]
    order = PaymentOrder(
        biller=world.billers[0].slug,
        invoice_number=numbers[0],
        further=(numbers[1],),
        instrument=CARDS[0],
    )
    made = pay(world, order)
    world.clock.advance(3 * HOUR)
    receipts = [receipt.applied for receipt in world.book(SpectrumBook).receipts.values()]
    assert {r.reference_number.lower() for r in receipts} == {made.payment_guid}
    assert {r.invoice_number: r.amount for r in receipts} == {
        bill.invoice.invoice_number: bill.balance for bill in bills
    }
    assert len(receipts) == 2
    assert sum(r.fee for r in receipts) == Decimal("3.00")
    assert run_audit(world).clean
