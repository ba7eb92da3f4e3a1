"""The tables: portable, and quick however long the history."""

import sqlite3

import pytest
from sqlalchemy import create_mock_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from adapter.ledger.schema import deliveries, metadata

CLAIM = (
    "SELECT * FROM deliveries WHERE biller = 'b' AND next_at <= 5 "
    "AND state IN ('accepted', 'failed', 'in_doubt', 'pending') ORDER BY next_at, id LIMIT 1"
)
QUESTIONS = {
    CLAIM: "deliveries_due",
    "SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL AND biller = 'b'": (
        "deliveries_due"
    ),
    "SELECT * FROM deliveries WHERE biller = 'b' AND confirmed_at IS NULL "
    "AND paid_at >= 1 AND paid_at < 2": "deliveries_unconfirmed",
    "SELECT * FROM exceptions WHERE biller = 'b' AND invoice_number = '1' "
    "AND resolved_at IS NULL": "exceptions_of_invoice",
    "SELECT * FROM delivery_events WHERE delivery_id = 1 ORDER BY id": (
        "delivery_events_of_delivery"
    ),
    "SELECT * FROM deliveries WHERE state = 'dead' AND id > 1 ORDER BY id LIMIT 9": (
        "deliveries_in_state"
    ),
}


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_every_table_can_be_made_on_every_database(dialect):
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_the_rule_of_one_post_at_a_time_is_the_databases_own(dialect):
    index = next(i for i in deliveries.indexes if i.name == "deliveries_one_at_a_time")
    words = str(CreateIndex(index).compile(dialect=dialect))
    assert words.startswith("CREATE UNIQUE INDEX")
    assert "state IN ('in_doubt', 'pending', 'sending') OR lease_owner IS NOT NULL" in words


@pytest.mark.parametrize(("question", "index"), QUESTIONS.items(), ids=QUESTIONS.values())
def test_questions_are_answered_from_an_index(question, index):
    """Neither the claim nor the lists read the whole history."""
    connection = sqlite3.connect(":memory:")
    engine = create_mock_engine(
        "sqlite://", lambda made, *_, **__: connection.execute(str(made.compile(dialect=DIALECT)))
    )
    metadata.create_all(engine, checkfirst=False)
    plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}"))
    connection.close()
    assert f"INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan


DIALECT = sqlite.dialect()
