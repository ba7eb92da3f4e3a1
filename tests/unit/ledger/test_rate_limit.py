"""A carrier's rate limit: so many requests of a kind a minute, by all workers together."""

from datetime import timedelta

from adapter.domain.work_item import State
from adapter.ledger import open_ledger


def claim(desk, at, per_minute):
    return desk.claim(at=at, per_minute=per_minute)


def test_the_minute_that_is_full_makes_the_rest_wait_for_all_workers_until_the_next(desk, now):
    for number in range(1, 6):
        desk.accept(number, lane=str(number))
    other = open_ledger(desk.bench.url)
    limit = {"now": now, "lease_seconds": 90, "per_minute": 2}
    outboxes = [desk.outbox, other.outbox(desk.kind)] * 2
    claimed = [outbox.claim_due(desk.biller, **limit) is not None for outbox in outboxes]
    other.close()
    assert claimed == [True, True, False, False]
    next_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    assert desk.bench.ledger.next_due_at(desk.kind, [desk.biller]) == next_minute
    waiting = desk.items.page(limit=9)[-1]
    assert (waiting.next_at, waiting.attempts) == (next_minute, 0)
    assert waiting.last_error == "rate limited to 2 a minute"
    assert claim(desk, next_minute, 2) is not None


def test_another_carrier_and_another_kind_have_their_own(bench, now):
    bench.payments.accept(1)
    bench.payments.accept(2, biller="another")
    bench.reversals.accept(3, lane="3")
    assert claim(bench.payments, now, 1) is not None
    assert bench.payments.claim(biller="another", per_minute=1) is not None
    assert claim(bench.reversals, now, 1) is not None


def test_looking_for_evidence_counts_as_no_request(desk, now, later):
    """What is in doubt is looked at however many requests there were."""
    desk.accept(1, lane="1")
    desk.accept(2, lane="2")
    desk.record(desk.begin(claim(desk, now, 1)), State.IN_DOUBT, next_at=later(4))
    assert claim(desk, later(4), 1).state is State.IN_DOUBT
    assert claim(desk, later(4), 1) is None


def test_a_claim_that_ended_unsent_waits_like_the_others(desk, now, later):
    desk.accept(1)
    claim(desk, now, 1)
    assert claim(desk, later(90), 1) is not None  # a minute later
    desk.accept(2, lane="2", at=later(90))
    assert claim(desk, later(90), 1) is None
    assert claim(desk, later(180), 1) is not None
    assert claim(desk, later(180), 1) is None
