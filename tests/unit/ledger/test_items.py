"""Rows of work items: a state moves past no other holder, and what is no item is not read."""

from dataclasses import replace

import pytest

from adapter.domain.work_item import Cause, State, Step
from adapter.errors import LeaseLostError, MalformedRowError
from adapter.ledger.items import item_of, items_with_payload, take_step

STEP = Step(to_state=State.NEEDS_PERSON, cause=Cause.NOT_SENT, detail="refused")


@pytest.mark.parametrize("stale", [{"fence": 7}, {"state": State.SENDING}, {"id": 77}])
def test_one_that_is_not_as_its_holder_knows_it_is_not_changed(desk, now, stale):
    item = desk.accept()
    with (
        pytest.raises(LeaseLostError, match=f"the lease on {item.kind} {item.reference}"),
        desk.bench.ledger._store.writing() as connection,
    ):
        take_step(connection, replace(item, **stale), STEP, now=now)
    assert desk.find(item) == item
    assert len(desk.events(item)) == 1


def test_a_row_that_is_no_such_item_is_malformed(desk):
    desk.accept()
    with desk.bench.ledger._store.reading() as connection:
        row = dict(connection.execute(items_with_payload(desk.kind)).mappings().one())
    first = next(iter(desk.kind.values(desk.payload())))
    for wrong in ({"attempts": "many"}, {first: None}):
        with pytest.raises(MalformedRowError, match=r"whole numbers|cannot be read as"):
            item_of(desk.kind, {**row, **wrong})
