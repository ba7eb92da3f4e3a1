"""Whoever has paid is not asked again, by whatever way, while his money is under way (0036)."""

from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.instruments import CARDS

MINUTE, HOUR = 60, 3600
CARD = {"card_number": CARDS[0].number}
DOWN = {
    "fault": "status",
    "partner": "spectrum",
    "operation": "OnlineReceipt",
    "moment": "before",
    "count": None,
}


class Carrier:
    """One world with a real adapter, seen from outside; Invoice Cloud asks for every balance."""

    def __init__(self, world, doors, receipts_feed):
        self.world = world
        self.receipts_feed = receipts_feed
        self._doors = doors
        self.control = httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=300)
        quick = {"spectrum_token_lifetime_seconds": 40 * 24 * HOUR}
        self.call("PATCH", "/behaviours", {"rtdr_suppressed": False, **quick})

    def call(self, method, resource, body=None):
        answer = self.control.request(method, resource, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def advance(self, seconds):
        self.call("POST", "/clock/advance", {"seconds": seconds})

    def break_receipts(self, **parameters):
        self.call("POST", "/faults", {**DOWN, "parameters": parameters or {"status": 503}})

    def mend(self):
        self.call("DELETE", "/faults")

    def pay(self, number):
        return self.call("POST", "/payers/payments", {"invoice_number": number, **CARD})

    def is_refused(self, number):
        """Tell whether a payer who comes again finds nothing to pay."""
        order = {"invoice_number": number, **CARD}
        return "nothing is due" in self.control.post("/payers/payments", json=order).text

    def bill(self, number):
        """Return what Invoice Cloud shows as due without asking anybody."""
        bills = self.call("GET", "/state")["invoice_cloud"]["bills"]
        return next(b["balance_due"] for b in bills if b["invoice_number"] == number)

    def owed(self, number):
        """Ask the balance door as Invoice Cloud does."""
        biller = self.world.billers[0]
        answer = httpx.get(
            f"{self._doors.url}/billers/{biller.slug}/balance",
            params={"invoiceNumber": number},
            auth=(biller.biller_guid, biller.door_key),
            trust_env=False,
        )
        return answer.json()["balanceDue"]

    def standing(self, number):
        invoices = self.call("GET", "/state")["spectrum"]["invoices"]
        return next(i["balance_due"] for i in invoices if i["invoice_number"] == number)

    def change(self, kind, **named):
        self.call("POST", "/spectrum/changes", {"kind": kind, **named})

    def invoices(self):
        bills = self.call("GET", "/state")["invoice_cloud"]["bills"]
        return [b["invoice_number"] for b in bills if b["balance_due"] != "0.00"]

    def wrongs(self):
        report = run_audit(self.world)
        return [violation.story for f in report.findings for violation in f.violations]


@pytest.fixture(params=[True, False], ids=["receipts feed", "no receipts feed"])
def carrier(world, tmp_path, ledger_url, request):
    joined = join_adapter(world, folder=tmp_path, ledger=ledger_url, receipts_feed=request.param)
    carrier = Carrier(world, joined.doors, request.param)
    carrier.advance(HOUR)
    yield carrier
    carrier.control.close()
    joined.stop()


@pytest.mark.requirement("A2", "A3", "E2")
def test_a_payer_who_looks_again_in_an_outage_has_nothing_to_pay(carrier):
    """OnlineReceipt answers 503 for two hours; he looks at 45 minutes, and at every file."""
    number = carrier.invoices()[0]
    carrier.break_receipts()
    paid = carrier.pay(number)
    carrier.advance(45 * MINUTE)
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.is_refused(number)
    carrier.advance(75 * MINUTE)
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.standing(number) == paid["amount"]
    carrier.mend()
    carrier.advance(4 * HOUR)
    assert (carrier.standing(number), carrier.owed(number)) == ("0.00", "0.00")
    assert carrier.wrongs() == []


@pytest.mark.requirement("A2", "C1", "E2")
def test_a_fee_in_an_outage_is_all_that_is_asked_for(carrier):
    """It brings the invoice into the next file while its payment is under way."""
    number = carrier.invoices()[0]
    carrier.break_receipts()
    carrier.advance(5 * MINUTE)
    carrier.pay(number)
    carrier.advance(15 * MINUTE)
    carrier.change("fee", invoice_number=number, amount="25.00")
    assert carrier.owed(number) == "25.00"
    carrier.advance(40 * MINUTE)
    assert carrier.bill(number) == "0.00"  # under way for less than an hour: it waits
    carrier.advance(HOUR)
    assert carrier.bill(number) == "25.00"
    assert carrier.pay(number)["amount"] == "25.00"
    carrier.mend()
    carrier.advance(4 * HOUR)
    # Without a receipts feed a balance that a fee moved says nothing: a person is asked.
    assert carrier.standing(number) == ("0.00" if carrier.receipts_feed else "756.37")
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.wrongs() == []


@pytest.mark.parametrize("carrier", [False], ids=["no receipts feed"], indirect=True)
@pytest.mark.requirement("A2", "A3", "C1")
def test_a_payment_that_waits_for_a_person_is_not_drawn_again(carrier):
    """Spectrum refuses it, and a fee bills its invoice again: AutoPay draws the fee alone."""
    bills = carrier.call("GET", "/state")["invoice_cloud"]["bills"]
    due = {
        datetime.strptime(bill["due_date"], "%m/%d/%Y").replace(tzinfo=UTC): bill for bill in bills
    }
    until_due = min(due) - carrier.world.clock.now()
    number, account = due[min(due)]["invoice_number"], due[min(due)]["account_number"]
    carrier.break_receipts(status=400, page="json")
    amount = Decimal(carrier.pay(number)["amount"])
    order = {"account_number": account, "kind": "autopay", "on": True}
    carrier.call("POST", "/payers/enrollments", order)
    carrier.advance(3 * HOUR)
    carrier.change("fee", invoice_number=number, amount="25.00")
    carrier.advance(until_due.total_seconds() + 20 * HOUR)
    drawn = [
        Decimal(payment["amount"])
        for payment in carrier.call("GET", "/state")["invoice_cloud"]["payments"]
        if payment["invoice_number"] == number and payment["approved"]
    ]
    assert drawn == [amount, Decimal("25.00")]


@pytest.mark.requirement("C1", "C2")
def test_a_file_that_crossed_a_payment_is_corrected_within_ten_minutes(carrier):
    """Paid before a file and told after it: that file opens the bill, the next one closes it."""
    number = carrier.invoices()[0]
    carrier.change("fee", invoice_number=number, amount="25.00")
    carrier.advance(HOUR - 4)
    carrier.pay(number)
    carrier.advance(10)
    assert carrier.bill(number) != "0.00"
    carrier.advance(10 * MINUTE)
    assert carrier.bill(number) == "0.00"
    carrier.advance(2 * HOUR)
    assert carrier.wrongs() == []
