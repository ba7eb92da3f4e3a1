"""Some stories of outages and payers, and what their judge sees; `make under-way` plays many."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from sandbox.world.clock import DEMO_START
from tests.e2e.under_way.judge import Judge
from tests.e2e.under_way.play import play
from tests.e2e.under_way.story import INVOICES, draw

# One with a receipts feed, and one without.
SEEDS = (539, 61)
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"


@pytest.fixture
def story_world(sandbox_server, world_names):
    world = sandbox_server.create_world(
        next(world_names), start=DEMO_START, open_invoices=INVOICES
    )
    yield world
    sandbox_server.delete_world(world.name)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.requirement("A2", "A3", "C1", "C3", "E2")
def test_nobody_is_asked_twice_and_nothing_is_left_unbilled(
    story_world, tmp_path, ledger_url, seed
):
    story = draw(seed)
    outcome = play(story, story_world, folder=tmp_path, ledger=ledger_url)
    assert not outcome.wrongs, "\n".join([*story.lines(), *outcome.wrongs])
    assert outcome.counts["payments"]


def test_a_seed_draws_the_same_story_again():
    assert draw(7) == draw(7)
    assert draw(7).lines() != draw(8).lines()


class Books:
    """Stands for a carrier whose books say what a test wants; an invoice of 100.00."""

    def __init__(self, shown="100.00", *, door=None, hours=3.0):
        self.world = SimpleNamespace(
            clock=SimpleNamespace(now=lambda: NINE + timedelta(hours=hours))
        )
        self.door = door
        self.changes = []
        self.payments = []
        self.receipts = []
        self.tables = {"exceptions": [], "deliveries": [], "reversals": []}
        self.bill = {"invoice_number": "1", "balance_due": shown}

    def pay(self, amount, hours, *, applied=True, tries=1, returned=None):
        """Let somebody pay so many hours after nine."""
        guid = f"{len(self.payments)}{GUID[1:]}"
        at = NINE + timedelta(hours=hours)
        self.payments.append(
            {
                "payment_guid": guid,
                "invoice_number": "1",
                "amount": amount,
                "approved": True,
                "made_at": at.isoformat(),
                "returned_at": returned and (NINE + timedelta(hours=returned)).isoformat(),
                "pump": "delivered" if tries else "retrying",
                "pump_attempts": tries,
            }
        )
        if applied:
            self.receipts.append(
                {
                    "reference_number": guid.upper(),
                    "invoice_number": "1",
                    "online_vendor": "InvoiceCloud",
                    "applied_at": at.isoformat(),
                    "reversed_at": None,
                }
            )
        return self

    def charge(self, moved, hours):
        at = (NINE + timedelta(hours=hours)).isoformat()
        self.changes.append({"invoice_number": "1", "at": at, "moved": moved})
        return self

    def state(self):
        file = {
            "accepted": True,
            "reference": "BIF20260105090000",
            "received_at": NINE.isoformat(),
        }
        return {
            "invoice_cloud": {"bills": [self.bill], "payments": self.payments, "files": [file]},
            "spectrum": {
                "invoices": [{"invoice_number": "1", "billed": "100.00"}],
                "receipts": self.receipts,
            },
        }

    def call(self, _method, _resource):
        return {"changes": self.changes}

    def ledger(self, table):
        return self.tables[table]

    def owed(self, _number):
        return self.door


@pytest.mark.parametrize(
    ("books", "seen"),
    [
        (Books(), ""),
        (Books("100.01"), "shows 100.01, and 100.00 is owed"),
        (Books("0.00").pay("100.00", 1), ""),
        (Books("100.00").pay("100.00", 1), "shows 100.00, and 0.00 is owed"),
        (Books("100.00", hours=1.1).pay("100.00", 1, applied=False), "and 0.00 is owed"),
        (Books("0.00").pay("60.00", 0.5).pay("60.00", 1), "paid 60.00 at"),
        (Books("0.00").pay("100.00", 0.5).pay("100.00", 1), "never charged 200.00"),
        (Books("0.00", hours=4).pay("100.00", 1).charge("25.00", 1.5), "shows 0.00"),
        (Books("0.00", door="25.01", hours=2).pay("100.00", 1).charge("25.00", 1.5), "door says"),
        (Books("0.00", door="25.00", hours=2).pay("100.00", 1).charge("25.00", 1.5), ""),
        (Books("0.00", hours=2.9).charge("25.00", 1), ""),
        (Books("100.00", hours=3.1).charge("25.00", 1), "125.00 is owed"),
        (Books("100.00").charge("-10.00", 2.5), ""),
        (Books("100.00").pay("100.00", 1, returned=2).charge("-10.00", 1.5), ""),
        (Books("100.00", hours=0.1).pay("100.00", -0.01, tries=2), ""),
        (Books("100.00", hours=0.5).pay("100.00", -0.01, tries=2), "0.00 is owed"),
    ],
)
def test_the_judge_sees_who_is_asked_twice_and_what_is_unbilled(books, seen):
    wrongs = " / ".join(Judge(books).look(asked=["1"] if books.door else ()))
    assert seen in wrongs
    assert bool(seen) == bool(wrongs)


def test_at_last_the_judge_wants_a_person_for_what_is_open():
    books = Books("0.00").pay("100.00", 1, applied=False)
    assert Judge(books).look() == []
    [wrong] = Judge(books).look(at_last=True)
    assert "no person is asked" in wrong
    books.tables["exceptions"] = [{"invoice_number": "1", "resolved_at": None}]
    assert Judge(books).look(at_last=True) == []


def test_what_a_person_may_find_applied_may_be_asked_for_less():
    """The balance has it, and a fee keeps the adapter from seeing so: it takes it off again."""
    books = Books("0.00").pay("100.00", 0.5).charge("50.00", 0.6)
    [payment] = books.payments
    books.tables["deliveries"] = [
        {"payment_guid": payment["payment_guid"], "invoice_number": "1", "state": "dead"}
    ]
    books.tables["exceptions"] = [{"invoice_number": "1", "resolved_at": None}]
    assert Judge(books).look(at_last=True) == []
    books.bill["balance_due"] = "20.00"
    [wrong] = Judge(books).look(at_last=True)
    assert "shows 20.00" in wrong
