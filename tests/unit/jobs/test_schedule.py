"""The table of the jobs: UTC-aligned, without a run lost or doubled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.jobs.schedule import JOB_FOR, JOBS, SCHEDULE, WOKEN

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BY_JOB = {schedule.job: schedule for schedule in SCHEDULE}
SCHEDULES = st.sampled_from(SCHEDULE)
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # made aware by the strategy
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def fires(schedule, start, end):
    moments, at = [], schedule.next_fire(start)
    while at <= end:
        moments.append(at)
        at = schedule.next_fire(at)
    return moments


def test_every_job_is_in_the_table():
    assert set(BY_JOB) == set(JOBS)


def test_the_ledger_wakes_the_job_of_each_kind(bench):
    assert JOB_FOR == {
        "payment": "post_payments",
        "reversal": "post_reversals",
        "enrollment": "push_enrollments",
    }
    assert set(JOB_FOR.values()) == set(WOKEN)
    bench.enroll(1)
    for several in (False, True):
        for kind in WOKEN.values():
            due = bench.clock.now() if kind.command == "enrollments" else None
            assert bench.ledger.next_due_at(kind.item, [bench.biller]) == due
            many = bench.ledger.are_several_due(kind.item, bench.biller, now=bench.clock.now())
            assert many is (several and due is not None)
        bench.enroll(2, account_number="2")
    assert JOBS["push_enrollments"](bench.biller, bench.work).counts == {"delivered": 2}


@pytest.mark.parametrize(
    ("job", "times"),
    [
        ("send_invoices", ["09:00", "10:00", "11:00", "12:00"]),
        ("reconcile_payments", ["08:10", "10:10", "12:10"]),
        ("post_payments", ["08:30", "09:30", "10:30", "11:30"]),
        ("follow_change_log", ["09:20"]),
        ("push_enrollments", ["08:45", "09:45", "10:45", "11:45"]),
        ("post_reversals", ["08:35", "09:35", "10:35", "11:35"]),
    ],
)
def test_runs_stand_where_the_table_puts_them(job, times):
    found = fires(BY_JOB[job], START, START + timedelta(hours=4, minutes=10))
    assert [f"{at:%H:%M}" for at in found] == times


@given(SCHEDULES, MOMENTS)
def test_the_next_run_is_later_and_not_later_than_one_interval(schedule, after):
    at = schedule.next_fire(after)
    assert after < at <= after + schedule.interval
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert (at - midnight - schedule.offset) % schedule.interval == timedelta(0)


@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_cutting_a_time_in_two_loses_and_doubles_no_run(schedule, start, length):
    end, middle = start + length, start + length / 2
    whole = fires(schedule, start, end)
    assert fires(schedule, start, middle) + fires(schedule, middle, end) == whole


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"):
        SCHEDULE[0].next_fire(datetime(2026, 1, 5))  # noqa: DTZ001
