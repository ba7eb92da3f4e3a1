"""What a person may do to a payment in each state, and what is refused with a remedy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapter.domain.delivery import (
    Cause,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Evidence,
    Source,
)
from adapter.domain.payment import Payment, PaymentMethod
from adapter.domain.redrive import Finding, Word, judged_by_person, sent_again
from adapter.errors import BadInputError

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
POSTED = {DeliveryState.SENDING, DeliveryState.IN_DOUBT, DeliveryState.PENDING}
APPLIED = Word(by="ada", finding=Finding.APPLIED, note="seen in Spectrum", receipt_id="1003")
NEVER = Word(by="ada", finding=Finding.NEVER_APPLIED, note="not in Spectrum")


def delivery(state, **fields):
    payment = Payment(
        biller="camp-point",
        payment_guid="9f2c4b6e-0000-4000-8000-0123456789ab",
        invoice_number="30254",
        account_number="1204117",
        customer_name="Ada Carver",
        paid_at=NOW - timedelta(hours=2),
        amount=Decimal("731.37"),
        fee=Decimal("2.95"),
        payment_reference="T-1",
        payment_message="",
        method=PaymentMethod.ACH,
        approved=True,
    )
    whole = Delivery(
        id=1,
        payment=payment,
        source=Source.DATA_PUMP,
        state=state,
        attempts=60,
        accepted_at=NOW - timedelta(hours=1),
        next_at=None,
        sent_at=NOW - timedelta(minutes=30),
        lease_owner=None,
        lease_until=None,
        fence=4,
        balance_before=Decimal("731.37"),
        receipt_id=None,
        evidence=None,
        confirmed_at=None,
        last_error="why",
    )
    return replace(whole, **fields)


def last(cause=Cause.ANSWERED, was=DeliveryState.SENDING):
    return DeliveryEvent(
        at=NOW,
        from_state=was,
        to_state=DeliveryState.DEAD,
        cause=cause,
        detail="why",
        attempt=60,
    )


def again(state, event=None, *, is_confirmed=False, has_moved_since=False):
    return sent_again(
        delivery(state),
        event or last(),
        by="ada",
        is_confirmed=is_confirmed,
        has_moved_since=has_moved_since,
    )


def judged(state, word, **fields):
    return judged_by_person(delivery(state, **fields), word, now=NOW, settle_seconds=120)


@pytest.mark.parametrize("cause", [Cause.ANSWERED, Cause.NOT_SENT])
def test_what_surely_failed_is_posted_again_with_every_try_before_it(cause):
    step = again(DeliveryState.DEAD, last(cause))
    assert step.to_state is DeliveryState.FAILED
    assert (step.cause, step.attempts) == (Cause.PERSON, 0)
    assert step.next_at == NOW - timedelta(hours=1)  # due by any clock
    assert "ada" in step.detail


@pytest.mark.parametrize("was", [DeliveryState.IN_DOUBT, DeliveryState.PENDING])
def test_an_unclear_outcome_goes_through_evidence_first(was):
    step = again(DeliveryState.DEAD, last(Cause.EVIDENCE, was))
    assert step.to_state is was


def test_evidence_that_our_own_payments_have_blurred_is_refused():
    event = last(Cause.EVIDENCE, DeliveryState.IN_DOUBT)
    with pytest.raises(BadInputError, match=r"moved the balance since.*payments resolve"):
        again(DeliveryState.DEAD, event, has_moved_since=True)


def test_not_applied_is_sent_again_only_when_a_person_has_looked():
    with pytest.raises(BadInputError, match="--confirm-not-applied"):
        again(DeliveryState.NOT_APPLIED)
    step = again(DeliveryState.NOT_APPLIED, is_confirmed=True)
    assert step.to_state is DeliveryState.FAILED


@pytest.mark.parametrize(
    "state", [s for s in DeliveryState if s not in {DeliveryState.DEAD, DeliveryState.NOT_APPLIED}]
)
def test_anything_else_is_refused_whatever_is_confirmed(state):
    with pytest.raises(BadInputError) as refused:
        again(state, is_confirmed=True)
    assert refused.value.value == state.value
    assert refused.value.remedy


@pytest.mark.parametrize(
    "state",
    [s for s in DeliveryState if s not in {DeliveryState.APPLIED, DeliveryState.SENDING}],
)
def test_a_receipt_that_a_person_saw_ends_it_and_stays_marked(state):
    step = judged(state, APPLIED)
    assert (step.to_state, step.evidence) == (DeliveryState.APPLIED, Evidence.PERSON)
    assert (step.receipt_id, step.next_at) == ("1003", None)
    assert "ada says it is applied, receipt 1003: seen in Spectrum" in step.detail


@pytest.mark.parametrize(
    "state",
    [
        DeliveryState.DEAD,
        DeliveryState.NOT_APPLIED,
        DeliveryState.IN_DOUBT,
        DeliveryState.PENDING,
    ],
)
def test_what_was_never_applied_is_posted_again(state):
    step = judged(state, NEVER)
    assert (step.to_state, step.evidence, step.attempts) == (DeliveryState.FAILED, None, 0)


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.FAILED])
def test_what_is_posted_by_itself_needs_no_word(state):
    with pytest.raises(BadInputError, match="by itself"):
        judged(state, NEVER)


@pytest.mark.parametrize("state", [DeliveryState.APPLIED, DeliveryState.SENDING])
@pytest.mark.parametrize("word", [APPLIED, NEVER])
def test_what_is_final_or_on_its_way_takes_no_word(state, word):
    with pytest.raises(BadInputError):
        judged(state, word)


@pytest.mark.parametrize("state", [DeliveryState.IN_DOUBT, DeliveryState.PENDING])
def test_never_applied_is_not_believed_while_the_request_may_still_arrive(state):
    with pytest.raises(BadInputError, match="may still arrive"):
        judged(state, NEVER, sent_at=NOW - timedelta(seconds=119))


def test_what_somebody_looks_at_right_now_is_left_to_him():
    held = {"lease_owner": "w", "lease_until": NOW + timedelta(seconds=1)}
    with pytest.raises(BadInputError, match="right now"):
        judged(DeliveryState.IN_DOUBT, APPLIED, **held)
    judged(DeliveryState.IN_DOUBT, APPLIED, **{**held, "lease_until": NOW})


@pytest.mark.parametrize(
    "word",
    [
        replace(APPLIED, receipt_id=None),
        replace(APPLIED, receipt_id=" "),
        replace(NEVER, receipt_id="1003"),
        replace(APPLIED, note=" "),
    ],
)
def test_a_word_that_says_too_little_is_refused(word):
    with pytest.raises(BadInputError):
        judged(DeliveryState.DEAD, word)
