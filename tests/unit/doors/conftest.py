"""Doors and commands in a test's hands: a real ledger, and fakes for what lies behind it."""

import base64
import logging
import threading
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from typer.testing import CliRunner

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer
from adapter.domain.upload import InvoiceFile
from adapter.domain.work_item import State
from adapter.doors.cli import app
from adapter.doors.http import create_app
from adapter.errors import LedgerError
from adapter.kinds import PAYMENTS
from adapter.ledger import Ledger, open_ledger
from adapter.partners.clock_watch import ClockWatch
from adapter.settings import StaticSettings
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.watch import Watch
from tests.unit.domain.conftest import INVOICE
from tests.unit.ledger.conftest import BILLED, Desk

BILLER = "alpha-mutual"
BILLER_GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
PAYMENT_GUID = "9f2c4b6e-0000-4000-8000-0123456789ab"
NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
SETTINGS = """
[adapter]
ledger = "sqlite:///adapter.db"
listen = "127.0.0.1:0"

[billers.alpha-mutual]
name = "Alpha Mutual"
time_zone = "{time_zone}"
biller_guid = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
web_service_key = "540a862e-aac1-47b0-ad74-745df0d8131d"
invoice_format_guid = "47179ce6-8d9f-46b9-9462-7521f79b0014"
door_key = "{door_key}"

[billers.alpha-mutual.advanced_settings]
8 = "http://127.0.0.1:9/spectrum"
9 = "alpha-rtdr"
10 = "p4ss!rtdr|0A1B2C3D-0000-4000-8000-00000000000A"
11 = "http://127.0.0.1:9/spectrum"
12 = "alpha-payments"
13 = "p4ss!payments|0A1B2C3D-0000-4000-8000-00000000000B"

[billers.alpha-mutual.invoice_cloud]
web_services_url = "http://127.0.0.1:9/webservices"

[billers.alpha-mutual.feed]
kind = "folder"
location = "feed"
"""


NOTICE = {
    "BillerGUID": BILLER_GUID,
    "PaymentGUID": PAYMENT_GUID,
    "InvoiceNumber": "30254",
    "AccountNumber": "1204117",
    "CustomerName": "Ada Carver",
    "PaymentDate": "2026-01-05T03:04:05.1234567-06:00",
    "PaymentAmount": "731.37",
    "ConvenienceFee": "2.95",
    "PaymentReference": "REF-1",
    "PaymentMessage": "Approved",
    "PaymentType": "ACH",
    "Approved": "True",
}


def settings_text(*, door_key="door-s3cret", time_zone="America/Chicago"):
    return SETTINGS.format(door_key=door_key, time_zone=time_zone)


class FixedClock:
    def now(self):
        return NOW


class FakeEngine:
    is_started = True

    def __init__(self):
        self.wakes = 0
        self.woken = []

    def wake(self, *jobs):
        self.wakes += 1
        self.woken += jobs


class FakeBalance:
    """Spectrum's balance as a test wants it: an amount, or an error to raise."""

    def __init__(self):
        self.outcome = Decimal("731.37")
        self.asked = []

    def balance_due(self, invoice_number):
        self.asked.append(invoice_number)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return BalanceAnswer(balance=self.outcome)


class FakeBillers:
    guard = GuardFigures()
    payments_since, subtract_under_way = None, True

    def __init__(self):
        self.clock_watch = ClockWatch(FixedClock())
        self.rtdr = FakeBalance()
        self.payer_accounts = None

    def names(self):
        return (BILLER,)

    def ports(self, biller):
        assert biller == BILLER
        return self


class DoorDesk(Desk):
    """The shortest ways to bring the items of a door's biller into any state."""

    def __init__(self, ledger, kind):
        super().__init__(SimpleNamespace(ledger=ledger, biller=BILLER), kind)


class BrokenLedger:
    """A ledger on a full disk."""

    @property
    def figures(self):
        return self

    def outbox(self, _kind):
        return self

    items = outbox

    def gather(self, *_asked, **_at):
        raise LedgerError("the disk is full")

    done = gather

    def accept(self, _payload, **_rest):
        raise LedgerError("the disk is full at /some/where")

    def check_writable(self):
        raise LedgerError("the disk is full")


@dataclass
class DoorsAdapter:
    """What the doors see of an adapter."""

    source: StaticSettings
    ledger: Ledger
    clock: FixedClock = field(default_factory=FixedClock)
    engine: FakeEngine = field(default_factory=FakeEngine)
    billers: FakeBillers = field(default_factory=FakeBillers)
    watch: Watch = field(default_factory=lambda: Watch(Metrics(FixedClock())))
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.settings = self.source.current().adapter

    def change(self, **tables):
        """Change settings as an edited file would: `adapter` or `biller` keys."""
        tree = tomllib.loads(settings_text())
        tree["adapter"].update(tables.get("adapter", {}))
        tree["billers"][BILLER].update(tables.get("biller", {}))
        self.source.replace(tree)


@pytest.fixture
def adapter(ledger_url):
    ledger = open_ledger(ledger_url)
    yield DoorsAdapter(source=StaticSettings(tomllib.loads(settings_text())), ledger=ledger)
    ledger.close()


@pytest.fixture
def pressing():
    """Return a way to have three payments refused: due in a month, in two days, never billed."""

    def pressing(ledger):
        desk = DoorDesk(ledger, PAYMENTS.item)
        due_dates = {"1": date(2026, 2, 5), "2": date(2026, 1, 7)}
        file = InvoiceFile(
            biller=BILLER,
            reference="BIF1",
            content=b"",
            invoice_count=2,
            total=Decimal("1.00"),
            as_of=NOW,
            fingerprints=dict.fromkeys(due_dates, "aa"),
            rows={
                number: replace(INVOICE, invoice_number=number, due_date=due).as_json()
                for number, due in due_dates.items()
            },
        )
        upload = ledger.uploads.begin(file, now=NOW)
        ledger.uploads.record_accepted(upload, BILLED, now=NOW)
        for number in (1, 2, 3):
            desk.accept(number, lane=str(number), at=NOW, amount=Decimal(f"{number}.50"))
            sent = desk.send(at=NOW)
            desk.record(
                sent, State.NEEDS_PERSON, review=ExceptionKind.DEAD, detail="refused", at=NOW
            )

    return pressing


@pytest.fixture
def broken_ledger():
    return BrokenLedger()


@pytest.fixture
def open_doors():
    """Return a client of the doors of an adapter."""
    return lambda adapter: create_app(adapter).test_client()


@pytest.fixture
def client(adapter, open_doors):
    return open_doors(adapter)


@pytest.fixture
def credentials():
    joined = base64.b64encode(f"{BILLER_GUID}:door-s3cret".encode()).decode()
    return {"Authorization": f"Basic {joined}"}


@pytest.fixture
def notice():
    """Return a payment notice; a field changed to None is left out."""
    return lambda **changes: {n: v for n, v in {**NOTICE, **changes}.items() if v is not None}


@pytest.fixture
def settings_file(tmp_path):
    """Write a settings file of one biller whose partners nobody can reach; return its path."""

    def write(*, ledger=True, **changes) -> Path:
        path = tmp_path / "adapter.toml"
        path.write_text(settings_text(**changes))
        if ledger and not (tmp_path / "adapter.db").exists():
            open_ledger(f"sqlite:///{tmp_path / 'adapter.db'}", make=True).close()
        return path

    return write


@pytest.fixture
def own_log():
    """Let commands log to what is their standard error, and nobody after them."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def cli(own_log):  # noqa: ARG001  # what commands log to is theirs
    """Run an `adapter` command line and return what it said and how it ended."""
    runner = CliRunner()

    def run(*arguments: str, stdin: bytes | None = None):
        return runner.invoke(app, list(arguments), input=stdin)

    return run
