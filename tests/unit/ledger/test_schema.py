"""The tables: portable, and quick however long the history.

What is explained are the very statements that the ledger sends, beside thousands of finished
items of each kind.
"""

import itertools
import re
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Integer, event, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.domain.work_item import State
from adapter.ledger.schema import exceptions, metadata, settlements, work_events, work_items

HISTORY = 2_000
DAY = timedelta(days=1)
KINDS = ("payments", "reversals", "enrollments")
# PostgreSQL may find what is not finished quicker by that alone.
LANE = "work_items_(one_in_a_lane|of_lane|unfinished)"
DUE = "work_items_(due|unfinished)"
ONCE = "work_items_once|autoindex_work_items_1"
IN_STATE = "work_items_in_state"
UNCLEAR = ExceptionKind.EVIDENCE_UNCLEAR


def claim_another(desk, item):
    desk.accept(item.id + 10**5, lane=f"another-{item.id}")
    assert desk.claim(at=desk.bench.now + DAY) is not None


def accept_again(desk, item):
    return desk.outbox.accept(item.payload, source=item.source, now=desk.bench.now)


# What is asked of a desk about an item, and the index that answers.
OF_EACH_KIND = {
    "a claim": (claim_another, f"{DUE}.*{LANE}"),
    "its lane": (lambda desk, item: desk.items.holder(item, now=desk.bench.now), LANE),
    "a step": (lambda desk, item: desk.record(item, State.RETRYING), LANE),
    "when to look": (lambda desk, _item: desk.outbox.next_due_at([desk.biller]), DUE),
    "several due": (
        lambda desk, _item: desk.outbox.are_several_due(desk.biller, now=desk.bench.now),
        DUE,
    ),
    "ended leases": (lambda desk, _item: desk.expire(at=desk.bench.now), DUE),
    "a wrong setting": (
        lambda desk, _item: desk.outbox.postpone_due(
            desk.biller, now=desk.bench.now, until=desk.bench.now, reason="x"
        ),
        DUE,
    ),
    "one by reference": (lambda desk, item: desk.find(item), ONCE),
    "one accepted again": (accept_again, ONCE),
    "its events": (lambda desk, item: desk.events(item), "work_events_of_item"),
    "a page of a state": (
        lambda desk, _item: desk.items.page(limit=9, states=[State.RETRYING]),
        IN_STATE,
    ),
    "the newest of a state": (
        lambda desk, _item: desk.items.newest(limit=9, states=[State.RETRYING]),
        IN_STATE,
    ),
    "its open reviews": (
        lambda desk, item: desk.items.open_exceptions(item),
        "exceptions_(open|of_invoice|of_reference)",
    ),
    "sent again": (
        lambda desk, item: desk.redrive.retry(
            desk.record(item, State.NEEDS_PERSON), by="ada", now=desk.bench.now
        ),
        f"work_events_of_item.*{LANE}",
    ),
    "overdue": (
        lambda desk, item: desk.outbox.put_off(
            item, until=desk.bench.now, reason="x", now=desk.bench.now, overdue=UNCLEAR
        ),
        "exceptions_of_reference",
    ),
}
# What is asked of the books of a ledger, and the index that answers.
OF_THE_LEDGER = {
    "payments of GUIDs": (
        lambda bench: bench.ledger.payments.of_guids(bench.biller, ["1", "2"]),
        "payments_of_guid",
    ),
    "payments of a time": (
        lambda bench: bench.ledger.payments.unreported(
            bench.biller, paid_from=bench.now, paid_until=bench.now + DAY
        ),
        "payments_by_time",
    ),
    "what came back": (
        lambda bench: bench.ledger.returns.amounts(bench.biller, ["1", "2"]),
        "ach_returns_of_payment",
    ),
    "unmatched settlements": (
        lambda bench: bench.ledger.settlements.unmatched(bench.biller),
        "settlements_unmatched",
    ),
    "other batches": (
        lambda bench: bench.ledger.settlements.payments_in_other_batches(bench.settled_row),
        "settlements_of_payment",
    ),
    "unsettled payments": (
        lambda bench: bench.ledger.settlements.unsettled(
            bench.biller, paid_from=bench.now, paid_until=bench.now + DAY
        ),
        "payments_by_time.*settlements_of_payment",
    ),
    "the figures": (
        lambda bench: bench.ledger.figures.gather(),
        "work_items_unfinished.*exceptions_open",
    ),
    "monitoring": (
        lambda bench: bench.ledger.counts.read([bench.biller], now=bench.now),
        f"work_items_unfinished.*exceptions_open.*{DUE}",
    ),
}
# These hold what is not finished, and nothing else: they may be read from end to end.
SHORT = r"work_items_unfinished|work_items_due|exceptions_open|settlements_unmatched"
SMALL = "uploads|watermarks"
# A walk through a whole table of history, in the words of each database.
WALKS = {
    "sqlite": rf"SCAN (?!CONSTANT|{SMALL})(?!\w+ USING (?:COVERING )?INDEX (?:{SHORT}))",
    "postgresql": r"Seq Scan on (?:work_|payments|enrollment_|ach_|exceptions|settlements)",
}


@pytest.fixture(scope="module")
def history(new_ledger, new_bench, tmp_path_factory):
    """Return the bench of a ledger that has been at work for years."""
    bench = new_bench(new_ledger(tmp_path_factory.mktemp("history")))
    for kind, name in enumerate(KINDS, 1):
        desk = getattr(bench, name)
        first = desk.accept(lane="first").id
        desk.done()
        guids = [column.name for column in desk.kind.table.c if column.name.endswith("_guid")]
        with bench.ledger._store.writing() as connection:
            multiply(connection, work_items, first, kind, "id", "reference", "lane")
            multiply(connection, desk.kind.table, first, kind, "item_id", *guids)
            multiply(connection, work_events, first, kind, "id", "item_id")
    bench.answer(bench.ask(UNCLEAR, reference="first"))
    row = SettledRow(
        biller=bench.biller,
        batch_id="first",
        settled_on=bench.now.date(),
        transaction=TransactionType.PAYMENT,
        payment_guid=str(UUID(int=1)),
        invoice_number="first",
        amount=Decimal("1.00"),
        batch_total=Decimal("1.00"),
        batch_count=1,
    )
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


def assert_is_quick(bench, plans, index):
    walk = WALKS[bench.ledger._store._engine.dialect.name]
    assert plans
    assert not [plan for plan in plans if re.search(walk, plan)]
    assert re.search(index, "\n".join(plans), re.DOTALL)


NUMBERS = itertools.count(1)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("question", OF_EACH_KIND)
def test_what_is_asked_of_each_kind_has_its_index(history, explained, name, question):
    desk = getattr(history, name)
    ask, index = OF_EACH_KIND[question]
    desk.accept(number := next(NUMBERS) + 10, lane=f"lane-{number}")
    item = desk.begin(desk.claim(at=history.now + 2 * DAY), at=history.now)
    with explained() as plans:
        ask(desk, item)
    assert_is_quick(history, plans, index)


@pytest.mark.parametrize("question", OF_THE_LEDGER)
def test_what_is_asked_of_the_ledger_has_its_index(history, explained, question):
    ask, index = OF_THE_LEDGER[question]
    with explained() as plans:
        ask(history)
    assert_is_quick(history, plans, index)


@pytest.mark.sqlite
def test_the_newest_changes_are_looked_for_among_the_changes(history, explained):
    """All of them are asked for; what the payments have come to by then costs nothing."""
    with explained() as plans:
        history.ledger.enrollments.newest(history.biller, EnrollmentKind.PAPERLESS)
    read = re.findall(r"(?:SCAN|SEARCH) work_items.*", "\n".join(plans))
    assert len(read) == 2
    assert not [line for line in read if "rowid=?" not in line and "rank=?" not in line]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_every_table_can_be_made_on_every_database(dialect):
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_the_rule_of_one_in_a_lane_is_the_databases_own(dialect):
    index = next(i for i in work_items.indexes if i.name == "work_items_one_in_a_lane")
    words = str(CreateIndex(index).compile(dialect=dialect))
    assert words.startswith("CREATE UNIQUE INDEX")
    assert re.search(r"WHERE may_have_left( = 1)? OR lease_owner IS NOT NULL", words)
