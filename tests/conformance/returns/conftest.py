"""A carrier whose payments settle and come back: the adapter joined, every call over sockets."""

from decimal import Decimal

import httpx
import jsonschema_rs
import pytest

from contracts.loader import schema
from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import FAULTS

HOUR = 3600
DAY = 24 * HOUR


class Carrier:
    """One world with its adapter, and what Spectrum, Invoice Cloud and the ledger say."""

    def __init__(self, world, folder, ledger, **options):
        self.world = world
        self.slug = world.billers[0].slug
        self.folder = folder
        self.options = {"ledger": ledger, **options}
        # Days go by faster when no hour begins with a new token.
        world.behaviours.change({"spectrum_token_lifetime_seconds": 7 * DAY})
        self.joined = join_adapter(world, folder=folder, **self.options)
        self.control = httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600)
        self.advance(HOUR)

    def close(self):
        self.joined.stop()
        self.control.close()

    def leave(self):
        self.joined.stop()

    def rejoin(self):
        self.joined = join_adapter(self.world, folder=self.folder, **self.options)

    def advance(self, seconds):
        return self.control.post("/clock/advance", json={"seconds": seconds}).json()["events"]

    def bills(self):
        return self.control.get("/state").json()["invoice_cloud"]["bills"]

    def pay(self, place=0, *, code="R01", card=False):
        """Pay the open bill at a place, by a bank account that returns it or by a good card."""
        bill = [b for b in self.bills() if b["balance_due"] != "0.00"][place]
        order = {"invoice_number": bill["invoice_number"], **self.instrument(code, card=card)}
        self.control.post("/payers/payments", json=order).raise_for_status()
        return bill["invoice_number"], Decimal(bill["balance_due"])

    def instrument(self, code, *, card):
        if card:
            return {"card_number": CARDS[0].number}
        [account] = [
            a for a in BANK_ACCOUNTS if (a.return_code.code if a.return_code else None) == code
        ][:1]
        return {
            "bank_account": {
                "routing_number": account.routing_number,
                "account_number": account.account_number,
            }
        }

    def balance(self, number):
        return self.world.book(SpectrumBook).invoices[number].balance

    def ops(self, name, **query):
        """Return a view's rows, which are as the contract says."""
        url = f"{self.joined.doors.url}/ops/{name}"
        document = self.control.get(url, params=query).json()
        validator = jsonschema_rs.validator_for(schema("adapter", name.title()))
        assert [error.message for error in validator.iter_errors(document)] == []
        return document[name]

    def exceptions(self):
        return [row for row in self.ops("exceptions") if row["resolved_at"] is None]

    def calls(self, operation):
        return [e for e in self.world.journal.entries(operation=operation) if e.kind == "call"]

    def arm(self, kind, partner, operation, moment, count=1, **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner=partner,
            operation=operation,
            moment=moment,
            count=count,
            match={},
            parameters=parameters,
        )

    def disarm(self):
        self.world.faults.disarm()

    def audit(self):
        report = run_audit(self.world)
        return [v.story for f in report.findings for v in f.violations]


@pytest.fixture
def carrier(world, tmp_path, ledger_url):
    one = Carrier(world, tmp_path, ledger_url)
    yield one
    one.close()


@pytest.fixture
def carrier_with(world, tmp_path, new_ledger):
    """Return a maker of a carrier with options of `join_adapter`."""
    made = []

    def make(**options):
        made.append(Carrier(world, tmp_path, new_ledger(tmp_path), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
