"""A carrier's pace: so many posts a minute, by all workers together."""

from datetime import timedelta

from adapter.domain.delivery import DeliveryState
from adapter.ledger import open_ledger

PER_MINUTE = 2


def claim(ledger, bench, at):
    return ledger.claims.claim_due(
        bench.biller, now=at, lease_seconds=90, posts_per_minute=PER_MINUTE
    )


def test_the_minute_that_is_full_makes_the_rest_wait_for_the_next(bench, now):
    for number in range(1, 6):
        bench.accept(number, invoice=str(number))
    assert [claim(bench.ledger, bench, now) is not None for _ in range(3)] == [True, True, False]
    minute = now.replace(second=0, microsecond=0)
    assert bench.ledger.next_due_at([bench.biller]) == minute + timedelta(minutes=1)
    waiting = bench.ledger.deliveries.page(limit=9)[-1]
    assert waiting.last_error == "waits for its turn: 2 receipts a minute"
    assert claim(bench.ledger, bench, minute + timedelta(minutes=1)) is not None


def test_all_workers_keep_it_together(bench, now):
    for number in range(1, 6):
        bench.accept(number, invoice=str(number))
    other = open_ledger(bench.url)
    claimed = [claim(ledger, bench, now) for ledger in (bench.ledger, other, bench.ledger, other)]
    other.close()
    assert [delivery is not None for delivery in claimed] == [True, True, False, False]


def test_another_carrier_has_its_own(bench, now):
    bench.accept(1, invoice="1")
    bench.accept(2, invoice="2", biller="another")
    for biller in (bench.biller, "another"):
        taken = bench.ledger.claims.claim_due(
            biller, now=now, lease_seconds=90, posts_per_minute=1
        )
        assert taken is not None


def test_looking_for_evidence_is_no_post(bench, now, later):
    """Whoever is in doubt is looked at however many posts there were."""
    bench.accept(1, invoice="1")
    bench.accept(2, invoice="2")
    delivery = claim(bench.ledger, bench, now)
    bench.ledger.claims.begin_sending(
        delivery, balance_before=delivery.payment.amount, now=now, lease_seconds=1
    )
    bench.ledger.claims.expire_leases(bench.biller, now=later(2), settle_seconds=1)
    assert claim(bench.ledger, bench, later(4)).state is DeliveryState.ACCEPTED
    assert claim(bench.ledger, bench, later(4)).state is DeliveryState.IN_DOUBT
