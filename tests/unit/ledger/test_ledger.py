"""The ledger as a whole."""

import sqlite3

import pytest

from adapter.errors import LedgerError
from adapter.ledger import open_ledger


@pytest.mark.sqlite
def test_it_says_whether_it_can_be_written(bench):
    bench.ledger.check_writable()
    path = bench.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE meta")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match="cannot be written"):
        bench.ledger.check_writable()


@pytest.mark.sqlite
def test_nothing_is_accepted_that_cannot_be_written(bench):
    """A full or broken disk answers an error, never a promise."""
    path = bench.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE delivery_events RENAME TO lost")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError):
        bench.accept()
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE lost RENAME TO delivery_events")
    connection.commit()
    connection.close()
    assert bench.ledger.deliveries.page(limit=9) == ()


def test_everything_survives_the_process(bench, now):
    delivery = bench.accept()
    bench.ledger.watermarks.move(bench.biller, "reconcile_payments", "m", now=now)
    bench.ledger.close()
    again = open_ledger(bench.url)
    assert again.deliveries.page(limit=9) == (delivery,)
    assert again.watermarks.get(bench.biller, "reconcile_payments") == "m"
    again.close()
