"""Payers are asked once, by every way of paying, while a partner is out for up to two days."""

from decimal import Decimal

import pytest

from sandbox.fakes.imt.book import ImtBook
from sandbox.world.clock import DEMO_START
from tests.e2e.under_way.carrier import BANK_ACCOUNT, DAY, HOUR, MINUTE, Carrier
from tests.e2e.under_way.judge import Judge

LOOK_SECONDS = 6 * HOUR
# The tests begin at four in the morning where Invoice Cloud is: the next day's draw is after 26 h.
UNTIL_DRAWN = DAY + 3 * HOUR
REPORTS = (
    "PaymentReportingDataSetFromGMT",
    "ACHRejectReportingDataSetFromGMT",
    "BillerSettledBatchDetailDataSet",
    "BillerAutoPayCustomerReportDataSet",
    "BillerPaperlessCustomerReportDataSet",
)


@pytest.fixture
def begin(sandbox_server, world_names, tmp_path, ledger_url):
    """Return a maker of the carrier of a test."""
    begun = []

    def make(**choices):
        world = sandbox_server.create_world(next(world_names), start=DEMO_START, open_invoices=2)
        begun.append(Carrier(world, folder=tmp_path, ledger=ledger_url, **choices))
        return begun[0]

    yield make
    for carrier in begun:
        carrier.close()
        sandbox_server.delete_world(carrier.world.name)


def wait(carrier, seconds):
    """Let the time go by, and see every few hours that nobody is asked for too much."""
    judge = Judge(carrier)
    end = carrier.world.clock.now().timestamp() + seconds
    while (left := end - carrier.world.clock.now().timestamp()) > 0:
        carrier.advance(min(left, LOOK_SECONDS))
        assert judge.look() == []


def settle(carrier):
    """Let everything come to rest: no person is needed, and the auditor is content."""
    wait(carrier, 5 * HOUR)
    assert Judge(carrier).look(at_last=True) == []
    assert carrier.wrongs() == []
    assert [row for row in carrier.ledger("exceptions") if not row["resolved_at"]] == []


@pytest.mark.requirement("A2", "A3", "D4", "D5")
def test_what_an_agent_took_no_other_way_takes_again_in_two_days(begin):
    """Spectrum is out; a schedule and AutoPay fall due, the payer looks again, and an agent."""
    carrier = begin(receipts_feed=False)
    number = carrier.invoices()[0]
    due = carrier.bill(number)
    carrier.break_down("spectrum", "*")
    carrier.schedule(number, days=1)
    carrier.enroll(number)
    assert carrier.pay_by_agent(number)
    wait(carrier, UNTIL_DRAWN)
    assert carrier.is_refused(number)
    wait(carrier, 2 * DAY - UNTIL_DRAWN)
    assert not carrier.pay_by_agent(number)
    assert (carrier.taken(number), carrier.standing(number)) == ([due], due)
    carrier.mend()
    settle(carrier)
    assert (carrier.taken(number), carrier.standing(number)) == ([due], "0.00")


@pytest.mark.requirement("A2", "C1", "D4")
def test_autopay_draws_once_in_two_days_and_a_schedule_the_fee_alone(begin):
    """OnlineReceipt is out; the schedule is for the day after the draw."""
    carrier = begin(receipts_feed=False, rtdr=False)
    number = carrier.invoices()[0]
    due = carrier.bill(number)
    carrier.break_down("spectrum", "OnlineReceipt", "sever")
    carrier.enroll(number)
    carrier.schedule(number, days=2)
    wait(carrier, UNTIL_DRAWN)
    assert (carrier.taken(number), carrier.bill(number)) == ([due], "0.00")
    carrier.change("fee", invoice_number=number, amount="25.00")
    wait(carrier, DAY)
    assert carrier.taken(number) == [due, "25.00"]
    carrier.mend()
    wait(carrier, 5 * HOUR)
    # Without a receipts feed a balance that a fee moved says nothing: a person is asked.
    assert carrier.standing(number) == "756.37"
    assert Judge(carrier).look(at_last=True) == []
    assert carrier.wrongs() == []


@pytest.mark.parametrize(
    ("seconds", "operations"),
    [(2 * HOUR, ("*",)), (2 * DAY, ("UploadInvoiceFile", *REPORTS))],
    ids=["all for two hours", "files and reports for two days"],
)
@pytest.mark.requirement("C1", "C2", "C6")
def test_after_invoice_clouds_outage_what_was_paid_is_known_and_the_fee_billed(
    begin, seconds, operations
):
    """A payment that the data pump could not tell is found by the report; the fee was not sent."""
    carrier = begin(receipts_feed=True, rtdr=False)
    paid, charged = carrier.invoices()[:2]
    for operation in operations:
        carrier.break_down("invoice_cloud", operation)
    amount = carrier.pay(paid)["amount"]
    carrier.advance(MINUTE)
    before = carrier.bill(charged)
    carrier.change("fee", invoice_number=charged, amount="25.00")
    until = carrier.world.clock.now().timestamp() + seconds
    while carrier.world.clock.now().timestamp() < until:
        carrier.advance(HOUR * 2)
        assert carrier.is_refused(paid)
    assert carrier.bill(charged) == before
    carrier.mend()
    carrier.advance(3 * HOUR)
    assert Decimal(carrier.bill(charged)) == Decimal(before) + 25
    settle(carrier)
    assert (carrier.taken(paid), carrier.standing(paid)) == ([amount], "0.00")


@pytest.mark.requirement("B1", "B2", "D4")
def test_imts_outage_of_a_day_moves_no_money(begin):
    """An account goes on AutoPay, and is drawn once; IMT hears of it when it is back."""
    carrier = begin(receipts_feed=True, rtdr=False)
    number = carrier.invoices()[0]
    carrier.break_down("imt", "*", "sever")
    carrier.enroll(number)
    due = carrier.bill(number)
    wait(carrier, UNTIL_DRAWN)
    assert (carrier.taken(number), carrier.standing(number)) == ([due], "0.00")
    slug, account = carrier.world.billers[0].slug, carrier.account(number)
    settings = carrier.world.book(ImtBook).settings
    assert settings[slug, account].bill_mode == "direct"
    carrier.mend()
    settle(carrier)
    assert settings[slug, account].bill_mode == "autopay"


@pytest.mark.parametrize(("receipts_feed", "moment"), [(True, "after"), (False, "before")])
@pytest.mark.requirement("A2", "C3", "E2")
def test_a_returned_payment_whose_reversal_is_late_is_owed_once(begin, receipts_feed, moment):
    """The bank returned it, Spectrum is told nine hours later; the payer pays again meanwhile."""
    carrier = begin(receipts_feed=receipts_feed)
    number = carrier.invoices()[0]
    first = carrier.pay(number, BANK_ACCOUNT)
    carrier.advance(2 * HOUR)
    assert carrier.standing(number) == "0.00"
    carrier.break_down("spectrum", "ReceiveReversal", "sever", moment)
    carrier.give_back(first["payment_guid"])
    wait(carrier, 4 * HOUR)
    assert carrier.pay(number)["amount"] == first["amount"]
    wait(carrier, 5 * HOUR)
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    carrier.mend()
    settle(carrier)
    assert (carrier.standing(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.taken(number) == [first["amount"]] * 2
