"""A row that a person changed: set aside for a person, and in the way of nothing else.

SQLite keeps anything in any column; PostgreSQL refuses what is no number by itself.
"""

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.errors import MalformedRowError
from adapter.ledger.columns import ENUM_LENGTH

NO_WORD = "'what_is_this'"
TABLES = {
    "payments": "payments",
    "reversals": "ach_returns",
    "enrollments": "enrollment_changes",
}
# What a row may be spoilt with on every database, and on SQLite only.
ITEM = {"state": NO_WORD, "source": NO_WORD, "evidence": NO_WORD}
ITEM_SQLITE = {"accepted_at": "99999999999999999999", "attempts": "'many'", "fence": "'x'"}
PAYLOADS = {
    "payments": {"method": NO_WORD, "payment_guid": "'no guid'"},
    "reversals": {"payment_guid": "'no guid'", "reject_guid": "'no guid'"},
    "enrollments": {"setting": NO_WORD, "event_guid": "'no guid'"},
}
PAYLOADS_SQLITE = {
    "payments": {"amount": "'ten dollars'", "fee": "1.5", "paid_at": "'2026-01-05'"},
    "reversals": {"amount": "'ten dollars'", "returned_at": "'2026-01-05'"},
    "enrollments": {"changed_at": "'2026-01-05'"},
}


def spoilt(items, payloads, *marks):
    return [
        pytest.param(kind, (table, name, value), marks=marks, id=f"{kind}: {name}={value}")
        for kind, fields in payloads.items()
        for table, columns in (("work_items", items), (TABLES[kind], fields))
        for name, value in columns.items()
    ]


@pytest.fixture
def spoil(sql):
    """Return a way to change a row as a person with a database tool may."""

    def change(table, name, value, number=1):
        key = "id" if table == "work_items" else "item_id"
        sql(f"UPDATE {table} SET {name} = {value} WHERE {key} = {number}")  # noqa: S608

    return change


def is_set_aside(desk):
    """See that the first row is reviewed and due no more, and that the second one goes on."""
    assert desk.claim().id == 2
    assert desk.claim() is None
    assert desk.bench.ledger.next_due_at(desk.kind, [desk.biller]) != desk.bench.now
    (item,) = desk.bench.exceptions()
    assert item.kind is ExceptionKind.ROW_UNREADABLE
    assert f"Row 1 of work_items, {desk.name} {item.reference}, was left as it is" in item.detail
    assert item.reference == desk.kind.reference(desk.payload(1, lane="1"))
    named = desk.kind.subject(item.reference)
    assert item.invoice_number == named.get("invoice_number")
    assert item.payment_guid == named.get("payment_guid")


@pytest.mark.parametrize(
    ("kind", "change"),
    [*spoilt(ITEM, PAYLOADS), *spoilt(ITEM_SQLITE, PAYLOADS_SQLITE, pytest.mark.sqlite)],
)
def test_a_spoilt_row_is_set_aside_and_the_next_one_goes_on(bench, spoil, kind, change):
    desk = getattr(bench, kind)
    desk.accept(1, lane="1")
    desk.accept(2, lane="2")
    spoil(*change)
    is_set_aside(desk)


def test_one_whose_payload_is_gone_is_set_aside(desk, sql):
    desk.accept(1, lane="1")
    desk.accept(2, lane="2")
    sql(f"DELETE FROM {desk.kind.table.name} WHERE item_id = 1")  # noqa: S608
    is_set_aside(desk)


@pytest.mark.parametrize("state", [State.DONE, State.SUPERSEDED, State.NEEDS_PERSON])
def test_what_is_finished_and_yet_due_is_set_aside(desk, spoil, state):
    desk.accept(1)
    spoil("work_items", "state", f"'{state.value}'")
    assert desk.claim() is None
    (item,) = desk.bench.exceptions()
    assert f"{state.value} is never due" in item.detail


def test_one_that_broke_while_it_was_sent_is_in_the_way_of_no_other(desk, spoil, later):
    for number in (1, 2):
        desk.accept(number, lane=str(number))
        desk.send()
    spoil("work_items", "source", NO_WORD)
    assert desk.expire(at=later(1000)) == 1
    (item,) = desk.bench.exceptions()
    assert item.kind is ExceptionKind.ROW_UNREADABLE
    assert desk.expire(at=later(2000)) == 0


def test_it_holds_its_lane_while_a_request_of_it_may_have_left(bench, spoil, later):
    desk = bench.reversals
    desk.accept(1)
    desk.record(desk.send(), State.IN_DOUBT, next_at=later(1))
    behind = bench.payments.accept(2)
    spoil("work_items", "source", NO_WORD)
    assert desk.claim(at=later(1)) is None
    assert bench.payments.claim(at=later(1)) is None
    assert "waits for reversal" in bench.payments.find(behind).last_error


def test_one_that_was_claimed_when_it_broke_is_let_go(desk, spoil, later):
    """So that it holds its lane no longer than a request of it may be on its way."""
    desk.accept(1)
    desk.claim()
    spoil("work_items", "source", NO_WORD)
    assert desk.claim(at=later(90)) is None
    spoil("work_items", "source", "'data_pump'")
    mended = desk.items.page(limit=1)[0]
    assert (mended.lease_owner, mended.lease_until, mended.next_at) == (None, None, None)


def test_a_reader_is_given_the_reason_and_no_value(desk, spoil):
    desk.accept(1)
    value = "4111 dollars"
    assert len(value) < ENUM_LENGTH
    spoil("work_items", "source", f"'{value}'")
    with pytest.raises(MalformedRowError, match="it needs one of data_pump") as refused:
        desk.items.page(limit=9)
    assert "4111" not in str(refused.value)


def test_nothing_else_of_the_row_is_changed(desk, spoil, sql):
    desk.accept(1)
    spoil("work_items", "source", NO_WORD)
    before = dict(sql("SELECT * FROM work_items").mappings().one())
    assert desk.claim() is None
    after = dict(sql("SELECT * FROM work_items").mappings().one())
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"next_at", "last_error", "fence"}
