"""`adapter payments`: what an operator reads, what he may send again, what his word does."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from adapter.domain.delivery import Cause, DeliveryState, Evidence, Source, Step
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import Payment, PaymentMethod
from adapter.ledger import open_ledger
from adapter.settings import FileSettings

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
APPLIED, DEAD, NOT_APPLIED, IN_DOUBT, ACCEPTED, UNCLEAR = range(1, 7)


def guid(number):
    return str(UUID(int=number))


def payment(number, invoice=None):
    return Payment(
        biller="alpha-mutual",
        payment_guid=guid(number),
        invoice_number=invoice or str(number),
        account_number="1204117",
        customer_name="Ada Carver",
        paid_at=NOON,
        amount=Decimal("731.37"),
        fee=Decimal("2.95"),
        payment_reference="T-1",
        payment_message="",
        method=PaymentMethod.ACH,
        approved=True,
    )


def bring(ledger, number, *steps):
    """Take a payment over, post it, and record what came of it."""
    ledger.accept(payment(number), source=Source.DATA_PUMP, now=NOON)
    for step in steps:
        held = ledger.claims.claim_due("alpha-mutual", now=NOON, lease_seconds=90)
        if held.state is DeliveryState.ACCEPTED:
            held = ledger.claims.begin_sending(
                held, balance_before=Decimal("731.37"), now=NOON, lease_seconds=90
            )
        ledger.claims.record(held, step, now=NOON)


def step(state, **fields):
    usual = {"to_state": state, "cause": Cause.ANSWERED, "detail": f"now {state.value}"}
    return Step(**{**usual, **fields})


@pytest.fixture
def config(settings_file):
    """Return settings whose ledger holds a payment in each state that matters."""
    path = settings_file()
    ledger = open_ledger(FileSettings(path).current().adapter.ledger)
    receipt = {"evidence": Evidence.ANSWER, "receipt_id": "1001"}
    bring(ledger, APPLIED, step(DeliveryState.APPLIED, **receipt))
    bring(ledger, DEAD, step(DeliveryState.DEAD, exception=ExceptionKind.DEAD))
    refused = step(DeliveryState.NOT_APPLIED, exception=ExceptionKind.NOT_APPLIED)
    bring(ledger, NOT_APPLIED, refused)
    unclear = {"cause": Cause.EVIDENCE, "exception": ExceptionKind.EVIDENCE_UNCLEAR}
    doubt = step(DeliveryState.IN_DOUBT, next_at=NOON)
    bring(ledger, UNCLEAR, doubt, step(DeliveryState.DEAD, **unclear))
    bring(ledger, IN_DOUBT, step(DeliveryState.IN_DOUBT, next_at=NOON + timedelta(minutes=2)))
    bring(ledger, ACCEPTED)
    ledger.close()
    return str(path)


def listed(cli, config, *options):
    result = cli("payments", "list", "--json", "--config", config, *options)
    assert result.exit_code == 0, result.stderr
    return [(row["invoice_number"], row["state"]) for row in json.loads(result.stdout)]


def shown(cli, config, number):
    result = cli("payments", "show", guid(number), "--json", "--config", config)
    assert result.exit_code == 0, result.stderr
    [story] = json.loads(result.stdout)
    return story


def test_a_line_each_the_newest_first(cli, config):
    result = cli("payments", "list", "--config", config)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        f"applied: alpha-mutual, invoice 1, 731.37, payment {guid(1)}, receipt 1001"
    )
    assert f"dead: alpha-mutual, invoice 2, 731.37, payment {guid(2)}: now dead" in result.stdout


def test_lists_are_cut_by_state_biller_invoice_and_number(cli, config):
    assert len(listed(cli, config)) == 6
    assert ("1", "applied") not in listed(cli, config, "--open")
    assert listed(cli, config, "--state", "dead") == [("6", "dead"), ("2", "dead")]
    assert listed(cli, config, "--invoice", "4") == [("4", "in_doubt")]
    assert listed(cli, config, "--biller", "another") == []
    result = cli("payments", "list", "--limit", "1", "--config", config)
    assert "--limit shows more" in result.stderr


def test_an_unknown_state_is_wrong_usage(cli, config):
    result = cli("payments", "list", "--state", "lost", "--config", config)
    assert result.exit_code == 2
    assert "Known are accepted" in result.stderr


def test_the_whole_story_of_one(cli, config):
    result = cli("payments", "show", guid(DEAD).upper(), "--config", config)
    assert result.exit_code == 0
    for words in (
        f"payment {guid(DEAD)} on invoice 2 of alpha-mutual: dead",
        "  amount: 731.37",
        "  balance_before: 731.37",
        "  2026-01-05T12:00:00Z  accepted: taken over from the data pump",
        "  2026-01-05T12:00:00Z  sending -> dead: now dead",
        "  1: dead: now dead",
        "next: Nothing, until a person acts",
    ):
        assert words in result.stdout
    assert shown(cli, config, IN_DOUBT)["next"]["at"] == "2026-01-05T12:02:00Z"


def test_a_payment_of_several_invoices_is_shown_whole_and_handled_one_by_one(cli, config):
    ledger = open_ledger(FileSettings(Path(config)).current().adapter.ledger)
    ledger.accept(payment(DEAD, "22"), source=Source.DATA_PUMP, now=NOON)
    ledger.close()
    result = cli("payments", "show", guid(DEAD), "--config", config)
    assert result.stdout.count(f"payment {guid(DEAD)} on invoice") == 2
    result = cli("payments", "retry", guid(DEAD), "--config", config)
    assert result.exit_code == 2
    assert "Name one with --invoice" in result.stderr
    result = cli("payments", "retry", guid(DEAD), "--invoice", "2", "--config", config)
    assert result.exit_code == 0


def test_a_dead_payment_is_sent_again_in_somebodys_name(cli, config):
    result = cli("payments", "retry", guid(DEAD), "--by", "ada", "--config", config)
    assert result.exit_code == 0
    assert result.stdout.startswith("failed: alpha-mutual, invoice 2")
    story = shown(cli, config, DEAD)
    assert story["delivery"]["attempts"] == 0
    assert story["events"][-1]["cause"] == "person"
    assert "ada" in story["events"][-1]["detail"]
    assert story["exceptions"] == []


def test_an_unclear_outcome_is_looked_into_before_it_is_posted(cli, config):
    assert cli("payments", "retry", guid(UNCLEAR), "--config", config).exit_code == 0
    assert shown(cli, config, UNCLEAR)["delivery"]["state"] == "in_doubt"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (APPLIED, "Spectrum's receipt exists. Nothing is to be done"),
        (IN_DOUBT, "may be applied. Wait for the evidence"),
        (ACCEPTED, "not sent yet"),
        (NOT_APPLIED, "--confirm-not-applied"),
    ],
)
def test_what_may_be_applied_is_refused_with_what_to_do(cli, config, number, words):
    before = shown(cli, config, number)
    result = cli("payments", "retry", guid(number), "--config", config)
    assert result.exit_code == 2
    assert words in result.stderr
    assert shown(cli, config, number) == before


def test_not_applied_is_sent_again_once_a_person_has_looked(cli, config):
    arguments = ("payments", "retry", guid(NOT_APPLIED), "--confirm-not-applied")
    assert cli(*arguments, "--config", config).exit_code == 0
    assert shown(cli, config, NOT_APPLIED)["delivery"]["state"] == "failed"


def test_all_dead_go_again(cli, config):
    result = cli("payments", "retry", "--all-dead", "--json", "--config", config)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert {row["invoice_number"]: row["state"] for row in told["done"]} == {
        "2": "failed",
        "6": "in_doubt",
    }
    assert told["refused"] == []
    result = cli("payments", "retry", "--all-dead", "--config", config)
    assert result.stdout == "no payment is dead\n"


@pytest.mark.parametrize(
    "arguments", [(), (guid(DEAD), "--all-dead"), ("--all-dead", "--confirm-not-applied")]
)
def test_either_one_or_all(cli, config, arguments):
    result = cli("payments", "retry", *arguments, "--config", config)
    assert result.exit_code == 2
    assert "either one payment or --all-dead" in result.stderr


def test_a_persons_word_is_kept_for_ever(cli, config):
    arguments = ("--as", "applied", "--receipt", "1003", "--note", "by hand", "--by", "ada")
    result = cli("payments", "resolve", guid(UNCLEAR), *arguments, "--config", config)
    assert result.exit_code == 0, result.stderr
    story = shown(cli, config, UNCLEAR)
    assert (story["delivery"]["state"], story["delivery"]["evidence"]) == ("applied", "person")
    assert story["delivery"]["receipt_id"] == "1003"
    assert story["exceptions"] == []
    assert story["next"]["what"].endswith("a person's word")
    result = cli("payments", "resolve", guid(UNCLEAR), *arguments, "--config", config)
    assert result.exit_code == 2


def test_never_applied_is_posted_again(cli, config):
    arguments = ("--as", "never-applied", "--note", "not there")
    result = cli("payments", "resolve", guid(NOT_APPLIED), *arguments, "--config", config)
    assert result.exit_code == 0, result.stderr
    assert shown(cli, config, NOT_APPLIED)["delivery"]["state"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as", "applied", "--note", "x"), "receipt number"),
        (("--as", "perhaps", "--note", "x"), "Known are applied and never-applied"),
        (("--as", "never-applied", "--note", " "), "must say something"),
    ],
)
def test_a_word_that_says_too_little_is_wrong_usage(cli, config, arguments, words):
    result = cli("payments", "resolve", guid(DEAD), *arguments, "--config", config)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("name", ["show", "retry"])
def test_an_unknown_payment_is_wrong_usage(cli, config, name):
    result = cli("payments", name, guid(99), "--config", config)
    assert result.exit_code == 2
    assert f"there is no payment {guid(99)}" in result.stderr


def test_a_machine_that_knows_no_login_name_records_somebody(cli, config, monkeypatch):
    def unknown():
        raise OSError

    monkeypatch.setattr("getpass.getuser", unknown)
    assert cli("payments", "retry", guid(DEAD), "--config", config).exit_code == 0
    assert "somebody" in shown(cli, config, DEAD)["events"][-1]["detail"]
