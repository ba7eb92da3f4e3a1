"""Reading settled batches: every row once, matched to the cent or visibly not (C4, C6)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import (
    UNMATCHED_AFTER,
    UNSETTLED_AFTER,
    UNSETTLED_REACH,
    TransactionType,
)
from adapter.errors import BadInputError, RetryableError
from adapter.jobs.match_settlements import JOB, OVERLAP, run_once
from tests.unit.domain.conftest import build_row

TODAY = date(2026, 1, 5)
DAY = timedelta(days=1)
BROKEN = RetryableError("broke off", partner="invoice_cloud", operation="batches")
UNREADABLE = BadInputError(field="BatchTotal", value="much", rule="money", remedy="Ask")


def run(bench):
    return run_once(bench.biller, bench.work)


def rows(bench):
    return bench.ledger.settlements.page(limit=100)


def settle(bench, *told, day=TODAY):
    """Have Invoice Cloud tell these rows as one batch that adds up."""
    total = sum((each.amount for each in told), Decimal(0))
    bench.partners.batches[day] = [
        replace(each, batch_total=total, batch_count=len(told)) for each in told
    ]


def test_each_row_is_recorded_and_matched_once(bench):
    bench.accept(1)
    bench.accept(2)
    settle(bench, build_row(1), build_row(2))
    assert run(bench).counts == {"rows": 2, "new": 2, "matched": 2}
    assert run(bench).counts == {"rows": 2}
    assert [told.matched_at for told in rows(bench)] == [bench.clock.now()] * 2
    assert bench.exceptions() == ()


def test_every_day_from_the_mark_is_asked_for_and_some_before_it(bench):
    run(bench)
    assert bench.mark(JOB) == TODAY.isoformat()
    bench.clock.at += 10 * DAY
    bench.partners.days.clear()
    report = run(bench)
    first, last = TODAY - OVERLAP, TODAY + 10 * DAY
    assert bench.partners.days == [first + DAY * n for n in range((last - first).days + 1)]
    assert report.note == f"{first} to {last}"


def test_a_poll_that_breaks_off_goes_on_at_the_day_that_was_not_read(bench):
    run(bench)
    bench.clock.at += 5 * DAY
    bench.accept()
    settle(bench, build_row(settled_on=TODAY + DAY), day=TODAY + DAY)
    bench.partners.batches[TODAY + 3 * DAY] = [BROKEN]
    assert run(bench).failure is BROKEN
    assert bench.mark(JOB) == (TODAY + 2 * DAY).isoformat()
    assert len(rows(bench)) == 1
    del bench.partners.batches[TODAY + 3 * DAY]
    assert run(bench).counts["matched"] == 1
    assert bench.mark(JOB) == (TODAY + 5 * DAY).isoformat()


def test_the_first_mark_stands_while_polls_fail(bench):
    bench.partners.batches = {TODAY - DAY * n: [BROKEN] for n in range(10)}
    run(bench)
    first = bench.mark(JOB)
    bench.clock.at += DAY
    run(bench)
    assert bench.mark(JOB) == first < TODAY.isoformat()


def test_an_unknown_payment_is_waited_for_and_then_an_exception_until_it_comes(bench):
    for number, patience in ((1, timedelta(0)), (2, UNMATCHED_AFTER)):
        settle(bench, build_row(number))
        assert run(bench).counts["new"] == 1
        assert bench.open_kinds() == []
        bench.clock.at += patience
        for _ in range(2 if patience else 0):
            assert run(bench).counts["settled_unknown"] == 1
            assert bench.open_kinds() == [ExceptionKind.SETTLED_UNKNOWN]
        bench.accept(number)
        assert run(bench).counts["matched"] == 1
        assert bench.open_kinds() == []


@pytest.mark.parametrize(
    ("amount", "transaction"),
    [("31.38", TransactionType.PAYMENT), ("-31.36", TransactionType.RETURN)],
)
def test_any_other_amount_is_an_exception_at_once(bench, amount, transaction):
    bench.accept()
    bench.bring_back()
    settle(bench, build_row(amount=amount, transaction=transaction))
    for _ in range(3):
        run(bench)
    assert bench.open_kinds() == [ExceptionKind.SETTLED_OTHERWISE]
    assert rows(bench)[0].matched_at is None


def test_a_return_is_matched_to_its_reject(bench):
    bench.accept()
    taken_back = build_row(
        amount="-31.37", transaction=TransactionType.RETURN, batch_id="20260105-ACH"
    )
    settle(bench, taken_back)
    assert run(bench).counts == {"rows": 1, "new": 1}
    bench.clock.at += UNMATCHED_AFTER
    run(bench)
    assert bench.open_kinds() == [ExceptionKind.SETTLED_UNKNOWN]
    bench.bring_back()
    run(bench)
    assert bench.open_kinds() == []
    assert rows(bench)[0].matched_at == bench.clock.now()


def test_a_batch_that_does_not_add_up_is_an_exception_until_it_does(bench):
    bench.accept(1)
    bench.accept(2)
    settle(bench, build_row(1), build_row(2))
    both = bench.partners.batches[TODAY]
    bench.partners.batches[TODAY] = both[:1]
    run(bench)
    assert bench.open_kinds() == [ExceptionKind.BATCH_TOTAL]
    bench.partners.batches[TODAY] = both
    assert run(bench).counts == {"rows": 2, "new": 1, "matched": 1}
    assert bench.open_kinds() == []


def test_a_payment_in_two_batches_is_an_exception(bench):
    bench.accept()
    settle(bench, build_row())
    settle(bench, build_row(batch_id="20260104-CC", settled_on=TODAY - DAY), day=TODAY - DAY)
    run(bench)
    assert bench.open_kinds() == [ExceptionKind.SETTLED_TWICE]


def test_a_payment_that_no_batch_pays_out_is_an_exception_until_one_does(bench):
    payment = bench.accept()
    bench.clock.at = payment.paid_at + UNSETTLED_AFTER
    run(bench)
    assert bench.open_kinds() == []
    bench.clock.at += timedelta(seconds=1)
    for _ in range(2):
        assert run(bench).counts == {"unsettled": 1}
    assert bench.open_kinds() == [ExceptionKind.UNSETTLED]
    today = bench.clock.now().date()
    settle(bench, build_row(settled_on=today), day=today)
    run(bench)
    assert bench.open_kinds() == []
    assert run(bench).counts == {"rows": 1}


def test_a_payment_of_old_is_not_asked_about_for_ever(bench):
    payment = bench.accept()
    bench.clock.at = payment.paid_at + UNSETTLED_REACH + DAY
    assert "unsettled" not in run(bench).counts


def test_a_failing_report_calls_no_payment_unsettled(bench):
    """Nobody knows what the batches hold that could not be read."""
    payment = bench.accept()
    bench.clock.at = payment.paid_at + UNSETTLED_AFTER + DAY
    bench.partners.batches[bench.clock.now().date()] = [BROKEN]
    assert run(bench).failure is BROKEN
    assert bench.open_kinds() == []


def test_unreadable_rows_hold_the_mark_and_the_batch_is_not_judged(bench):
    run(bench)
    before = bench.mark(JOB)
    bench.clock.at += DAY
    bench.accept()
    settle(bench, build_row(), build_row(2), day=TODAY)
    bench.partners.batches[TODAY] = [bench.partners.batches[TODAY][0], UNREADABLE]
    assert run(bench).counts == {"rows": 1, "new": 1, "matched": 1, "unreadable": 1}
    assert bench.open_kinds() == [ExceptionKind.REPORT_UNREADABLE]
    assert bench.mark(JOB) == before
    [item] = bench.exceptions()
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="seen to")
    run(bench)
    assert bench.mark(JOB) > before


def test_each_whole_run_says_that_it_came_to_its_end(bench):
    run(bench)
    for _ in range(2):
        bench.pass_time(4 * 3600)
        run(bench)
        [told] = [m for m in bench.ledger.watermarks.all() if m.job == JOB]
        assert told.moved_at == bench.clock.now()
