"""What a kind has without saying anything, and the words that it may say."""

from types import SimpleNamespace

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.errors import BadInputError
from adapter.kinds.base import DeliveryKind, Ready, Word, words


class Plain(DeliveryKind):
    """A kind that says no more than it must."""

    item = SimpleNamespace(name="plain")
    command = "plains"
    job = "post_plains"

    def send(self, item, ports):
        """Send nothing."""

    def judge(self, item, answer, work):
        """Judge nothing."""

    def describe(self, payload):
        return f"a plain {payload}"

    def fields(self, item):
        """Show nothing."""


def test_a_kind_that_says_nothing_is_ready_to_be_sent_and_bounded_by_nothing():
    plain, item = Plain(), SimpleNamespace(payload="thing", attempts=2)
    assert plain.prepare(item, None, None) == Ready(detail="a plain thing, try 3")
    assert plain.overdue(item, None) is None
    assert plain.per_minute(None) is None
    rules = plain.redrive_rules
    assert (rules.command, rules.job) == ("plains", "post_plains")
    assert (rules.repeat_is_harmless, rules.needs_receipt) == (True, False)


@pytest.mark.parametrize("state", State)
def test_a_state_without_a_word_is_called_by_its_own_name(state):
    assert Plain().word(state) == state.value
    assert Plain().word_named(state.value).states == {state}


def test_an_unknown_word_is_refused_with_those_that_are_known():
    with pytest.raises(BadInputError, match="waiting, sending") as refused:
        Plain().word_named("lost" * 20)
    assert len(refused.value.value) == 40


def test_a_word_for_what_needs_a_person_may_depend_on_the_reason():
    gone = frozenset({State.NEEDS_PERSON, State.RETRYING})
    word = Word(name="failed", states=gone, reviews=frozenset({ExceptionKind.DEAD}))
    assert word.fits(State.NEEDS_PERSON, ExceptionKind.DEAD)
    assert not word.fits(State.NEEDS_PERSON, ExceptionKind.MISMATCH)
    assert not word.fits(State.NEEDS_PERSON, None)
    assert word.fits(State.RETRYING, None)
    assert not word.fits(State.DONE, None)
    [anyhow] = words(failed=State.NEEDS_PERSON)
    assert anyhow.fits(State.NEEDS_PERSON, ExceptionKind.MISMATCH)
