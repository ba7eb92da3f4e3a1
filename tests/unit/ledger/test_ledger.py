"""The ledger as a whole."""

import pytest

from adapter.errors import LedgerError


def test_it_says_whether_it_can_be_written(bench, sql):
    for _ in range(2):
        bench.ledger.check_writable()
    sql("DROP TABLE meta")
    with pytest.raises(LedgerError, match="cannot be written"):
        bench.ledger.check_writable()


def test_nothing_is_accepted_that_cannot_be_written(desk, sql):
    """A full or broken disk answers an error, never a promise."""
    sql("ALTER TABLE work_events RENAME TO lost")
    with pytest.raises(LedgerError):
        desk.accept()
    sql("ALTER TABLE lost RENAME TO work_events")
    assert desk.items.page(limit=9) == ()


def test_what_becomes_due_is_announced_with_it_or_not_at_all(desk, sql):
    announced = []

    def listen(connection, kind, biller):
        assert connection.in_transaction()
        announced.append((kind, biller))

    desk.bench.ledger.announce_to(listen)
    for _ in range(2):
        desk.accept()
    assert announced == [(desk.name, desk.biller)]

    def refuse(*_arguments):
        raise LedgerError("the queue is full")

    desk.bench.ledger.announce_to(refuse)
    with pytest.raises(LedgerError):
        desk.accept(2)
    assert sql("SELECT count(*) FROM work_items").scalar_one() == 1
