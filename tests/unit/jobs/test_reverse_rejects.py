"""Polling the rejects: each is received once, however often it is reported (C3, C6)."""

from decimal import Decimal

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source, State
from adapter.jobs.reverse_rejects import run_once
from adapter.kinds import REVERSALS

DAY = 24 * 3600


def run(bench):
    return run_once(bench.biller, bench.work)


def test_a_reject_is_received_once(bench):
    bench.partners.returned = [bench.ach_return(1), bench.ach_return(2)]
    assert run(bench).counts == {"seen": 2, "taken_over": 2}
    bench.pass_time(DAY)
    assert run(bench).counts == {"seen": 2}
    items = bench.items(REVERSALS)
    assert [item.payload for item in items] == bench.partners.returned
    assert {(i.state, i.source) for i in items} == {(State.WAITING, Source.REJECT_REPORT)}
    assert {item.next_at for item in items} == {items[0].accepted_at}
    assert bench.exceptions() == ()


def test_a_reject_that_stands_twice_is_one_and_of_two_invoices_is_two(bench):
    bench.partners.returned = [bench.ach_return(), bench.ach_return()]
    assert run(bench).counts == {"seen": 2, "taken_over": 1}
    bench.partners.returned = [bench.ach_return(), bench.ach_return(invoice_number="7")]
    assert run(bench).counts == {"seen": 2, "taken_over": 1}
    assert len(bench.items(REVERSALS)) == 2


def test_a_reject_that_is_told_otherwise_is_for_a_person(bench):
    bench.bring_back()
    bench.partners.returned = [bench.ach_return(amount=Decimal("31.36"))]
    for _ in range(2):
        assert run(bench).counts == {"seen": 1, "changed": 1}
    [item] = bench.exceptions()
    assert (item.kind, item.payment_guid) == (ExceptionKind.REJECT_MISMATCH, None)
    assert bench.items(REVERSALS)[0].payload.amount == Decimal("31.37")
