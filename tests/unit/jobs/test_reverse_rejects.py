"""Polling the rejects: each is received once, however often it is reported (C3, C6)."""

from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source, State
from adapter.errors import BadInputError, RetryableError
from adapter.jobs import reverse_rejects
from adapter.jobs.polling import ROWS_PER_PART
from adapter.jobs.reverse_rejects import JOB, run_once
from adapter.kinds import REVERSALS

BROKEN = RetryableError("broke off", partner="invoice_cloud", operation="rejects")
UNREADABLE = BadInputError(field="RejectAmount", value="much", rule="money", remedy="Ask")
DAY = 24 * 3600


def run(bench):
    return run_once(bench.biller, bench.work)


def mark(bench):
    return bench.ledger.watermarks.get(bench.biller, JOB)


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


def test_one_reject_of_two_invoices_is_two_reversals(bench):
    bench.partners.returned = [bench.ach_return(), bench.ach_return(invoice_number="7")]
    run(bench)
    assert len(bench.items(REVERSALS)) == 2


def test_the_same_reject_twice_in_one_answer_is_one(bench):
    bench.partners.returned = [bench.ach_return(), bench.ach_return()]
    assert run(bench).counts == {"seen": 2, "taken_over": 1}


def test_a_reject_that_is_told_otherwise_is_for_a_person(bench):
    bench.bring_back()
    bench.partners.returned = [bench.ach_return(amount=Decimal("31.36"))]
    for _ in range(2):
        assert run(bench).counts == {"seen": 1, "changed": 1}
    [item] = bench.exceptions()
    assert (item.kind, item.payment_guid) == (ExceptionKind.REJECT_MISMATCH, None)
    assert bench.items(REVERSALS)[0].payload.amount == Decimal("31.37")


def test_a_poll_that_breaks_off_keeps_what_came_and_reads_its_window_again(bench):
    run(bench)
    before = mark(bench)
    bench.partners.returned = [bench.ach_return(), BROKEN]
    bench.pass_time(3 * 3600)
    assert run(bench).failure is BROKEN
    assert mark(bench) == before
    bench.partners.returned = [bench.ach_return(), bench.ach_return(2)]
    bench.pass_time(DAY)
    report = run(bench)
    assert bench.partners.windows[-1].start_gmt == bench.partners.windows[-2].start_gmt
    assert report.failure is None
    assert mark(bench) != before
    assert len(bench.items(REVERSALS)) == 2


def test_a_process_that_dies_before_the_mark_moves_loses_and_doubles_nothing(bench, monkeypatch):
    bench.partners.returned = [bench.ach_return()]
    with monkeypatch.context() as patched:
        patched.setattr(reverse_rejects, "move_mark", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            run(bench)
    assert run(bench).counts == {"seen": 1}
    assert len(bench.items(REVERSALS)) == 1


def test_a_day_s_outage_is_one_long_window(bench):
    run(bench)
    end = bench.partners.windows[-1].end_gmt
    bench.pass_time(DAY)
    run(bench)
    assert bench.partners.windows[-1].start_gmt < end
    assert bench.partners.windows[-1].end_gmt == bench.clock.now()


def test_unreadable_rows_hold_the_mark_until_a_person_has_settled_them(bench):
    run(bench)
    before = mark(bench)
    bench.partners.returned = [bench.ach_return(), UNREADABLE]
    bench.pass_time(3 * 3600)
    assert run(bench).counts == {"seen": 1, "taken_over": 1, "unreadable": 1}
    assert mark(bench) == before
    [item] = bench.exceptions()
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="seen to")
    run(bench)
    assert mark(bench) != before


def test_many_rows_are_received_in_parts(bench):
    numbers = range(1, ROWS_PER_PART + 2)
    bench.partners.returned = [bench.ach_return(n, invoice_number=str(n)) for n in numbers]
    assert run(bench).counts == {"seen": len(numbers), "taken_over": len(numbers)}
