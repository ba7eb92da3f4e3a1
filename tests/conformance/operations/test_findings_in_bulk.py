"""One file of findings after an outage over real sockets, with de-duplication at Spectrum off.

Whatever stands in the file, and however often it is given, no payment is applied twice.
"""

import csv
import io
from decimal import Decimal

import pytest

from sandbox.fakes.spectrum.book import SpectrumBook

MINUTE = 60
FEE = "5.00"


class Outage:
    """Payments whose answers were lost, and whose evidence somebody else's fee has blurred."""

    def __init__(self, operator, folder):
        self.operator = operator
        self.path = folder / "findings.csv"
        feed = {**operator.settings["billers"][operator.slug]["feed"], "receipts": False}
        operator.world.behaviours.change({"spectrum_deduplicates": False})
        operator.change_biller(feed=feed)

    def lose(self, moment):
        """Lose the answer of the next post; `moment` says whether Spectrum had applied it."""
        self.operator.arm("sever", "spectrum", "OnlineReceipt", moment=moment, count=1)

    def blur(self, *invoices):
        """Charge a fee while they are in doubt, and wait until the guard asks a person."""
        for invoice in invoices:
            self.charge(invoice, FEE)
        self.operator.advance(30 * MINUTE)
        assert {self.state(invoice) for invoice in invoices} == {"dead"}

    def charge(self, invoice, amount):
        book = self.operator.world.book(SpectrumBook)
        book.adjust_balance(invoice, Decimal(amount), "a test")

    def paid(self, moment):
        self.lose(moment)
        invoice = self.operator.pay()
        self.operator.advance(MINUTE)
        return invoice

    def fill_in(self, **findings):
        """Write the template with findings by invoice: finding, receipt, balance."""
        rows = csv.DictReader(io.StringIO(self.operator.say("payments", "findings-template")))
        filled = list(rows)
        assert [row["invoice"] for row in filled] == list(findings)
        for row in filled:
            finding, receipt, balance = findings[row["invoice"]]
            row |= {"finding": finding, "receipt": receipt, "balance": balance, "note": "seen"}
        with self.path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows.fieldnames)
            writer.writeheader()
            writer.writerows(filled)

    def resolve(self, *options, code):
        arguments = ("payments", "resolve", "--from", str(self.path), "--by", "ada", *options)
        told = self.operator.read(*arguments, code=code)
        return [row["outcome"] for row in told["rows"]]

    def run(self):
        self.operator.advance(MINUTE)
        self.operator.say("run", "post_payments")

    def state(self, invoice):
        return self.operator.payment(invoice)["state"]

    def count(self, invoice):
        return len(self.operator.receipts(invoice))


@pytest.fixture
def outage(operator, tmp_path):
    return Outage(operator, tmp_path)


@pytest.mark.requirement("A3")
def test_a_file_of_findings_settles_an_outage(operator, outage):
    applied, missing, returned, unsaid = invoices = [
        outage.paid(moment) for moment in ("after", "before", "before", "before")
    ]
    outage.blur(*invoices)
    [receipt] = operator.receipts(applied)
    outage.fill_in(
        **{
            applied: ("applied", receipt.id, ""),
            missing: ("never-applied", "", str(operator.balance(missing))),
            returned: ("given-back", "", ""),
            unsaid: ("never-applied", "", ""),  # its balance would be anybody's
        }
    )
    assert outage.resolve("--dry-run", code=1) == ["would_be_recorded"] * 3 + ["refused"]
    outage.run()
    assert {outage.state(invoice) for invoice in invoices} == {"dead"}
    assert outage.resolve(code=1) == ["recorded"] * 3 + ["refused"]
    outage.run()
    states = [outage.state(invoice) for invoice in invoices]
    assert states == ["applied", "applied", "given_back", "dead"]
    assert operator.payment(applied)["evidence"] == "person"
    assert operator.payment(missing)["evidence"] == "answer"
    assert outage.resolve(code=1) == ["refused"] * 4
    outage.run()
    assert [outage.count(invoice) for invoice in invoices] == [1, 1, 0, 0]
    [left] = operator.read("exceptions", "list")
    assert left["invoice_number"] == unsaid


@pytest.mark.requirement("A3")
def test_a_file_that_is_given_again_releases_no_later_post(operator, outage):
    invoice = outage.paid("before")
    outage.blur(invoice)
    outage.fill_in(**{invoice: ("never-applied", "", str(operator.balance(invoice)))})
    assert outage.resolve(code=0) == ["recorded"]
    outage.lose("after")
    outage.run()
    outage.blur(invoice)
    assert outage.count(invoice) == 1
    # Were the balance back at what the file says, only the look itself would be too old.
    outage.charge(invoice, Decimal(operator.payment(invoice)["amount"]) - Decimal(FEE))
    assert outage.resolve(code=1) == ["refused"]
    outage.run()
    assert outage.count(invoice) == 1


@pytest.mark.requirement("A3")
def test_a_balance_that_is_no_longer_so_releases_nothing(operator, outage):
    invoice = outage.paid("before")
    outage.blur(invoice)
    outage.fill_in(**{invoice: ("never-applied", "", str(operator.balance(invoice)))})
    outage.charge(invoice, FEE)
    assert outage.resolve(code=0) == ["recorded"]
    outage.run()
    assert (outage.count(invoice), outage.state(invoice)) == (0, "dead")
