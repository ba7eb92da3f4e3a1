"""The table of reversals: quick however long the history, and one at a time on an invoice."""

import sqlite3
from contextlib import closing

import pytest

QUESTIONS = {
    "SELECT * FROM reversals WHERE biller = 'b' AND next_at <= 5 AND state IN "
    "('waiting', 'sending', 'handed_over', 'failed') ORDER BY next_at, id LIMIT 1": (
        "reversals_due"
    ),
    "SELECT min(next_at) FROM reversals WHERE next_at IS NOT NULL AND biller IN ('b')": (
        "reversals_due"
    ),
    "SELECT reject_guid FROM reversals WHERE biller = 'b' AND reject_guid IN ('g')": (
        "reversals_1"
    ),
    "SELECT * FROM reversals WHERE biller = 'b' AND payment_guid IN ('g')": (
        "reversals_of_payment"
    ),
    "SELECT id FROM reversals WHERE biller = 'b' AND invoice_number = '1' AND state IN "
    "('sending', 'handed_over', 'failed') LIMIT 1": "reversals_o",
}


@pytest.mark.sqlite
@pytest.mark.parametrize(("question", "index"), QUESTIONS.items())
def test_every_question_has_its_index(bench, question, index):
    with closing(sqlite3.connect(bench.url.removeprefix("sqlite:///"))) as connection, connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    connection.close()
    (step,) = (row[-1] for row in plan if "ORDER BY" not in row[-1])
    assert index in step, step


@pytest.mark.sqlite
@pytest.mark.parametrize("state", ["sending", "handed_over", "failed"])
def test_the_database_itself_lets_one_go_at_a_time(bench, state):
    bench.bring_back(1)
    bench.bring_back(2)
    with closing(sqlite3.connect(bench.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE reversals SET state = ? WHERE id = 1", (state,))
        with pytest.raises(sqlite3.IntegrityError, match="invoice_number"):
            connection.execute("UPDATE reversals SET state = 'sending' WHERE id = 2")
        connection.execute("UPDATE reversals SET state = 'reversed' WHERE id = 2")
    connection.close()
