"""`adapter enrollments`: what IMT does not have is listed, and a person sends it again."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapter.domain.enrollment import (
    EnrollmentChange,
    EnrollmentKind,
    EnrollmentSource,
    EnrollmentState,
    EnrollmentStep,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.ledger import open_ledger
from adapter.settings import FileSettings

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def config(settings_file):
    """Return settings whose ledger holds a delivered, a refused and a waiting change."""
    path = settings_file()
    ledger = open_ledger(FileSettings(path).current().adapter.ledger)
    for number, state in enumerate(("delivered", "refused"), start=1):
        tell(ledger, number)
        claimed = ledger.pushes.claim_due("alpha-mutual", now=NOON, lease_seconds=90)
        refused = state == "refused"
        step = EnrollmentStep(
            to_state=EnrollmentState(state),
            detail="IMT has no policy 2" if refused else "taken",
            exception=ExceptionKind.ENROLLMENT_REFUSED if refused else None,
        )
        ledger.pushes.record(claimed, step, now=NOON)
    tell(ledger, 3)
    ledger.close()
    return str(path)


def tell(ledger, number):
    change = EnrollmentChange(
        biller="alpha-mutual",
        event_guid=str(UUID(int=number)),
        account_number=str(number),
        kind=EnrollmentKind.AUTOPAY,
        enrolled=number == 2,
        changed_at=NOON - timedelta(hours=number),
    )
    ledger.enrollments.accept(change, source=EnrollmentSource.DATA_PUMP, now=NOON)


def numbers(cli, config, *options):
    result = cli("enrollments", "list", "--json", "--config", config, *options)
    assert result.exit_code == 0
    return {row["number"]: row["state"] for row in json.loads(result.stdout)}


def test_what_imt_does_not_have_is_a_line_each(cli, config):
    result = cli("enrollments", "list", "--config", config)
    assert result.exit_code == 0
    assert result.stdout == (
        "2: refused: alpha-mutual, account 2, autopay on at 2026-01-05T10:00:00Z, "
        f"event {UUID(int=2)}: IMT has no policy 2\n"
        "3: waiting: alpha-mutual, account 3, autopay off at 2026-01-05T09:00:00Z, "
        f"event {UUID(int=3)}\n"
    )


def test_with_all_everything_is_told(cli, config):
    assert numbers(cli, config) == {2: "refused", 3: "waiting"}
    told = numbers(cli, config, "--all")
    assert told == {1: "delivered", 2: "refused", 3: "waiting"}


def test_a_person_sends_one_again_and_its_exception_is_settled(cli, config):
    result = cli("enrollments", "retry", "2", "--config", config)
    assert result.exit_code == 0
    assert result.stdout.startswith("2: waiting: alpha-mutual, account 2")
    assert numbers(cli, config) == {2: "waiting", 3: "waiting"}
    assert cli("exceptions", "list", "--config", config).stdout == "nothing needs a person\n"


def test_a_person_sends_everything_again(cli, config):
    result = cli("enrollments", "retry", "--all", "--json", "--config", config)
    assert [row["number"] for row in json.loads(result.stdout)] == [2]
    assert (
        cli("enrollments", "retry", "--all", "--config", config).stdout == "nothing has failed\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("77",), "there is no enrolment 77"),
        (("1",), "this enrolment is delivered"),
        ((), "either one change or --all"),
        (("2", "--all"), "either one change or --all"),
    ],
)
def test_what_cannot_be_sent_again_is_wrong_usage(cli, config, arguments, words):
    result = cli("enrollments", "retry", *arguments, "--config", config)
    assert result.exit_code == 2
    assert words in result.stderr


def test_an_empty_ledger_says_that_imt_has_everything(cli, settings_file):
    result = cli("enrollments", "list", "--config", str(settings_file()))
    assert result.stdout == "IMT has every change\n"
