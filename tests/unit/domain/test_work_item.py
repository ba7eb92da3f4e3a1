"""The states of a work item, and what a holder of a lane is waited for."""

from datetime import UTC, datetime, timedelta

import pytest

from adapter.domain.work_item import (
    DOUBTFUL_STATES,
    FINAL_STATES,
    HOLDING_STATES,
    SENDABLE_STATES,
    TRANSITIONS,
    Cause,
    State,
    Step,
)
from tests.unit.domain.conftest import build_holder

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_every_state_is_reached_and_no_final_one_is_left():
    """Only acceptance makes an item wait, or gives it back."""
    reached = {state for following in TRANSITIONS.values() for state in following}
    assert reached | {State.WAITING, State.GIVEN_BACK} == set(State)
    assert set(TRANSITIONS) | FINAL_STATES == set(State)
    assert not TRANSITIONS.keys() & FINAL_STATES


@pytest.mark.parametrize("state", [s for s in State if s not in SENDABLE_STATES | FINAL_STATES])
def test_what_may_have_left_or_needs_a_person_is_never_sent_from_there(state):
    """A request is only ever begun from a state in which it is known that one may leave."""
    assert not TRANSITIONS[state] & {State.SENDING, State.WAITING}


def test_what_the_partner_has_is_never_sent_again_by_itself():
    assert State.RETRYING not in TRANSITIONS[State.UNCONFIRMED]


def test_no_state_is_both_to_be_sent_and_to_be_looked_for():
    parts = [{State.SENDING}, DOUBTFUL_STATES, SENDABLE_STATES, FINAL_STATES, {State.NEEDS_PERSON}]
    assert sorted(s.value for part in parts for s in part) == sorted(s.value for s in State)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("may_have_left", [False, True])
def test_a_step_holds_its_lane_while_a_request_may_have_left(state, may_have_left):
    step = Step(to_state=state, cause=Cause.ANSWERED, detail="", may_have_left=may_have_left)
    assert step.holds_lane is (may_have_left or state in HOLDING_STATES)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.IN_DOUBT, "reversal g:30254, in_doubt"),
        (State.NEEDS_PERSON, "reversal g:30254, which waits for a person"),
    ],
)
def test_a_holder_says_what_is_waited_for(state, words):
    assert build_holder(state).description == words


@pytest.mark.parametrize(
    ("fields", "has_settled"),
    [
        ({}, False),
        ({"settles_at": NOW}, True),
        ({"settles_at": NOW + timedelta(microseconds=1)}, False),
        ({"settles_at": NOW, "is_leased": True}, False),
    ],
)
def test_a_holder_settles_at_its_moment_unless_it_is_leased(fields, has_settled):
    assert build_holder(State.RETRYING, **fields).has_settled(NOW) is has_settled
