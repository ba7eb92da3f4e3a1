"""Columns of the reports: what they hold, and how rows that mean nothing are told."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapter.errors import BadInputError
from adapter.partners.report_columns import (
    LISTED_ROWS_MAX,
    RefusedRows,
    dollars,
    moment,
    number,
    required,
    truth,
    truth_of,
)


@pytest.mark.parametrize(
    ("text", "truth"),
    [("true", True), ("1", True), ("True", True), ("false", False), (" 0 ", False), ("", None)],
)
def test_truths(text, truth):
    assert truth_of(text) is truth


COLUMNS_OF_A_ROW = {"payment_guid": "Guid", "paid_at": "Date"}


def test_refused_rows_are_listed_up_to_a_bound_and_counted():
    refused = RefusedRows()
    refused.raise_if_any()
    for row in range(1, LISTED_ROWS_MAX + 4):
        error = BadInputError(field="Approved", value=f"v{row}", rule="a rule", remedy="")
        refused.add({"Guid": str(row), "Date": "noon"}, COLUMNS_OF_A_ROW, error)
    with pytest.raises(BadInputError) as caught:
        refused.raise_if_any()
    assert caught.value.field.startswith("payment 1 of noon: Approved, payment 2 of noon: App")
    assert caught.value.field.endswith("payment 10 of noon: Approved, and 3 rows more")
    assert caught.value.rule == "a rule"
    assert "v10" in caught.value.value
    assert "v11" not in caught.value.value


def test_rows_of_another_report_are_told_in_its_words():
    refused = RefusedRows(what="account", names=("account_number",))
    error = BadInputError(field="EnrollmentDate", value="soon", rule="a rule", remedy="")
    refused.add({"AccountNumber": "900100"}, {"account_number": "AccountNumber"}, error)
    with pytest.raises(BadInputError, match=r"account 900100: EnrollmentDate.*these accounts"):
        refused.raise_if_any()


def test_a_column_is_read_by_our_name_of_it():
    assert required({"Theirs": " 1 "}, {"ours": "Theirs"}, "ours") == "1"
    with pytest.raises(BadInputError, match="Theirs"):
        required({}, {"ours": "Theirs"}, "ours")


def test_values():
    assert number("30254", "N") == "30254"
    assert dollars("731.3700", "D", least=Decimal("0.01")) == Decimal("731.37")
    assert moment("2026-01-05T09:30:00", "M") == datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    assert truth("1", "T") is True


@pytest.mark.parametrize(
    "read",
    [
        lambda: number("030254", "C"),
        lambda: dollars("0.0000", "C", least=Decimal("0.01")),
        lambda: moment("0001-01-01T00:00:00", "C"),
        lambda: moment("9999-12-31T23:59:59-23:59", "C"),
        lambda: truth("maybe", "C"),
    ],
)
def test_what_breaks_a_rule_names_its_column(read):
    with pytest.raises(BadInputError) as caught:
        read()
    assert caught.value.field == "C"
