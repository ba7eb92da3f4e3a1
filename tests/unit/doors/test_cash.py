"""A cash position at the ops door: JSON and a page, asked of Invoice Cloud anew each time."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import jsonschema_rs
import pytest

from adapter.doors.cash import day_of
from adapter.errors import BadInputError, RetryableError
from adapter.kinds import PAYMENTS, REVERSALS
from contracts.loader import schema
from tests.unit.doors.conftest import BILLER, NOW, DoorDesk

POSITION, PAGE = f"/ops/cash-positions/{BILLER}", f"/ops/cash/{BILLER}"
AMOUNT = Decimal("31.37")
DOWN = RetryableError("down", partner="invoice_cloud", operation="PaymentReporting")
EVIL = "<script>alert(1)</script>"


class Report:
    """Invoice Cloud's report of the day, or an error of it."""

    def __init__(self):
        self.rows, self.failure = [], None

    def payments(self, _window):
        yield from self.rows
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def report(adapter):
    billers = adapter.billers
    billers.payment_report = Report()
    billers.bif_profile = SimpleNamespace(time_zone="America/Chicago")
    return billers.payment_report


@pytest.fixture
def desk(adapter):
    return DoorDesk(adapter.ledger, PAYMENTS.item)


@pytest.fixture
def pay(desk, report):
    """Return a way to receive a payment that is reported, too."""

    def receive(number, **fields):
        paid = {"paid_at": NOW - timedelta(hours=1), "lane": str(number), "amount": AMOUNT}
        item = desk.accept(number, at=NOW, **{**paid, **fields})
        report.rows.append(item.payload)
        return item

    return receive


def read(client, path=POSITION):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    document = answer.json
    schema_errors(document)
    return document


def schema_errors(document):
    validator = jsonschema_rs.validator_for(schema("adapter", "CashPosition"))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_a_day_adds_up_and_each_payment_says_where_it_stands(client, adapter, desk, pay):
    pay(1)
    desk.done(at=NOW)
    pay(2)
    pay(3)
    returns = DoorDesk(adapter.ledger, REVERSALS.item)
    returns.accept(3, lane="3", amount=AMOUNT, payment_guid=str(UUID(int=3)))
    found = read(client)
    assert found["taken"] == {"count": 3, "amount": "94.11"}
    assert (
        found["applied"] == found["open"] == found["returned"] == {"count": 1, "amount": "31.37"}
    )
    assert found["given_back"] == found["differences"] == {"count": 0, "amount": "0.00"}
    assert found["balances"]
    assert [row["part"] for row in found["payments"]] == ["applied", "open", "returned"]
    assert found["payments"][2]["why"] == "R01 took it back; reversal: waiting"


def test_a_payment_that_was_not_received_is_a_difference(client, pay, report):
    report.rows.append(replace(pay(1).payload, payment_guid=str(UUID(int=2))))
    found = read(client)
    assert found["differences"] == {"count": 1, "amount": "31.37"}
    assert not found["balances"]
    assert [row["received"] for row in found["payments"]] == ["31.37", None]


def test_without_a_report_the_ledger_s_side_is_shown(client, pay, report):
    pay(1)
    report.rows, report.failure = [], DOWN
    found = read(client)
    assert (found["taken"], found["open"]["count"]) == (None, 1)
    assert found["failure"] == str(DOWN)
    page = client.get(PAGE).text
    assert "not known" in page
    assert str(DOWN) in page


def test_the_page_shows_what_is_not_applied_and_leads_to_its_story(client, desk, pay):
    pay(1)
    desk.done(at=NOW)
    story = f"/ops/payments/{BILLER}/{pay(2).payload.payment_guid}/2"
    page = client.get(PAGE).text
    assert story in page
    assert str(UUID(int=1)) not in page
    assert "All that Invoice Cloud took is applied, open, given back or returned" in page


def test_the_page_leads_to_other_days_and_not_to_tomorrow(client, report):
    assert report.rows == []
    today, before = client.get(PAGE).text, client.get(f"{PAGE}?day=2026-01-04").text
    assert "day=2026-01-04" in today
    assert "day=2026-01-06" not in today
    assert "day=2026-01-03" in before
    assert "day=2026-01-05" in before


def test_the_page_escapes_what_it_shows(client, report, pay):
    report.rows, report.failure = (
        [pay(1).payload],
        RetryableError(EVIL, partner="invoice_cloud", operation="PaymentReporting"),
    )
    page = client.get(PAGE).text
    assert EVIL not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", [POSITION, PAGE])
@pytest.mark.parametrize("asked", ["day=monday", "day=2026-01-06", "colour=red"])
def test_a_day_that_is_none_is_refused(client, report, path, asked):
    assert report.rows == []
    assert client.get(f"{path}?{asked}").status_code == 400


@pytest.mark.parametrize("text", ["", "05.01.2026", "2026-02-30", "x" * 99])
def test_only_a_date_is_a_day(text):
    with pytest.raises(BadInputError, match="it is no date"):
        day_of(text)
