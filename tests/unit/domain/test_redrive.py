"""What a person may do to an item in each state, and what is refused with a remedy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.ledger_life import MARGIN
from adapter.domain.redrive import (
    Finding,
    ManualResolution,
    RedriveRules,
    judged_by_person,
    sent_again,
)
from adapter.domain.work_item import (
    FINAL_STATES,
    HOLDING_STATES,
    Answer,
    BalanceReading,
    Cause,
    Evidence,
    State,
)
from adapter.errors import BadInputError

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
ACCEPTED_AT = NOW - timedelta(hours=1)


def word_of(state, review):
    return f"{state.value} {review.value if review else ''}".strip()


STRICT = RedriveRules(
    command="payments",
    job="post_payments",
    repeat_is_harmless=False,
    needs_receipt=True,
    word=word_of,
)
BEGAN = ACCEPTED_AT - timedelta(hours=1)
FORGETFUL = replace(STRICT, began=lambda _payload: BEGAN)
LENIENT = RedriveRules(command="enrollments", job="push_enrollments", word=word_of)
EITHER = pytest.mark.parametrize("rules", [STRICT, LENIENT], ids=lambda rules: rules.command)
APPLIED = ManualResolution(
    by="ada", finding=Finding.APPLIED, note="seen in Spectrum", receipt_id="1003"
)
NEVER = ManualResolution(by="ada", finding=Finding.NEVER_APPLIED, note="not in Spectrum")
BALANCE = Decimal("731.37")
GIVEN_BACK = ManualResolution(by="ada", finding=Finding.GIVEN_BACK, note="voided")
CLOSED = [state for state in State if state in FINAL_STATES | {State.SENDING}]
DEAD = {"review": ExceptionKind.DEAD}


def never(rules):
    """Return that finding as a kind needs it."""
    return replace(NEVER, balance=BALANCE) if rules.needs_receipt else NEVER


@pytest.fixture
def item(item_of):
    def item(state, **fields):
        sent_at = NOW - timedelta(minutes=30)
        usual = {"attempts": 60, "accepted_at": ACCEPTED_AT, "sent_at": sent_at}
        if state not in FINAL_STATES | {State.NEEDS_PERSON}:
            usual["next_at"] = NOW
        if state in HOLDING_STATES:
            usual["may_have_left"] = True
        return item_of(state, **{**usual, **fields})

    return item


@pytest.fixture
def again(item):
    def again(rules, state, *, now=NOW, **how):
        return sent_again(item(state, **how), rules, by="ada", now=now)

    return again


@pytest.fixture
def judged(item):
    def judged(rules, state, found, **fields):
        return judged_by_person(item(state, **fields), found, rules, now=NOW, settle_seconds=120)

    return judged


# Sending again


@EITHER
def test_what_never_left_is_sent_again_with_every_try_before_it(again, rules):
    step = again(rules, State.NEEDS_PERSON, **DEAD)
    assert (step.to_state, step.cause, step.attempts) == (State.RETRYING, Cause.PERSON, 0)
    assert step.next_at == ACCEPTED_AT  # due by any clock
    assert not step.may_have_left
    assert step.looks_anew
    assert "ada" in step.detail
    early = NOW - timedelta(days=1)
    assert again(rules, State.NEEDS_PERSON, now=early, **DEAD).next_at == early


@EITHER
@pytest.mark.parametrize("left", [False, True])
def test_what_is_tried_again_by_itself_is_sent_at_once(again, rules, left):
    step = again(rules, State.RETRYING, may_have_left=left, settles_at=NOW)
    assert (step.to_state, step.attempts, step.next_at) == (State.RETRYING, 0, ACCEPTED_AT)
    assert (step.may_have_left, step.settles_at) == (left, NOW if left else None)


@pytest.mark.parametrize("review", [ExceptionKind.EVIDENCE_UNCLEAR, ExceptionKind.NOT_APPLIED])
def test_what_may_have_left_goes_by_the_guard_unless_a_repeat_is_harmless(again, review):
    unclear = {"review": review, "may_have_left": True}
    step = again(STRICT, State.NEEDS_PERSON, **unclear)
    assert (step.to_state, step.released_by, step.looks_anew) == (State.IN_DOUBT, None, True)
    step = again(STRICT, State.NEEDS_PERSON, last_answer=Answer.PENDING, **unclear)
    assert step.to_state is State.UNCONFIRMED
    step = again(LENIENT, State.NEEDS_PERSON, **unclear)
    assert (step.to_state, step.may_have_left) == (State.RETRYING, True)


@EITHER
@pytest.mark.parametrize(
    "state", [s for s in State if s not in {State.NEEDS_PERSON, State.RETRYING}]
)
def test_anything_else_is_refused(again, rules, state):
    with pytest.raises(BadInputError) as refused:
        again(rules, state)
    assert refused.value.value == state.value
    assert refused.value.remedy


# A person's finding


@EITHER
@pytest.mark.parametrize("state", [s for s in State if s not in CLOSED])
def test_what_a_person_saw_ends_it_and_stays_marked(judged, rules, state):
    step = judged(rules, state, APPLIED, may_have_left=True)
    assert (step.to_state, step.evidence) == (State.DONE, Evidence.PERSON)
    assert (step.receipt_id, step.next_at, step.may_have_left) == ("1003", None, False)
    assert "ada says it is applied, receipt 1003: seen in Spectrum" in step.detail


@EITHER
@pytest.mark.parametrize("state", [State.NEEDS_PERSON, State.IN_DOUBT, State.UNCONFIRMED])
def test_what_was_never_applied_is_sent_again(judged, rules, state):
    """A payment by the balance that she saw: what may have left holds its invoice till then."""
    step = judged(rules, state, never(rules), may_have_left=True)
    assert (step.to_state, step.evidence, step.attempts) == (State.RETRYING, None, 0)
    seen = BalanceReading(asked_at=NOW, balance=BALANCE)
    is_payment = rules is STRICT
    assert (step.released_by, step.may_have_left) == (seen if is_payment else None, is_payment)


@EITHER
@pytest.mark.parametrize("state", [State.WAITING, State.RETRYING])
def test_what_is_sent_by_itself_needs_no_finding(judged, rules, state):
    with pytest.raises(BadInputError, match=f"by itself.*adapter run {rules.job}"):
        judged(rules, state, never(rules))


@EITHER
@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("found", [APPLIED, NEVER, GIVEN_BACK])
def test_what_is_final_or_on_its_way_takes_no_finding(judged, rules, state, found):
    with pytest.raises(BadInputError):
        judged(rules, state, found)


@pytest.mark.parametrize("found", [never(STRICT), GIVEN_BACK])
@pytest.mark.parametrize("state", [State.IN_DOUBT, State.UNCONFIRMED, State.NEEDS_PERSON])
def test_never_applied_is_not_believed_while_the_request_may_still_arrive(judged, state, found):
    sent_at, left = NOW - timedelta(seconds=119), {"may_have_left": True}
    with pytest.raises(BadInputError, match="may still arrive"):
        judged(STRICT, state, found, sent_at=sent_at, **left)
    settles_at = NOW + timedelta(seconds=1)
    with pytest.raises(BadInputError, match="may still arrive"):
        judged(LENIENT, state, NEVER, settles_at=settles_at, **left)


@pytest.mark.parametrize("found", [never(STRICT), GIVEN_BACK])
def test_a_request_that_was_forgotten_may_still_arrive(item, found):
    """A ledger that was lost knows of none, and a person who looks at once sees none."""
    unsent = item(State.NEEDS_PERSON, review=ExceptionKind.PAID_BEFORE_BEGINNING)

    def judged_after(gap_end, rules=FORGETFUL):
        how = {"now": NOW, "settle_seconds": 120, "forgotten_until": gap_end}
        return judged_by_person(unsent, found, rules, **how)

    with pytest.raises(BadInputError, match="may still arrive"):
        judged_after(NOW - timedelta(seconds=119))
    judged_after(NOW - timedelta(seconds=120))
    judged_after(BEGAN - MARGIN)
    judged_after(None)
    judged_after(NOW, STRICT)


@pytest.mark.parametrize("state", [State.WAITING, State.RETRYING, State.NEEDS_PERSON])
def test_what_was_given_back_is_never_posted(judged, state):
    step = judged(STRICT, state, GIVEN_BACK, review=ExceptionKind.DEAD)
    assert (step.to_state, step.next_at, step.holds_lane) == (State.GIVEN_BACK, None, False)
    with pytest.raises(BadInputError, match="only a payment"):
        judged(LENIENT, state, GIVEN_BACK)


@EITHER
@pytest.mark.parametrize("state", [State.WAITING, State.RETRYING, State.SENDING, State.IN_DOUBT])
def test_a_row_that_was_mended_is_taken_up_where_it_stood(again, judged, rules, state):
    """Nothing of it would come by itself: it had been set aside."""
    left = state in HOLDING_STATES
    step = again(rules, state, next_at=None, may_have_left=left)
    is_sent = rules is LENIENT or not left
    assert step.to_state is (State.RETRYING if is_sent else State.IN_DOUBT)
    assert (step.holds_lane, step.next_at) == (left, ACCEPTED_AT)
    found = judged(rules, state, never(rules), next_at=None, may_have_left=left)
    assert (found.to_state, found.may_have_left) == (State.RETRYING, left and rules is STRICT)


def test_what_is_looked_at_right_now_is_left_alone(judged):
    held = {"lease_owner": "w", "lease_until": NOW + timedelta(seconds=1)}
    with pytest.raises(BadInputError, match="right now"):
        judged(STRICT, State.IN_DOUBT, APPLIED, **held)
    judged(STRICT, State.IN_DOUBT, APPLIED, **{**held, "lease_until": NOW})


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (replace(APPLIED, receipt_id=None), STRICT),
        (replace(APPLIED, receipt_id=" "), STRICT),
        (replace(NEVER, receipt_id="1003", balance=BALANCE), STRICT),
        (replace(NEVER, receipt_id="1003"), LENIENT),
        (NEVER, STRICT),
        (replace(NEVER, balance=BALANCE), LENIENT),
        (replace(APPLIED, balance=BALANCE), STRICT),
        (replace(APPLIED, note=" "), LENIENT),
    ],
)
def test_a_finding_that_says_too_little_is_refused(judged, change, rules):
    with pytest.raises(BadInputError):
        judged(rules, State.NEEDS_PERSON, change)


def test_only_what_has_receipts_needs_the_number_of_one(judged):
    step = judged(LENIENT, State.NEEDS_PERSON, replace(APPLIED, receipt_id=None))
    assert step.detail == "ada says it is applied: seen in Spectrum"
