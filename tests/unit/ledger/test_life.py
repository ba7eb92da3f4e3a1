"""Since when a ledger is kept, and when its workers last lived."""

from adapter.ledger import open_ledger


def test_its_beginning_is_noted_once_for_ever(bench, now, later):
    assert bench.ledger.life.begin(now) == now
    assert bench.ledger.life.begin(later(60)) == now
    other = open_ledger(bench.url)
    assert other.life.begin(later(120)) == now
    other.close()


def test_the_last_heartbeat_is_that_of_any_worker_and_never_goes_back(bench, later):
    life = bench.ledger.life
    assert life.last_heartbeat() is None
    life.beat("one", now=later(5))
    life.beat("two", now=later(3))
    assert life.last_heartbeat() == later(5)
    life.beat("one", now=later(1))
    assert life.last_heartbeat() == later(5)
    life.beat("two", now=later(9))
    assert life.last_heartbeat() == later(9)
