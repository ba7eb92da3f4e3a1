"""`adapter exceptions`: what needs a person is listed, and a person's word settles it."""

import json
from datetime import UTC, datetime

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.ledger import open_ledger
from adapter.settings import FileSettings

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"


@pytest.fixture
def config(settings_file):
    """Return settings whose ledger holds one exception about a payment."""
    path = settings_file()
    ledger = open_ledger(FileSettings(path).current().adapter.ledger, make=True)
    ledger.exceptions.open(
        "alpha-mutual",
        ExceptionKind.NOT_APPLIED,
        "not applied to policy 410087",
        now=NOON,
        payment_guid=GUID,
        invoice_number="30254",
    )
    ledger.close()
    return str(path)


def test_an_open_exception_is_a_line_with_its_number(cli, config):
    result = cli("exceptions", "list", "--config", config)
    assert result.exit_code == 0
    assert result.stdout == (
        f"1: not_applied: alpha-mutual, invoice 30254, payment {GUID}: "
        "not applied to policy 410087 (open)\n"
    )


def test_a_resolved_one_leaves_the_list_and_keeps_the_persons_words(cli, config):
    result = cli("exceptions", "resolve", "1", "--config", config, "--because", "paid at a desk")
    assert result.exit_code == 0
    assert "(resolved: paid at a desk)" in result.stdout
    assert cli("exceptions", "list", "--config", config).stdout == "nothing needs a person\n"
    (told,) = json.loads(cli("exceptions", "list", "--all", "--json", "--config", config).stdout)
    assert told["resolution"] == "paid at a desk"
    assert told["resolved_at"]


def test_an_unknown_number_is_told(cli, config):
    result = cli("exceptions", "resolve", "77", "--config", config, "--because", "x")
    assert result.exit_code == 2
    assert "there is no exception 77" in result.stderr


def test_a_resolution_says_something(cli, config):
    result = cli("exceptions", "resolve", "1", "--config", config, "--because", " ")
    assert result.exit_code == 2
    assert "because" in result.stderr
