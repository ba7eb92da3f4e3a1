"""The tables of enrolments: quick however long the history."""

import sqlite3
from contextlib import closing

import pytest

QUESTIONS = {
    "SELECT * FROM enrollments WHERE biller = 'b' AND next_at <= 5 "
    "AND state IN ('waiting', 'sending', 'failed') ORDER BY next_at, id LIMIT 1": (
        "enrollments_due"
    ),
    "SELECT min(next_at) FROM enrollments WHERE next_at IS NOT NULL AND biller = 'b'": (
        "enrollments_due"
    ),
    "SELECT * FROM enrollments WHERE biller = 'b' AND kind = 'paperless' "
    "AND account_number = '1' ORDER BY changed_at DESC, event_guid DESC LIMIT 1": (
        "enrollments_of_setting"
    ),
    "SELECT account_number, max(changed_at) FROM enrollments WHERE biller = 'b' "
    "AND kind = 'paperless' GROUP BY account_number": "enrollments_of_setting",
    "SELECT * FROM enrollments WHERE biller = 'b' AND event_guid = 'g'": "enrollments_1",
    "SELECT * FROM enrollments WHERE state = 'failed' AND id > 1 ORDER BY id LIMIT 9": (
        "enrollments_in_state"
    ),
    "SELECT * FROM enrollment_events WHERE enrollment_id = 1 ORDER BY id": (
        "enrollment_events_of_enrollment"
    ),
    "SELECT * FROM enrolled_accounts WHERE biller = 'b' AND kind = 'paperless'": (
        "enrolled_accounts_1"
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
