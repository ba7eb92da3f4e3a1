"""`adapter exceptions`: what needs a person is listed, taken on, and settled in words."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.ledger import open_ledger
from adapter.settings import FileSettings

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"


@pytest.fixture(autouse=True)
def afternoon(monkeypatch):
    """Let it be 15:02, three hours after what a test has begun with."""
    monkeypatch.setattr("adapter.clock.machine_now", lambda: NOON + timedelta(minutes=182))


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
        "not applied to policy 410087 (open for 3 h 2 min; no owner)\n"
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


@pytest.fixture
def due(settings_file, pressing):
    """Return settings whose ledger holds three refused payments."""
    path = settings_file()
    ledger = open_ledger(FileSettings(path).current().adapter.ledger)
    pressing(ledger)
    ledger.close()
    return str(path)


def test_what_is_due_first_is_listed_first_and_what_cannot_wait_is_critical(cli, due):
    lines = cli("exceptions", "list", "--config", due).stdout.splitlines()
    guid = UUID(int=2)
    assert lines[0] == (
        f"2: critical: dead: alpha-mutual, invoice 2, due 2026-01-07, payment {guid}, "
        "amount 2.50: refused (open for 1 h 2 min; no owner)"
    )
    assert [line[:17] for line in lines[1:]] == ["1: dead: alpha-mu", "3: dead: alpha-mu"]
    assert "invoice 3, payment" in lines[2]
    told = json.loads(cli("exceptions", "list", "--json", "--config", due).stdout)
    assert [
        (each["number"], each["due_date"], each["critical"], each["amount"], each["age_seconds"])
        for each in told
    ] == [
        (2, "2026-01-07", True, "2.50", 3720),
        (1, "2026-02-05", False, "1.50", 3720),
        (3, None, False, "3.50", 3720),
    ]


def test_a_person_takes_an_item_on_and_gives_it_back(cli, config):
    taken = cli("exceptions", "assign", "1", "--to", " Renée O. ", "--config", config)
    assert taken.exit_code == 0
    words = "(open for 3 h 2 min; owner Renée O. since 2026-01-05 15:02 UTC)\n"
    assert taken.stdout.endswith(words)
    (told,) = json.loads(cli("exceptions", "list", "--json", "--config", config).stdout)
    assert (told["owner"], told["assigned_at"]) == ("Renée O.", "2026-01-05T15:02:00Z")
    back = cli("exceptions", "unassign", "1", "--json", "--config", config)
    assert json.loads(back.stdout)["owner"] is None
    assert cli("exceptions", "list", "--config", config).stdout.endswith("no owner)\n")


def test_a_settled_item_keeps_its_owner(cli, config):
    cli("exceptions", "assign", "1", "--to", "Ada", "--config", config)
    settled = cli("exceptions", "resolve", "1", "--because", "paid", "--config", config).stdout
    assert settled.endswith("(resolved: paid; owner Ada since 2026-01-05 15:02 UTC)\n")
    for refused in (("assign", "1", "--to", "Bob"), ("unassign", "1"), ("unassign", "77")):
        assert cli("exceptions", *refused, "--config", config).exit_code == 2


@pytest.mark.parametrize("name", ["", "  ", "A\nB", "A\x1b[2J", "A" * 101])
def test_an_owner_is_a_name_on_one_line(cli, config, name):
    result = cli("exceptions", "assign", "1", "--to", name, "--config", config)
    assert result.exit_code == 2
    assert "adapter exceptions unassign" in result.stderr
