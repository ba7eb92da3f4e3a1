"""What follows from a reject: a reversal, patience, or a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import (
    UNKNOWN_AFTER,
    AskPerson,
    Proceed,
    Wait,
    judge_return,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.errors import BadInputError
from tests.unit.domain.conftest import PAYMENT, build_return

NOW = datetime(2026, 1, 8, 10, 15, tzinfo=UTC)


@pytest.fixture
def returned():
    reject_guid = "CCCCCCCC-0000-4000-8000-000000000001"
    payment_guid = PAYMENT.payment_guid.upper()
    return build_return(reject_guid=reject_guid, payment_guid=payment_guid, amount=PAYMENT.amount)


def judged(returned, payment, *, waited=timedelta(0)):
    return judge_return(returned, payment, seen_at=NOW, now=NOW + waited)


def test_the_same_reject_is_the_same_reversal_however_it_is_written(returned, payment):
    assert returned.reversal_id == "cccccccc-0000-4000-8000-000000000001:30254"
    assert returned.payment_reference == payment.key.reference
    again = replace(returned, reject_guid=returned.reject_guid.upper(), reason="other words")
    assert again.reversal_id == returned.reversal_id
    assert again.fingerprint() == returned.fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("1.00")},
        {"code": "R02"},
        {"account_number": "7"},
        {"reject_guid": str(UUID(int=7))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_moves_money_is_its_content(returned, change):
    assert replace(returned, **change).fingerprint() != returned.fingerprint()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("reject_guid", "12", BadInputError),
        ("payment_guid", "12", BadInputError),
        ("returned_at", NOW.replace(tzinfo=None), ValueError),
    ],
)
def test_words_for_a_guid_and_a_moment_without_its_zone_are_refused(returned, field, value, error):
    with pytest.raises(error, match=r"GUID|returned_at"):
        replace(returned, **{field: value})


# A payment that needs a person or was given back was never applied, unless it may have left.
VERDICTS = {State.DONE: Proceed, State.NEEDS_PERSON: AskPerson, State.GIVEN_BACK: AskPerson}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("left", [False, True])
def test_only_an_applied_receipt_is_reversed(returned, item_of, state, left):
    payment = item_of(state, may_have_left=left)
    verdict = judged(returned, payment, waited=timedelta(days=30))
    wanted = VERDICTS.get(state, Wait)
    assert isinstance(verdict, Wait if left and wanted is AskPerson else wanted)
    if isinstance(verdict, AskPerson):
        assert verdict.kind is ExceptionKind.REJECT_UNAPPLIED
        assert "never applied" in verdict.reason
    if isinstance(verdict, Wait):
        assert state.value in verdict.reason


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("cents", ["-0.01", "0.01"])
def test_another_amount_is_for_a_person_whatever_the_state(returned, item_of, state, cents):
    other = replace(returned, amount=returned.amount + Decimal(cents))
    verdict = judged(other, item_of(state))
    assert verdict.kind is ExceptionKind.REJECT_MISMATCH
    assert "731.37" in verdict.reason


def test_a_payment_that_nobody_knows_is_waited_for_and_then_asked_about(returned):
    just_before = UNKNOWN_AFTER - timedelta(seconds=1)
    assert isinstance(judged(returned, None, waited=just_before), Wait)
    verdict = judged(returned, None, waited=UNKNOWN_AFTER)
    assert verdict.kind is ExceptionKind.REJECT_UNKNOWN
