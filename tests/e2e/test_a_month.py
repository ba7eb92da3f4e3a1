"""Thirty days: every job runs exactly as often as the schedule says, and all books agree."""

from datetime import timedelta

import httpx
import pytest

from sandbox.audit import INVARIANTS
from sandbox.composition import join_adapter
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.world.clock import DEMO_START

DAY = 24 * 3600
RUNS = {
    "send_invoices": 720,
    "reconcile_payments": 360,
    "reverse_rejects": 240,
    "match_settlements": 180,
    "follow_change_log": 240,
}


def pays(number, place):
    """Return an order: every third by a bank account that returns it, every third by card."""
    returning = [account for account in BANK_ACCOUNTS if account.return_code]
    account = (*BANK_ACCOUNTS[:1], returning[0])[place % 3 - 1]
    bank = {"routing_number": account.routing_number, "account_number": account.account_number}
    instrument = {"card_number": CARDS[0].number} if place % 3 == 0 else {"bank_account": bank}
    return {"invoice_number": number, **instrument}


@pytest.mark.requirement("C1", "C2", "C3", "C4", "C5", "C6", "G")
def test_a_month_of_payments_returns_settlements_and_enrolments(world, tmp_path, ledger_url):
    """Over (t0, t0 + 30 d], with one action at a time and real sockets throughout."""
    world.behaviours.change({"spectrum_token_lifetime_seconds": 40 * DAY})  # for speed
    joined = join_adapter(world, folder=tmp_path, ledger=ledger_url)
    control = httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600)
    runs = dict.fromkeys(RUNS, 0)

    def advance(seconds):
        told = control.post("/clock/advance", json={"seconds": seconds}).json()["events"]
        for job in runs:
            runs[job] += told.get(f"adapter.{job}", 0)

    def call(path, document):
        control.post(path, json=document).raise_for_status()

    try:
        advance(DAY)
        bills = control.get("/state").json()["invoice_cloud"]["bills"]
        accounts = [bill["account_number"] for bill in bills]
        for place, bill in enumerate(bills[:12]):
            call("/payers/payments", pays(bill["invoice_number"], place))
            advance(3600)
        for kind in ("paperless", "autopay"):
            for account in accounts[12:15]:
                order = {"account_number": account, "kind": kind, "on": True}
                call("/payers/enrollments", order)
        advance(5 * DAY)
        call(
            "/payers/enrollments",
            {"account_number": accounts[12], "kind": "autopay", "on": False},
        )
        advance(24 * DAY - 12 * 3600)
        assert world.clock.now() == DEMO_START + timedelta(days=30)
        assert runs == RUNS
        state = control.get("/state").json()
        returned = [row for row in state["spectrum"]["receipts"] if row["reversed_at"]]
        assert len(returned) == 4
        assert len(state["invoice_cloud"]["settled_batches"]) >= 4
        settings = world.book(ImtBook).settings
        slug = world.billers[0].slug
        modes = [settings[slug, account].bill_mode for account in accounts[12:15]]
        assert modes == ["direct", "autopay", "autopay"]
        assert all(settings[slug, account].paperless for account in accounts[12:15])
        audit = control.get("/audit").json()
        assert audit["clean"], audit
        assert len(audit["invariants"]) == len(INVARIANTS)
    finally:
        control.close()
        joined.stop()
