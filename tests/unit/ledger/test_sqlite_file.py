"""A ledger whose file is moved, deleted or replaced while it is open takes nothing more in."""

import shutil

import pytest

from adapter.domain.delivery import Source
from adapter.errors import LedgerError
from adapter.ledger import open_ledger

pytestmark = pytest.mark.sqlite

pytestmark = pytest.mark.sqlite


@pytest.fixture
def path(bench):
    bench.accept(1)
    return bench.ledger._store._engine.url.database


def test_a_moved_file_takes_nothing_and_one_put_back_goes_on(bench, path):
    away = shutil.move(path, f"{path}.away")
    for number in (2, 3):
        with pytest.raises(LedgerError, match="moved or deleted"):
            bench.accept(number, invoice=str(number))
    with pytest.raises(LedgerError, match="moved or deleted"):
        bench.ledger.check_writable()
    shutil.move(away, path)
    assert bench.accept(4, invoice="4").id == 2
    assert [d.id for d in bench.ledger.deliveries.page(limit=9)] == [1, 2]


def test_no_empty_file_is_made_in_the_place_of_one_that_is_gone(bench, path, tmp_path):
    shutil.move(path, f"{path}.away")
    bench.ledger._store._engine.dispose()
    with pytest.raises(LedgerError, match="moved or deleted"):
        bench.accept(2, invoice="2")
    assert not (tmp_path / "ledger.db").exists()


def test_another_ledger_in_its_place_is_the_ledger(bench, path, new_ledger, tmp_path, now):
    shutil.move(new_ledger(tmp_path).removeprefix("sqlite:///"), path)
    for name in ("-wal", "-shm"):
        shutil.move(f"{path}{name}", f"{path}{name}.away")
    payment = bench.payment(2, invoice="2")
    bench.ledger.accept(payment, source=Source.DATA_PUMP, now=now)
    again = open_ledger(bench.url)
    assert [d.payment for d in again.deliveries.page(limit=9)] == [payment]
    again.close()
