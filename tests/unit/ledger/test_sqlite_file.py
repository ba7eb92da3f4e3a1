"""A ledger whose file is moved, deleted or replaced while it is open takes nothing more in."""

import shutil

import pytest

from adapter.errors import LedgerError
from adapter.kinds.payments import PAYMENT
from adapter.ledger import open_ledger

pytestmark = pytest.mark.sqlite


@pytest.fixture
def path(bench):
    bench.payments.accept(1)
    return bench.ledger._store._engine.url.database


def test_a_moved_file_takes_nothing_and_one_put_back_goes_on(bench, path):
    away = shutil.move(path, f"{path}.away")
    for number in (2, 3):
        with pytest.raises(LedgerError, match="moved or deleted"):
            bench.payments.accept(number, lane=str(number))
    with pytest.raises(LedgerError, match="moved or deleted"):
        bench.ledger.check_writable()
    shutil.move(away, path)
    assert bench.payments.accept(4, lane="4").id == 2
    assert [item.id for item in bench.payments.items.page(limit=9)] == [1, 2]


def test_no_empty_file_is_made_in_the_place_of_one_that_is_gone(bench, path, tmp_path):
    shutil.move(path, f"{path}.away")
    bench.ledger._store._engine.dispose()
    with pytest.raises(LedgerError, match="moved or deleted"):
        bench.payments.accept(2, lane="2")
    assert not (tmp_path / "ledger.db").exists()


def test_another_ledger_in_its_place_is_the_ledger(bench, path, new_ledger, tmp_path):
    shutil.move(new_ledger(tmp_path).removeprefix("sqlite:///"), path)
    for name in ("-wal", "-shm"):
        shutil.move(f"{path}{name}", f"{path}{name}.away")
    item = bench.payments.accept(2, lane="2")
    again = open_ledger(bench.url)
    assert again.items(PAYMENT).page(limit=9) == (item,)
    again.close()
