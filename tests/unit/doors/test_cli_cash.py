"""`adapter cash`: text, CSV and JSON of one position, and the exit code of the worst."""

import csv
import io
import json

import pytest

from adapter.doors import cli_cash
from adapter.errors import BadInputError, ConfigurationError, RetryableError
from tests.unit.domain.test_cash import item, payment, position

DOWN = RetryableError("down", partner="invoice_cloud", operation="PaymentReporting")
BALANCED = position([payment(1)], [item(1)])
DIFFERENT = position([payment(1), payment(2)], [item(1)])
UNREAD = position([], [item(1)], failure=DOWN)
UNREADABLE = position(
    [payment(1)],
    [item(1)],
    failure=BadInputError(field="report", value="1 row", rule="x", remedy="y"),
)


@pytest.fixture
def said(cli, settings_file, monkeypatch):
    """Return what the command says of positions, or of what keeps a biller from having one."""

    def say(*found, code, options=()):
        monkeypatch.setattr(cli_cash, "_positions", lambda *_: iter(found))
        result = cli("cash", "--config", str(settings_file()), *options)
        assert result.exit_code == code, result.output
        return result

    return say


def test_a_position_that_balances_is_a_line_for_each_part(said):
    lines = said(BALANCED, code=0).stdout.splitlines()
    assert lines[0] == ("camp-point, 2026-01-05 in America/Chicago, until 2026-01-06T06:00:00Z")
    assert [line.split()[-2:] for line in lines[1:7]] == [
        ["1", "31.37"],
        ["1", "31.37"],
        *[["0", "0.00"]] * 4,
    ]
    assert lines[7:] == ["  it balances"]


def test_a_difference_is_listed_with_its_payment(said):
    text = said(DIFFERENT, code=1).stdout
    assert f"{payment(2).payment_guid}  invoice 30254  31.37  not received: Invoice Cloud" in text
    assert "it does not balance" in text


def test_without_a_report_what_was_taken_is_not_known(said):
    text = said(UNREAD, code=4).stdout
    assert "taken at Invoice Cloud  not known" in text
    assert f"not whole: {DOWN}" in text


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((BALANCED, UNREADABLE), 1),
        ((BALANCED, ConfigurationError("a key is wrong")), 3),
        ((DIFFERENT, UNREAD), 4),
    ],
    ids=["rows", "settings", "partner"],
)
def test_one_biller_stops_no_other_and_the_worst_decides(said, found, code):
    result = said(*found, code=code, options=["--json"])
    positions = json.loads(result.stdout)["positions"]
    assert len(positions) == sum(not isinstance(each, Exception) for each in found)
    assert ("error: a key is wrong" in result.stderr) == (code == 3)


def test_csv_has_a_row_a_payment(said):
    text = said(DIFFERENT, code=1, options=["--csv"]).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["day"], row["taken"], row["received"], row["part"]) for row in rows] == [
        ("2026-01-05", "31.37", "31.37", "applied"),
        ("2026-01-05", "31.37", "", ""),
    ]


def test_one_form_at_a_time(said):
    assert "Leave one out" in said(code=2, options=["--csv", "--json"]).stderr


def test_a_report_that_nobody_answers_ends_with_4(cli, settings_file):
    """The real way through settings, ledger and partners, none of which can be reached."""
    path = settings_file()
    result = cli("cash", "--biller", "alpha-mutual", "--config", str(path), "--day", "2026-01-05")
    assert result.exit_code == 4
    assert "taken at Invoice Cloud  not known" in result.stdout
    assert cli("cash", "--biller", "nowhere", "--config", str(path)).exit_code == 2
    assert cli("cash", "--day", "monday", "--config", str(path)).exit_code == 2
