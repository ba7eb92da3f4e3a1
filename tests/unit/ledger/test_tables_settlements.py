"""The table of settlements: quick however long the history."""

import sqlite3
from contextlib import closing

import pytest

QUESTIONS = {
    "SELECT * FROM settlements WHERE biller = 'b' AND matched_at IS NULL ORDER BY id": (
        "settlements_unmatched"
    ),
    "SELECT * FROM settlements WHERE biller = 'b' AND batch_id IN ('1', '2')": "settlements_1",
    "SELECT batch_id FROM settlements WHERE biller = 'b' AND payment_guid = 'g' "
    "AND invoice_number = '1' AND transaction_type = 'payment' AND batch_id != '1'": (
        "settlements_of_payment"
    ),
    "SELECT * FROM deliveries WHERE biller = 'b' AND paid_at >= 1 AND paid_at < 2": (
        "deliveries_paid"
    ),
}


@pytest.mark.sqlite
@pytest.mark.parametrize(("question", "index"), QUESTIONS.items())
def test_every_question_has_its_index(bench, question, index):
    with closing(sqlite3.connect(bench.url.removeprefix("sqlite:///"))) as connection, connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    connection.close()
    (step,) = (row[-1] for row in plan if "ORDER BY" not in row[-1])
    assert index in step, step
