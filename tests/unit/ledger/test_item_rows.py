"""Rows of work items: a state never moves without its event, nor past another holder."""

from dataclasses import replace

import pytest

from adapter.domain.work_item import Cause, State, Step
from adapter.errors import LeaseLostError, MalformedRowError
from adapter.ledger.item_rows import (
    NAMES_PER_STATEMENT,
    change_item,
    find_item,
    item_of,
    items_with_payload,
    parts_of,
    take_step,
)
from adapter.ledger.store import Store

STEP = Step(to_state=State.NEEDS_PERSON, cause=Cause.NOT_SENT, detail="refused", attempts=3)


@pytest.fixture
def item(desk):
    return desk.accept()


@pytest.fixture
def connection(bench, item):
    """Write in a transaction of one's own, after the item was accepted."""
    del item
    store = Store(bench.url)
    with store.writing() as connection:
        yield connection
    store.close()


def test_an_item_is_read_as_it_was_written(desk, item, connection):
    assert find_item(connection, desk.kind, biller=item.biller, reference=item.reference) == item
    other = {"biller": "another-carrier", "reference": item.reference}
    assert find_item(connection, desk.kind, **other) is None
    assert find_item(connection, desk.kind, biller=item.biller, reference="another") is None


def test_a_step_ends_the_lease_and_says_why(desk, item, connection, later):
    moved = take_step(connection, item, STEP, now=later(5), raise_fence=True)
    assert (moved.state, moved.next_at, moved.attempts) == (State.NEEDS_PERSON, None, 3)
    assert (moved.fence, moved.last_error) == (item.fence + 1, "refused")
    connection.commit()
    assert desk.find(item) == moved
    event = desk.events(item)[-1]
    assert (event.at, event.from_state, event.to_state) == (later(5), item.state, moved.state)
    assert (event.cause, event.detail, event.attempt) == (Cause.NOT_SENT, "refused", 3)


@pytest.mark.parametrize("stale", [{"fence": 7}, {"state": State.SENDING}, {"id": 77}])
def test_one_that_is_not_as_its_holder_knows_it_is_not_changed(desk, item, connection, now, stale):
    with pytest.raises(LeaseLostError, match=f"the lease on {item.kind} {item.reference}"):
        take_step(connection, replace(item, **stale), STEP, now=now)
    with pytest.raises(LeaseLostError):
        change_item(connection, replace(item, **stale), {"last_error": "x"})
    connection.commit()
    assert desk.find(item) == item
    assert len(desk.events(item)) == 1


def test_a_row_that_is_no_such_item_is_malformed(desk, connection):
    row = dict(connection.execute(items_with_payload(desk.kind)).mappings().one())
    first = next(iter(desk.kind.values(desk.payload())))
    for wrong in ({"attempts": "many"}, {first: None}):
        with pytest.raises(MalformedRowError, match=r"whole numbers|cannot be read as"):
            item_of(desk.kind, {**row, **wrong})


def test_names_are_cut_into_as_many_as_one_statement_takes():
    names = [str(number) for number in range(2 * NAMES_PER_STATEMENT + 1)]
    parts = list(parts_of(names))
    assert [len(part) for part in parts] == [NAMES_PER_STATEMENT, NAMES_PER_STATEMENT, 1]
    assert [name for part in parts for name in part] == names
    assert list(parts_of([])) == []
