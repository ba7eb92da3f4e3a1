"""Two days and an outage: every job runs as often as scheduled, and catches up by itself."""

from datetime import timedelta

import httpx
import pytest

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.world.clock import DEMO_START

CARD = "4111111111111111"


@pytest.fixture
def control(world):
    with httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600) as client:
        yield client


@pytest.fixture
def joined(world, tmp_path, ledger_url):
    adapter = join_adapter(world, folder=tmp_path, ledger=ledger_url)
    yield adapter
    adapter.stop()


def pay_first_open_bill(control):
    bills = control.get("/state").json()["invoice_cloud"]["bills"]
    number = next(bill["invoice_number"] for bill in bills if bill["balance_due"] != "0.00")
    order = {"invoice_number": number, "card_number": CARD}
    control.post("/payers/payments", json=order).raise_for_status()


@pytest.mark.requirement("C1", "C2", "C6")
@pytest.mark.usefixtures("joined")
def test_two_days_run_every_job_as_often_as_scheduled(world, control):
    """Over (t0, t0 + 2 d]: 48 upload jobs, 24 payment polls; without a change nothing is sent."""
    answer = control.post("/clock/advance", json={"seconds": 2 * 86400}).json()
    assert answer["events"]["adapter.send_invoices"] == 48
    assert answer["events"]["adapter.reconcile_payments"] == 24
    assert world.clock.now() == DEMO_START + timedelta(days=2)
    assert len(world.journal.entries(operation="UploadInvoiceFile")) == 1
    assert len(world.journal.entries(operation="PaymentReportingDataSetFromGMT")) == 24
    assert run_audit(world).clean


@pytest.mark.requirement("C2", "C6")
def test_after_a_days_outage_the_polls_catch_up_by_themselves(
    world, control, tmp_path, ledger_url
):
    """Payments of a day without an adapter are found in the report and applied, each once."""
    joined = join_adapter(world, folder=tmp_path, ledger=ledger_url)
    control.post("/clock/advance", json={"seconds": 3600}).raise_for_status()
    joined.stop()
    for _ in range(3):
        pay_first_open_bill(control)
        control.post("/clock/advance", json={"seconds": 8 * 3600}).raise_for_status()
    assert not run_audit(world).clean  # the payments are lost to all but Invoice Cloud
    joined = join_adapter(world, folder=tmp_path, ledger=ledger_url)
    try:
        control.post("/clock/advance", json={"seconds": 3 * 3600}).raise_for_status()
        assert run_audit(world).clean
        receipts = control.get("/state").json()["spectrum"]["receipts"]
        assert len(receipts) == 3
    finally:
        joined.stop()
