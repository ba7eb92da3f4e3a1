"""`adapter reversals`: what stands in Spectrum is listed, and a person sends it again."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import AchReturn, ReversalState, ReversalStep
from adapter.domain.exceptions import ExceptionKind
from adapter.ledger import open_ledger
from adapter.settings import FileSettings

NOON = datetime(2026, 1, 8, 12, tzinfo=UTC)


@pytest.fixture
def config(settings_file):
    """Return settings whose ledger holds a reversed, a refused and a waiting reversal."""
    path = settings_file()
    ledger = open_ledger(FileSettings(path).current().adapter.ledger)
    for number, state in enumerate((ReversalState.REVERSED, ReversalState.REFUSED), start=1):
        bring_back(ledger, number)
        claimed, _ = ledger.reversal_claims.claim_due("alpha-mutual", now=NOON, lease_seconds=90)
        is_refused = state is ReversalState.REFUSED
        step = ReversalStep(
            to_state=state,
            detail="Spectrum has no such receipt",
            exception=ExceptionKind.REVERSAL_REFUSED if is_refused else None,
        )
        ledger.reversal_claims.record(claimed, step, now=NOON)
    bring_back(ledger, 3)
    ledger.close()
    return str(path)


def bring_back(ledger, number):
    returned = AchReturn(
        biller="alpha-mutual",
        reject_guid=str(UUID(int=1000 + number)),
        payment_guid=str(UUID(int=number)),
        invoice_number=str(number),
        account_number="1204117",
        amount=Decimal("731.30"),
        code="R01",
        reason="Insufficient Funds",
        returned_at=NOON,
    )
    ledger.reversals.take_over([returned], now=NOON)


def numbers(cli, config, *options):
    result = cli("reversals", "list", "--json", "--config", config, *options)
    assert result.exit_code == 0
    return {row["number"]: row["state"] for row in json.loads(result.stdout)}


def test_what_spectrum_does_not_have_is_a_line_each(cli, config):
    result = cli("reversals", "list", "--config", config)
    assert result.exit_code == 0
    assert result.stdout == (
        "2: refused: alpha-mutual, invoice 2, 731.30 returned as R01, payment "
        f"{UUID(int=2)}: Spectrum has no such receipt\n"
        f"3: waiting: alpha-mutual, invoice 3, 731.30 returned as R01, payment {UUID(int=3)}\n"
    )


def test_with_all_everything_is_told(cli, config):
    assert numbers(cli, config) == {2: "refused", 3: "waiting"}
    assert numbers(cli, config, "--all") == {1: "reversed", 2: "refused", 3: "waiting"}


def test_a_person_sends_one_again_and_its_exception_is_settled(cli, config):
    result = cli("reversals", "retry", "2", "--config", config)
    assert result.exit_code == 0
    assert result.stdout.startswith("2: waiting: alpha-mutual, invoice 2")
    assert numbers(cli, config) == {2: "waiting", 3: "waiting"}
    assert cli("exceptions", "list", "--config", config).stdout == "nothing needs a person\n"


def test_a_person_sends_everything_again(cli, config):
    result = cli("reversals", "retry", "--all", "--json", "--config", config)
    assert [row["number"] for row in json.loads(result.stdout)] == [2]
    assert cli("reversals", "retry", "--all", "--config", config).stdout == "nothing has failed\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("77",), "there is no reversal 77"),
        (("1",), "this reversal is reversed"),
        ((), "either one reversal or --all"),
        (("2", "--all"), "either one reversal or --all"),
    ],
)
def test_what_cannot_be_sent_again_is_wrong_usage(cli, config, arguments, words):
    result = cli("reversals", "retry", *arguments, "--config", config)
    assert result.exit_code == 2
    assert words in result.stderr


def test_an_empty_ledger_says_that_spectrum_has_everything(cli, settings_file):
    result = cli("reversals", "list", "--config", str(settings_file()))
    assert result.stdout == "Spectrum has every reversal\n"
