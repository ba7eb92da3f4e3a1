"""What follows from a reject: a reversal, patience, or a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapter.domain.ach_return import (
    REDRIVABLE_STATES,
    UNDER_WAY_STATES,
    UNKNOWN_AFTER,
    AchReturn,
    AskPerson,
    Proceed,
    ReversalState,
    Wait,
    judge_return,
)
from adapter.domain.delivery import Delivery, DeliveryState, Source
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import BadInputError

NOW = datetime(2026, 1, 8, 10, 15, tzinfo=UTC)


@pytest.fixture
def returned(payment):
    return AchReturn(
        biller=payment.biller,
        reject_guid="CCCCCCCC-0000-4000-8000-000000000001",
        payment_guid=payment.payment_guid.upper(),
        invoice_number=payment.invoice_number,
        account_number=payment.account_number,
        amount=payment.amount,
        code="R01",
        reason="Insufficient Funds",
        returned_at=NOW,
    )


@pytest.fixture
def delivered(payment):
    """Return a maker of deliveries of the payment in a state."""

    def build(state):
        return Delivery(
            id=1,
            payment=payment,
            source=Source.DATA_PUMP,
            state=state,
            attempts=1,
            accepted_at=NOW,
            next_at=None,
            sent_at=None,
            lease_owner=None,
            lease_until=None,
            fence=0,
            balance_before=None,
            receipt_id=None,
            evidence=None,
            confirmed_at=None,
            last_error="",
        )

    return build


def judged(returned, delivery, *, waited=timedelta(0)):
    return judge_return(returned, delivery, seen_at=NOW, now=NOW + waited)


def test_the_same_reject_is_the_same_reversal_however_it_is_written(returned, payment):
    assert returned.reversal_id == "cccccccc-0000-4000-8000-000000000001:30254"
    assert returned.payment_key == payment.key
    again = replace(returned, reject_guid=returned.reject_guid.upper(), reason="other words")
    assert again.reversal_id == returned.reversal_id
    assert again.fingerprint() == returned.fingerprint()


@pytest.mark.parametrize(
    "change",
    [{"amount": Decimal("1.00")}, {"code": "R02"}, {"account_number": "7"}],
    ids=lambda change: next(iter(change)),
)
def test_what_moves_money_is_its_content(returned, change):
    assert replace(returned, **change).fingerprint() != returned.fingerprint()


@pytest.mark.parametrize("field", ["reject_guid", "payment_guid"])
def test_a_guid_that_is_none_is_refused(returned, field):
    with pytest.raises(BadInputError):
        replace(returned, **{field: "12"})


def test_a_moment_without_its_zone_is_refused(returned):
    with pytest.raises(ValueError, match="returned_at"):
        replace(returned, returned_at=NOW.replace(tzinfo=None))


VERDICTS = {
    DeliveryState.APPLIED: Proceed,
    DeliveryState.NOT_APPLIED: AskPerson,
    DeliveryState.DEAD: AskPerson,
    DeliveryState.ACCEPTED: Wait,
    DeliveryState.SENDING: Wait,
    DeliveryState.PENDING: Wait,
    DeliveryState.IN_DOUBT: Wait,
    DeliveryState.FAILED: Wait,
}


@pytest.mark.parametrize("state", DeliveryState)
def test_only_an_applied_receipt_is_reversed(returned, delivered, state):
    verdict = judged(returned, delivered(state), waited=timedelta(days=30))
    assert isinstance(verdict, VERDICTS[state])
    if isinstance(verdict, AskPerson):
        assert verdict.kind is ExceptionKind.REJECT_UNAPPLIED
        assert state.value in verdict.reason


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("cents", ["-0.01", "0.01"])
def test_another_amount_is_for_a_person_whatever_the_state(returned, delivered, state, cents):
    other = replace(returned, amount=returned.amount + Decimal(cents))
    verdict = judged(other, delivered(state))
    assert verdict.kind is ExceptionKind.REJECT_MISMATCH
    assert "731.37" in verdict.reason


def test_a_payment_that_nobody_knows_is_waited_for_and_then_asked_about(returned):
    just_before = UNKNOWN_AFTER - timedelta(seconds=1)
    assert isinstance(judged(returned, None, waited=just_before), Wait)
    verdict = judged(returned, None, waited=UNKNOWN_AFTER)
    assert verdict.kind is ExceptionKind.REJECT_UNKNOWN


def test_nothing_is_final_and_under_way_at_once():
    assert ReversalState.REVERSED not in UNDER_WAY_STATES | REDRIVABLE_STATES
    assert ReversalState.HANDED_OVER in UNDER_WAY_STATES
