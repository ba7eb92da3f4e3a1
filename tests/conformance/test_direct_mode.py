"""Invoice Cloud calling Spectrum and IMT itself, past any adapter, over real sockets (0025)."""

from decimal import Decimal

import httpx
import pytest

from sandbox.audit import run_audit
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook


@pytest.fixture
def control(world):
    """Connect Invoice Cloud directly, with the first invoice billed; return a control client."""
    slug = world.billers[0].slug
    policy = world.book(SpectrumBook).invoices["30254"].policy
    invoice = BilledInvoice(
        invoice_number="30254",
        account_number=policy.policy_number,
        customer_name=policy.customer_name,
        email_address="",
        invoice_date="12/20/2025",
        due_date="01/20/2026",
        autopay_date="",
        total_due=Decimal("700.00"),
        allow_partial=False,
        details=((policy.policy_number, Decimal("700.00")),),
    )
    posted = BillPosted(biller=slug, file_name="a.BIF", invoice=invoice)
    world.book(InvoiceCloudBook).record(posted)
    with httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600) as client:
        client.put("/connector", json={"mode": "direct"}).raise_for_status()
        yield client


def pay(control):
    order = {"invoice_number": "30254", "card_number": "4111111111111111"}
    answer = control.post("/payers/payments", json=order)
    answer.raise_for_status()
    return answer.json()


def sever(control, partner, operation):
    fault = {"fault": "sever", "partner": partner, "operation": operation, "moment": "after"}
    control.post("/faults", json=fault).raise_for_status()


@pytest.mark.requirement("A1", "A2", "A3")
def test_balance_and_receipt_go_to_spectrum_itself(world, control):
    """Settings 8 to 10 ask the balance, 11 to 13 post the receipt."""
    assert pay(control)["amount"] == "731.37"
    world.clock.advance(60)
    [receipt] = world.book(SpectrumBook).receipts.values()
    assert (receipt.applied.amount, receipt.applied.fee) == (Decimal("731.37"), Decimal("3.00"))
    calls = [e for e in world.journal.entries(source="invoice_cloud") if e.kind == "call"]
    assert {(e.target, e.operation) for e in calls} >= {
        ("spectrum", "Token"),
        ("spectrum", "InvoiceBalanceDue"),
        ("spectrum", "OnlineReceipt"),
    }
    assert not world.journal.entries(target="adapter")
    assert run_audit(world).clean


@pytest.mark.requirement("B1", "B2", "B3")
def test_enrolments_go_to_imt_itself(world, control):
    account = world.book(SpectrumBook).invoices["30254"].policy.policy_number
    for kind in ("paperless", "autopay"):
        order = {"account_number": account, "kind": kind, "on": True}
        control.post("/payers/enrollments", json=order).raise_for_status()
    world.clock.advance(60)
    settings = world.book(ImtBook).settings[world.billers[0].slug, account]
    assert (settings.paperless, settings.bill_mode) == (True, "autopay")
    assert run_audit(world).clean


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(("deduplicates", "receipts"), [(True, 1), (False, 2)])
def test_a_lost_answer_is_posted_again_and_the_auditor_sees_it(
    world, control, deduplicates, receipts
):
    """What the adapter is there to prevent: without de-duplication it is applied twice."""
    behaviour = {"spectrum_deduplicates": deduplicates}
    control.patch("/behaviours", json=behaviour).raise_for_status()
    sever(control, "spectrum", "OnlineReceipt")
    pay(control)
    world.clock.advance(600)
    assert len(world.book(SpectrumBook).receipts) == receipts
    assert run_audit(world).clean is deduplicates
