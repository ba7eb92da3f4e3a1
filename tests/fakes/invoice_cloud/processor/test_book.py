"""The processor's book: its state follows from its events, and is told as text."""

import pytest

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook

[R01] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R01"]
DAY_SECONDS = 24 * 3600


def busy(cloud):
    cloud.pay_new("1", R01)
    cloud.pay_new("2", CARDS[0])
    cloud.world.clock.advance(5 * DAY_SECONDS)
    cloud.pay_new("3", CARDS[0])
    return cloud.world.book(ProcessorBook)


def test_the_state_follows_from_the_events_alone(cloud, make_cloud):
    book = busy(cloud)
    again = make_cloud().world.book(ProcessorBook)
    for recorded in book.events:
        again.record(recorded.event, at=recorded.at)
    assert again.as_json() == book.as_json()
    assert again.open_batches == book.open_batches
    assert len(again.open_batches) == 1


def test_the_state_is_told_with_money_and_moments_as_text(cloud):
    told = busy(cloud).as_json()
    [reject] = told["ach_rejects"]
    assert (reject["amount"], reject["code"]) == ("731.37", "R01")
    assert reject["rejected_at"] == "2026-01-08T10:00:00Z"
    assert [(b["batch_id"], b["total"], b["count"]) for b in told["settled_batches"]] == [
        ("4500-CC-20260106", "731.37", 1),
        ("4500-ACH-20260107", "731.37", 1),
        ("4500-ACH-20260108", "-731.37", 1),
    ]
    [entry] = told["settled_batches"][0]["entries"]
    assert (entry["transaction"], entry["amount"], entry["fee"]) == ("Payment", "731.37", "3.00")


def test_what_is_yet_to_come_is_not_told(cloud):
    """Nobody knows of a return before the bank makes it."""
    cloud.pay_new(instrument=R01)
    told = cloud.world.book(ProcessorBook).as_json()
    assert told == {"ach_rejects": [], "settled_batches": []}


def test_a_book_refuses_what_it_does_not_know(cloud):
    with pytest.raises(TypeError, match="knows no str"):
        cloud.world.book(ProcessorBook).record("something")
