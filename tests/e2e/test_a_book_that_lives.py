"""What changes in Spectrum's book reaches the next invoice file and the bill (decision 0033)."""

import httpx
import pytest

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.timeline import Timeline

HOUR = 3600


class Carrier:
    """One world with a real adapter, seen from outside over the control API."""

    def __init__(self, world):
        self.world = world
        self.control = httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600)

    def call(self, method, resource, body=None):
        answer = self.control.request(method, resource, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def hour(self):
        self.call("POST", "/clock/advance", {"seconds": HOUR})

    def change(self, kind, **named):
        return self.call("POST", "/spectrum/changes", {"kind": kind, **named})

    def bills(self):
        bills = self.call("GET", "/state")["invoice_cloud"]["bills"]
        return {bill["invoice_number"]: bill["balance_due"] for bill in bills}

    def files(self):
        """Return how many invoices each accepted file held, in order."""
        files = self.call("GET", "/state")["invoice_cloud"]["files"]
        assert all(file["accepted"] for file in files)
        return [file["invoice_count"] for file in files]

    def audit(self):
        report = run_audit(self.world)
        return [violation.story for f in report.findings for violation in f.violations]


@pytest.fixture(params=["http", "folder"])
def carrier(world, tmp_path, ledger_url, request):
    joined = join_adapter(world, folder=tmp_path, ledger=ledger_url, feed=request.param)
    carrier = Carrier(world)
    carrier.hour()
    yield carrier
    carrier.control.close()
    joined.stop()


@pytest.mark.requirement("C1", "E2", "E4")
def test_changes_reach_the_next_file_and_the_bill(carrier):
    """Also the cancelled invoice: nothing due, and Active 1, or the file would be refused."""
    first, second, third, fourth = list(carrier.bills())[:4]
    before = carrier.bills()
    carrier.change("fee", invoice_number=first, amount="25.00")
    carrier.change("cancellation", invoice_number=second)
    carrier.change("cheque", invoice_number=third, amount=before[third])
    renewed = carrier.change("renewal", invoice_number=fourth, amount="900.00")
    written = carrier.change("new_business", amount="480.00")
    assert carrier.bills() == before
    carrier.hour()
    assert carrier.files() == [25, 5]
    assert carrier.bills() == {
        **before,
        first: "756.37",
        second: "0.00",
        third: "0.00",
        renewed["invoice_number"]: "900.00",
        written["invoice_number"]: "480.00",
    }
    carrier.change("reinstatement", invoice_number=second)
    carrier.change("reversal", receipt_id="1001")
    carrier.hour()
    assert carrier.files() == [25, 5, 2]
    assert (carrier.bills()[second], carrier.bills()[third]) == (before[second], before[third])
    assert carrier.audit() == []


@pytest.mark.requirement("A2", "A3", "C6")
def test_a_bill_with_a_fee_is_paid_as_it_stands_now(carrier):
    """The payer pays before the next file: the balance is asked for, and the fee is in it."""
    first = next(iter(carrier.bills()))
    carrier.change("fee", invoice_number=first, amount="25.00")
    lines = []
    Timeline(carrier.world, lines.append).tell()
    told = [line.text for line in lines if line.operation == "BookChange"]
    assert told == [f"fee on invoice {first}: 25.00 more, 756.37 is due"]
    order = {"invoice_number": first, "card_number": CARDS[0].number}
    assert carrier.call("POST", "/payers/payments", order)["amount"] == "756.37"
    carrier.hour()
    state = carrier.call("GET", "/state")
    [receipt] = state["spectrum"]["receipts"]
    assert (receipt["amount"], receipt["online_vendor"]) == ("756.37", "InvoiceCloud")
    assert carrier.bills()[first] == "0.00"
    assert carrier.audit() == []
