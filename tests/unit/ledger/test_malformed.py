"""A row that somebody else changed: told, set aside, and in nobody's way.

SQLite keeps anything in any column; PostgreSQL refuses what is no number by itself.
"""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import MalformedRowError

pytestmark = pytest.mark.sqlite
BROKEN = {
    "state": "'sent_i_think'",
    "method": "'Cash'",
    "amount": "'ten dollars'",
    "fee": "1.5",
    "paid_at": "'2026-01-05'",
    "accepted_at": "99999999999999999999",
    "attempts": "'many'",
    "payment_guid": "'no guid'",
}


def damage(bench, name, value, number=1):
    """Change a row as somebody with a database tool may."""
    with bench.ledger._store.writing() as connection:
        connection.execute(text(f"UPDATE deliveries SET {name} = {value} WHERE id = {number}"))  # noqa: S608


@pytest.mark.parametrize(("name", "value"), BROKEN.items())
def test_a_malformed_row_is_set_aside_and_the_next_one_goes_on(bench, name, value):
    bench.accept(1, invoice="1")
    bench.accept(2, invoice="2")
    damage(bench, name, value)
    assert bench.claim().id == 2
    assert bench.claim() is None
    assert bench.ledger.next_due_at([bench.biller]) != bench.now
    [item] = bench.exceptions()
    assert item.kind is ExceptionKind.ROW_UNREADABLE
    assert "Row 1 of deliveries" in item.detail
    assert item.invoice_number == "1"


def test_what_is_done_and_yet_due_is_set_aside(bench):
    bench.accept(1)
    damage(bench, "state", "'applied'")
    assert bench.claim() is None
    [item] = bench.exceptions()
    assert "applied is never due" in item.detail


def test_one_that_broke_while_it_was_sent_is_in_nobodys_way(bench, later):
    for number in (1, 2):
        bench.accept(number, invoice=str(number))
        bench.send()
    damage(bench, "amount", "'ten dollars'")
    moment = later(1000)
    assert bench.ledger.claims.expire_leases(bench.biller, now=moment, settle_seconds=1) == 1
    [item] = bench.exceptions()
    assert item.kind is ExceptionKind.ROW_UNREADABLE


def test_its_invoice_is_held_back(bench):
    bench.accept(1)
    bench.accept(2)
    damage(bench, "amount", "'ten dollars'")
    assert bench.claim() is None
    assert len(bench.exceptions()) == 1


def test_whoever_reads_it_is_told_and_no_value_is(bench):
    bench.accept(1)
    damage(bench, "amount", "'4111 ten dollars'")
    with pytest.raises(MalformedRowError, match="an amount in whole cents") as told:
        bench.ledger.deliveries.page(limit=9)
    assert "4111" not in str(told.value)


def test_nothing_else_of_the_row_is_changed(bench):
    bench.accept(1)
    damage(bench, "amount", "'ten dollars'")
    path = bench.ledger._store._engine.url.database
    before = row_of(path)
    assert bench.claim() is None
    after = row_of(path)
    assert {name for name in before if before[name] != after[name]} == {"next_at", "last_error"}


def row_of(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return dict(connection.execute("SELECT * FROM deliveries").fetchone())
