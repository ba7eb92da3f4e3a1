"""Twenty-six hours without an adapter: afterwards every poll makes up for them by itself."""

import httpx
import pytest

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS

HOUR = 3600
DAY = 24 * HOUR
OUTAGE = 26 * HOUR
# By then every job of the schedule has had its turn.
CATCHING_UP = 5 * HOUR


class Carrier:
    """One world, and an adapter that comes and goes; its ledger stays."""

    def __init__(self, world, folder, ledger):
        self.world = world
        self._folder = folder
        self._ledger = ledger
        self._control = httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600)
        self._joined = None
        self.come_back()

    def come_back(self):
        self._joined = join_adapter(self.world, folder=self._folder, ledger=self._ledger)

    def go(self):
        self._joined.stop()

    def close(self):
        self.go()
        self._control.close()

    def advance(self, seconds):
        told = self._control.post("/clock/advance", json={"seconds": seconds})
        assert told.is_success, told.text

    def open_bills(self):
        bills = self._control.get("/state").json()["invoice_cloud"]["bills"]
        return [bill for bill in bills if bill["balance_due"] != "0.00"]

    def pay(self, instrument):
        bill = self.open_bills()[0]
        order = {"invoice_number": bill["invoice_number"], **instrument}
        self._control.post("/payers/payments", json=order).raise_for_status()

    def enroll(self, kind, account):
        order = {"account_number": account, "kind": kind, "on": True}
        self._control.post("/payers/enrollments", json=order).raise_for_status()

    def marks(self):
        url = f"{self._joined.doors.url}/ops/watermarks"
        return {row["job"]: row["moved_at"] for row in self._control.get(url).json()["watermarks"]}

    def receipts(self):
        return self._control.get("/state").json()["spectrum"]["receipts"]


@pytest.fixture
def carrier(world, tmp_path, ledger_url):
    carrier = Carrier(world, tmp_path, ledger_url)
    yield carrier
    carrier.close()


def by_account_that_returns():
    [account] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R01"]
    return {
        "bank_account": {
            "routing_number": account.routing_number,
            "account_number": account.account_number,
        }
    }


@pytest.mark.requirement("C1", "C2", "C3", "C4", "C5", "C6")
def test_after_an_outage_every_poll_catches_up_and_the_books_agree(carrier):
    """The return, the batches, three payments and two enrolments happen while nobody looks."""
    carrier.advance(HOUR)
    carrier.pay(by_account_that_returns())
    carrier.advance(2 * DAY + 12 * HOUR)
    before = carrier.marks()
    account = carrier.open_bills()[5]["account_number"]
    carrier.go()
    for _ in range(3):
        carrier.pay({"card_number": CARDS[0].number})
        carrier.advance(OUTAGE / 4)
    carrier.enroll("paperless", account)
    carrier.enroll("autopay", account)
    carrier.advance(OUTAGE / 4)
    assert not run_audit(carrier.world).clean
    carrier.come_back()
    carrier.advance(CATCHING_UP)
    audit = run_audit(carrier.world)
    assert audit.clean, [v.story for f in audit.findings for v in f.violations]
    assert [bool(row["reversed_at"]) for row in carrier.receipts()].count(True) == 1
    assert len(carrier.receipts()) == 4
    settings = carrier.world.book(ImtBook).settings[carrier.world.billers[0].slug, account]
    assert (settings.paperless, settings.bill_mode) == (True, "autopay")
    assert all(moved > before[job] for job, moved in carrier.marks().items())
