"""An operator and his adapter: settings in a file, doors on a port, the commands, real payers."""

import copy
import json
import logging
from dataclasses import replace
from decimal import Decimal

import httpx
import jsonschema_rs
import pytest
import structlog
from typer.testing import CliRunner

from adapter.bootstrap import build
from adapter.domain.ledger_life import MARGIN
from adapter.doors.cli import app
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.settings import FileSettings
from contracts.loader import schema
from sandbox.control.toml import toml_text
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.spectrum.book import InvoiceIssued, SpectrumBook
from sandbox.faults import FAULTS
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.clock import DEMO_START

HOUR = 3600
DAY = 24 * HOUR


class Operator:
    """Two billers, an adapter at work for them, and whatever an operator has at hand."""

    def __init__(self, world, folder):
        self.world = world
        self.slug = world.billers[0].slug
        world.behaviours.change({"spectrum_token_lifetime_seconds": 7 * DAY})
        self.path = folder / "adapter.toml"
        self.settings = adapter_settings(
            world, ledger="sqlite:///adapter.db", listen="127.0.0.1:0", request_timeout_seconds=5
        )
        self.change()
        self.adapter = build(
            FileSettings(self.path),
            clock=world.clock,
            timer=world.clock,
            make_ledger=True,
            begun=world.born_at - 2 * MARGIN,
        )
        self.server = DoorServer(create_app(self.adapter))
        self.server.start()
        for biller in world.billers:
            world.connectors[biller.slug].url = self.server.url
        self.adapter.start()
        self.client = httpx.Client(timeout=600, trust_env=False)
        self.runner = CliRunner()
        self.advance(HOUR)

    def close(self):
        self.client.close()
        self.server.stop()
        self.adapter.stop()

    def change(self, edit=None):
        """Put a settings file in place, as it was at first but for an edit of its tables."""
        settings = copy.deepcopy(self.settings)
        if edit is not None:
            edit(settings)
        beside = self.path.with_suffix(".new")
        beside.write_text(toml_text(settings))
        beside.replace(self.path)

    def change_biller(self, **values):
        self.change(lambda tree: tree["billers"][self.slug].update(values))

    def advance(self, seconds):
        url = f"{self.world.base_url}/_sandbox/clock/advance"
        self.client.post(url, json={"seconds": seconds}).raise_for_status()

    def say(self, *arguments, code=0):
        """Give a command and return what it says."""
        result = self.runner.invoke(app, [*arguments, "--config", str(self.path)])
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result.stdout

    def read(self, *arguments, code=0):
        return json.loads(self.say(*arguments, "--json", code=code))

    def get(self, path, **query):
        return self.client.get(f"{self.server.url}{path}", params=query)

    def alarms(self):
        """Return the alarms by name, as the contract says they are told."""
        answer = self.get("/ops/alarms")
        assert answer.status_code == 200
        document = answer.json()
        validator = jsonschema_rs.validator_for(schema("adapter", "Alarms"))
        assert [error.message for error in validator.iter_errors(document)] == []
        for secret in self.world.billers[0].secrets:
            assert secret not in answer.text
        return {alarm["name"]: alarm for alarm in document["alarms"]}

    def told_alarms(self):
        """Return the names that the command tells; it ends with 1 where there are any."""
        result = self.runner.invoke(app, ["alarms", "--json", "--config", str(self.path)])
        names = {alarm["name"] for alarm in json.loads(result.stdout)["alarms"]}
        assert result.exit_code == (1 if names else 0)
        return names

    def arm(self, kind, partner, operation, *, moment="before", count=None, **parameters):
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

    def refuse(self, partner, operation, *, status=422, count=1):
        """Let a partner refuse a call in JSON, as its own refusals are."""
        told = {"errors": [{"status": str(status), "title": "Refused", "detail": "by a test"}]}
        headers = {"Content-Type": "application/json"}
        body = json.dumps(told)
        self.arm("status", partner, operation, count=count, status=status, body=body,
                 headers=headers)  # fmt: skip

    def disarm(self):
        self.world.faults.disarm()

    def bill(self, *, due):
        """Let the first biller bill a policy once more, due on a day; return the invoice."""
        book = self.world.book(SpectrumBook)
        before = next(each for each in book.invoices.values() if each.biller == self.slug)
        number = str(max(map(int, book.invoices)) + 1)
        policy = replace(before.policy, invoice_number=number, due_date=due, autopay_date=None)
        book.record(InvoiceIssued(biller=self.slug, policy=policy))
        return number

    def pay(self, invoice=None, *, return_code=None):
        """Let a payer pay an open bill of the first biller, and return the invoice's number."""
        state = self.client.get(f"{self.world.base_url}/_sandbox/state").json()
        bill = next(
            b
            for b in state["invoice_cloud"]["bills"]
            if b["balance_due"] != "0.00"
            and b["biller"] == self.slug
            and invoice in {None, b["invoice_number"]}
        )
        order = {"invoice_number": bill["invoice_number"], "biller": self.slug}
        if return_code is None:
            order["card_number"] = CARDS[0].number
        else:
            account = next(
                a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == return_code
            )
            order["bank_account"] = {
                "routing_number": account.routing_number,
                "account_number": account.account_number,
            }
        answer = self.client.post(f"{self.world.base_url}/_sandbox/payers/payments", json=order)
        assert answer.is_success, answer.text
        return bill["invoice_number"]

    def payment(self, invoice):
        """Return the one delivery on an invoice."""
        [row] = self.read("payments", "list", "--all", "--invoice", invoice)
        return row

    def receipts(self, invoice):
        """Return what Spectrum has on an invoice, as its screens show an operator."""
        receipts = self.world.book(SpectrumBook).receipts.values()
        return [r for r in receipts if r.applied.invoice_number == invoice]

    def balance(self, invoice):
        return self.world.book(SpectrumBook).invoices[invoice].balance

    def is_paid_once(self, invoice):
        return len(self.receipts(invoice)) == 1 and self.balance(invoice) == Decimal("0.00")


@pytest.fixture
def operator(sandbox_server, world_names, tmp_path, monkeypatch):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    # The commands of an operator run on the same clock as the adapter.
    monkeypatch.setattr("adapter.clock.SystemClock", lambda: world.clock)
    # A ledger that somebody else has locked is told of after a second.
    monkeypatch.setattr("adapter.ledger.store.BUSY_SECONDS", 1)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    one = Operator(world, tmp_path)
    yield one
    one.close()
    sandbox_server.delete_world(world.name)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
