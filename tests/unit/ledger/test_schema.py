"""The tables: portable, and quick however long the history.

What is explained are the very statements that the ledger sends, beside thousands of finished
items of each kind.
"""

import re
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Integer, event, insert, select, text

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.kinds.enrollments import newest_changes
from adapter.kinds.payments import PaymentQueries
from adapter.kinds.reversals import returned_amounts
from adapter.ledger.schema import exceptions, settlements, work_events, work_items
from tests.unit.domain.conftest import build_row

HISTORY = 2_000
DAY = timedelta(days=1)
UNCLEAR = ExceptionKind.EVIDENCE_UNCLEAR
# These hold what is not finished, and nothing else: they may be read from end to end.
SHORT = r"work_items_unfinished|work_items_due|exceptions_open|settlements_unmatched"
# The last is what one question made of another: a row for each due date.
SMALL = "uploads|watermarks|by_due_date"
# A walk through a whole table of history, in the words of each database.
WALKS = {
    "sqlite": rf"SCAN (?!CONSTANT|{SMALL})(?!\w+ USING (?:COVERING )?INDEX (?:{SHORT}))",
    "postgresql": r"Seq Scan on (?:work_|payments|enrollment_|ach_|exceptions|settlements)",
}
# The indexes that answer; PostgreSQL may find what is not finished quicker by that alone.
OF_ITEMS = (
    "work_items_(due|unfinished)",
    "work_items_(one_in_a_lane|of_lane)",
    "work_items_once|autoindex_work_items_1",
    "work_items_in_state",
    "work_events_of_item",
    "exceptions_of_reference",
)
OF_BOOKS = (
    "payments_of_guid",
    "payments_by_time",
    "ach_returns_of_payment",
    "settlements_unmatched",
    "settlements_of_payment",
    "work_items_unfinished",
    "exceptions_open",
)


def ask_about_items(desk):
    """Do and ask whatever a day brings to the items of a kind."""
    now, outbox, items = desk.bench.now, desk.outbox, desk.items
    for _ in range(2):
        desk.accept(7, lane="7")
    desk.bench.ledger.are_several_due(desk.kind, desk.biller, now=now)
    desk.bench.ledger.next_due_at(desk.kind, [desk.biller])
    sending = desk.begin(desk.claim(at=now + DAY), at=now)
    outbox.put_off(sending, until=now, reason="none", now=now, overdue=UNCLEAR)
    assert desk.expire(at=now, settle_seconds=0) == 1
    outbox.postpone_due(desk.biller, now=now, until=now, reason="a setting")
    stuck = desk.record(desk.claim(), State.NEEDS_PERSON)
    items.holder(stuck, now=now)
    items.open_exceptions(stuck)
    desk.events(stuck)
    for states in ([State.RETRYING], [State.NEEDS_PERSON]):
        items.page(limit=9, states=states)
        items.newest(limit=9, states=states)
    desk.redrive.retry(stuck, by="ada", now=now)
    desk.done()


def ask_the_books(bench):
    ledger, now = bench.ledger, bench.now
    window = {"paid_from": now, "paid_until": now + DAY}
    payments = PaymentQueries(ledger)
    payments.of_guids(bench.biller, ["1", "2"])
    payments.unreported(bench.biller, **window)
    returned_amounts(ledger, bench.biller, ["1", "2"])
    ledger.settlements.unmatched(bench.biller)
    ledger.settlements.payments_in_other_batches(bench.settled_row)
    payments.unsettled(bench.biller, **window)
    ledger.figures.gather([bench.biller], now=now)
    ledger.exceptions.by_due_date()


@pytest.fixture(scope="module")
def history(new_ledger, new_bench, tmp_path_factory):
    """Return the bench of a ledger that has been at work for years."""
    bench = new_bench(new_ledger(tmp_path_factory.mktemp("history")))
    for kind, desk in enumerate((bench.payments, bench.reversals, bench.enrollments), 1):
        first = desk.accept(lane="first").id
        desk.done()
        guids = [column.name for column in desk.kind.table.c if column.name.endswith("_guid")]
        with bench.ledger._store.writing() as connection:
            multiply(connection, work_items, first, kind, "id", "reference", "lane")
            multiply(connection, desk.kind.table, first, kind, "item_id", *guids)
            multiply(connection, work_events, first, kind, "id", "item_id")
    bench.answer(bench.ask(UNCLEAR, reference="first"))
    row = build_row(invoice_number="first")
    bench.ledger.settlements.record([row], now=bench.now)
    bench.ledger.settlements.match([1], now=bench.now)
    with bench.ledger._store.writing() as connection:
        multiply(connection, exceptions, 1, 1, "id", "reference", "invoice_number")
        multiply(connection, settlements, 1, 1, "id", "payment_guid", "batch_id")
        connection.execute(text("ANALYZE"))
    bench.settled_row = row
    yield bench
    bench.ledger.close()


def multiply(connection, table, first, kind, *unique):
    """Copy a row many times, with other values in these columns."""
    key = table.c.item_id if table is work_events else table.c[unique[0]]
    row = connection.execute(select(table).where(key == first)).mappings().first()
    copies = []
    for number in range(kind * 10**6, kind * 10**6 + HISTORY):
        guid = str(UUID(int=number))
        changed = {
            name: number if isinstance(table.c[name].type, Integer) else guid for name in unique
        }
        copies.append({**row, **changed})
    connection.execute(insert(table), copies)


@pytest.fixture
def explained(history):
    """Return a way to call something and read the plans of all that it sends to the database."""

    @contextmanager
    def explaining():
        engine, plans = history.ledger._store._engine, []
        word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"

        def explain(connection, _cursor, statement, parameters, _context, _many):
            if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "pg_adv" not in statement:
                raw = connection.connection.driver_connection
                lines = [str(row[-1]) for row in raw.execute(f"{word} {statement}", parameters)]
                plans.append("\n".join(lines))

        event.listen(engine, "before_cursor_execute", explain)
        try:
            yield plans
        finally:
            event.remove(engine, "before_cursor_execute", explain)

    return explaining


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [("payments", OF_ITEMS), ("reversals", OF_ITEMS), ("enrollments", OF_ITEMS), (None, OF_BOOKS)],
)
def test_every_question_has_its_index(history, explained, asked, indexes):
    with explained() as plans:
        ask_about_items(getattr(history, asked)) if asked else ask_the_books(history)
    walk = WALKS[history.ledger._store._engine.dialect.name]
    assert not [plan for plan in plans if re.search(walk, plan)]
    assert not [index for index in indexes if not re.search(index, "\n".join(plans))]


@pytest.mark.sqlite
def test_the_newest_changes_are_looked_for_among_the_changes(history, explained):
    """All of them are asked for; what the payments have come to by then costs nothing."""
    with explained() as plans:
        newest_changes(history.ledger, history.biller, EnrollmentKind.PAPERLESS)
    read = re.findall(r"(?:SCAN|SEARCH) work_items.*", "\n".join(plans))
    assert len(read) == 2
    assert not [line for line in read if "rowid=?" not in line and "rank=?" not in line]
