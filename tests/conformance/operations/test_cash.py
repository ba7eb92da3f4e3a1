"""A day's cash by the command and at the door, against payments over real sockets (0037)."""

from decimal import Decimal

import jsonschema_rs
import pytest

from contracts.loader import schema

DAY, HOUR = 24 * 3600, 3600


def amounts(position):
    names = ("taken", "applied", "open", "given_back", "returned", "differences")
    return {name: Decimal(position[name]["amount"]) for name in names if position[name]}


def position(operator, *options, code=0):
    [found] = operator.read("cash", "--biller", operator.slug, *options, code=code)["positions"]
    validator = jsonschema_rs.validator_for(schema("adapter", "CashPosition"))
    assert [error.message for error in validator.iter_errors(found)] == []
    sums = amounts(found)
    if "taken" in sums:
        assert sums.pop("taken") == sum(sums.values())
    return found


@pytest.mark.requirement("C2", "C3", "A3")
def test_a_day_balances_from_the_first_payment_to_the_return(operator):
    """Applied by card; refused by Spectrum; returned by the bank three banking days on."""
    card = operator.pay()
    bank = operator.pay(return_code="R01")
    operator.advance(HOUR)
    today = position(operator)
    assert today["applied"]["count"] == today["taken"]["count"] == 2
    operator.refuse("spectrum", "OnlineReceipt", count=None)
    operator.pay()
    operator.advance(2 * HOUR)
    assert position(operator)["open"]["count"] == 1
    operator.disarm()
    guid = next(row for row in operator.read("payments", "list") if row["state"] == "dead")
    operator.say("payments", "resolve", guid["payment_guid"], "--as", "given-back", "--note", "x")
    assert position(operator)["given_back"]["count"] == 1
    operator.advance(4 * DAY)
    then = position(operator, "--day", today["day"])
    assert {name: then[name]["count"] for name in ("applied", "returned", "given_back")} == {
        "applied": 1,
        "returned": 1,
        "given_back": 1,
    }
    rows = {row["invoice_number"]: row for row in then["payments"]}
    assert rows[bank]["why"] == "R01 took it back; reversal: reversed"
    assert rows[card]["part"] == "applied"
    assert operator.get(f"/ops/cash-positions/{operator.slug}", day=today["day"]).json() == then


@pytest.mark.requirement("C2")
def test_what_the_data_pump_lost_is_a_difference_until_the_poll_brings_it(operator):
    operator.arm("sever", "invoice_cloud", "DataPump")
    operator.pay()
    operator.advance(60)
    assert position(operator, code=1)["differences"]["count"] == 1
    assert "was not received here" in operator.say("cash", code=1)
    operator.advance(2 * HOUR)
    assert position(operator)["balances"]


@pytest.mark.requirement("C2")
def test_without_its_report_the_ledger_s_side_is_told(operator):
    operator.pay()
    operator.advance(60)
    operator.arm("status", "invoice_cloud", "PaymentReportingDataSetFromGMT", status=503)
    assert position(operator, code=4)["applied"]["count"] == 1
    assert "not known" in operator.get(f"/ops/cash/{operator.slug}").text
