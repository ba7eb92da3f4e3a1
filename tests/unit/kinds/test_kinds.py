"""The table of the kinds: the words that operators know, and names that do not collide."""

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS

# By kind: the word for each state, in the order of the states; "-" is one that it never is in.
WORDS = {
    PAYMENTS: "accepted sending pending in_doubt failed dead applied - given_back",
    ENROLLMENTS: "waiting sending - failed failed refused delivered superseded -",
    REVERSALS: "waiting sending handed_over in_doubt failed refused reversed - -",
}
REVIEWS = {
    PAYMENTS: {ExceptionKind.NOT_APPLIED: "not_applied", ExceptionKind.DEAD: "dead"},
    ENROLLMENTS: {ExceptionKind.ENROLLMENT_FAILED: "failed"},
    REVERSALS: {ExceptionKind.REVERSAL_FAILED: "failed"},
}
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command)


@EACH
def test_states_are_called_as_operators_know_them(kind):
    for state, word in zip(State, WORDS[kind].split(), strict=True):
        review = ExceptionKind.ROW_UNREADABLE if state is State.NEEDS_PERSON else None
        if word != "-":
            assert kind.word(state, review) == word
            assert state in kind.word_named(word).states
    for review, word in REVIEWS[kind].items():
        assert kind.word(State.NEEDS_PERSON, review) == word
        assert kind.word_named(word).fits(State.NEEDS_PERSON, review)


@EACH
def test_every_reason_to_need_a_person_has_one_word(kind):
    for review in ExceptionKind:
        assert sum(word.fits(State.NEEDS_PERSON, review) for word in kind.words) == 1


@EACH
def test_what_it_asks_of_a_person_is_closed_with_the_item(kind):
    assert {kind.refused, kind.exhausted, ExceptionKind.SETTING_OVERDUE} <= set(kind.item.reviews)


def test_no_two_kinds_have_a_name_in_common():
    for name in ("item", "command", "ops_path", "ops_name", "job", "offset", "help"):
        assert len({getattr(kind, name) for kind in KINDS}) == len(KINDS)
    assert len({kind.item.name for kind in KINDS}) == len(KINDS)
