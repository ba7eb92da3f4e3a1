"""What an operator may expect of an item in each state."""

from datetime import UTC, datetime

import pytest

from adapter.domain.exceptions import ExceptionItem, ExceptionKind
from adapter.domain.outlook import outlook
from adapter.domain.work_item import FINAL_STATES, SENDABLE_STATES, Evidence, State
from tests.unit.domain.conftest import build_holder

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
FINAL = [state for state in State if state in FINAL_STATES]
GOES_ON = [state for state in State if state not in {*FINAL, State.NEEDS_PERSON}]
NEXT_WORDS = {State.WAITING: "It is sent", State.IN_DOUBT: "Evidence is looked for"}
FREE = ", once its lane is free of reversal g:30254, which waits for a person"


def review(payment_guid="g"):
    return ExceptionItem(
        id=7,
        biller="b",
        kind=ExceptionKind.DEAD,
        payment_guid=payment_guid,
        invoice_number="1",
        detail="",
        opened_at=AT,
        resolved_at=None,
        resolution="",
    )


@pytest.fixture
def expect(item_of):
    def expect(state, *reviews, holder=None, **fields):
        return outlook(
            item_of(state, **{"next_at": AT, **fields}),
            word="called so",
            command="payments",
            next_words=NEXT_WORDS,
            open_exceptions=reviews,
            holder=holder,
        )

    return expect


@pytest.mark.parametrize("state", GOES_ON)
def test_what_goes_on_by_itself_has_a_moment_and_its_kinds_words(expect, state):
    found = expect(state)
    assert (found.what, found.at) == (NEXT_WORDS.get(state, "It is looked at"), AT)


def test_what_waits_for_a_person_says_which_commands(expect):
    found = expect(State.NEEDS_PERSON, review(), next_at=None)
    assert "`adapter payments retry` or `adapter payments resolve`" in found.what
    assert found.at is None


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("evidence", [None, *Evidence])
def test_what_is_at_its_end_says_by_what(expect, state, evidence):
    found = expect(state, evidence=evidence)
    assert found.what.startswith("Nothing: it is called so")
    assert ("inferred" in found.what) is (evidence is Evidence.BALANCE)
    assert found.at is None


@pytest.mark.parametrize(
    ("reviews", "holder", "ending"),
    [
        ([review()], None, ", once exception 7 on its invoice is resolved"),
        ([review(None)], None, ""),
        ([], build_holder(), FREE),
        ([review()], build_holder(), FREE),
    ],
)
@pytest.mark.parametrize("state", [State.WAITING, State.IN_DOUBT])
def test_what_is_to_be_sent_says_what_holds_it_back(expect, state, reviews, holder, ending):
    found = expect(state, *reviews, holder=holder)
    assert found.what == NEXT_WORDS[state] + (ending if state in SENDABLE_STATES else "")
