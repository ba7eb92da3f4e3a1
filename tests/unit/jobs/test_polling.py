"""What polls have in common: the run, the mark, the overlap, rows that cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.clock import GmtWindow
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    MalformedRowError,
    RetryableError,
)
from adapter.jobs import polling, reconcile_payments, reverse_rejects
from adapter.jobs.polling import Poll, in_parts, next_window, poll_window, window_text
from adapter.kinds import PAYMENTS, REVERSALS

JOB = "a_poll"
BROKEN = RetryableError("broke off", partner="invoice_cloud", operation="report")
DAY = 24 * 3600
START = datetime(2026, 1, 5, 8, 10, tzinfo=UTC)
OVERLAP = timedelta(minutes=30)
REACH = timedelta(hours=48)
UNREADABLE = BadInputError(field="RejectAmount", value="much", rule="money", remedy="Ask")


class Scripted(Poll):
    """A poll that ends as its test says."""

    def __init__(self, bench, error=None):
        super().__init__(bench.biller, bench.work)
        self.error = error

    def _poll(self, _ports):
        self._note = "all of it"
        if self.error:
            raise self.error


def test_a_window_is_written_in_gmt(bench):
    window = poll_window(bench.biller, JOB, bench.work)
    assert window_text(window).endswith(" to 2026-01-05T08:00:00Z")


def test_first_window_reaches_back():
    window = next_window(None, START, overlap=OVERLAP, first_reach=REACH)
    assert window == GmtWindow(start_gmt=START - REACH, end_gmt=START)


@given(st.lists(st.integers(min_value=0, max_value=10 * 86_400), min_size=2, max_size=20))
def test_windows_leave_no_gap(pauses):
    """However long the job rests between polls, each window overlaps the one before."""
    mark, now = None, START
    for pause in pauses:
        now += timedelta(seconds=pause)
        window = next_window(mark, now, overlap=OVERLAP, first_reach=REACH)
        assert window.end_gmt == now
        if mark is not None:
            assert window.start_gmt == mark - OVERLAP
        mark = window.end_gmt


def test_a_clock_that_was_set_back_still_overlaps():
    window = next_window(START + REACH, START, overlap=OVERLAP, first_reach=REACH)
    assert window == GmtWindow(start_gmt=START - OVERLAP, end_gmt=START)


def test_a_run_reports_what_it_counted(bench):
    report = Scripted(bench).run(JOB)
    assert (report.job, report.biller, report.note) == (JOB, bench.biller, "all of it")
    assert (report.counts, report.failure) == ({}, None)


@pytest.mark.parametrize("error", [UNREADABLE, ConfigurationError("no"), LeaseLostError("late")])
def test_what_ends_a_run_is_its_failure(bench, error):
    report = Scripted(bench, error).run(JOB)
    assert (report.failure, report.note) == (error, "all of it")


def test_wrong_settings_are_a_failure(bench):
    bench.settings_problem = ConfigurationError("billers.camp-point is wrong")
    report = Scripted(bench).run(JOB)
    assert (report.failure, report.note) == (bench.settings_problem, "")


@pytest.mark.parametrize("kind", [LedgerError, MalformedRowError, KeyError])
def test_a_ledger_that_fails_and_a_mistake_of_ours_are_raised(bench, kind):
    with pytest.raises(kind):
        Scripted(bench, kind("the disk is full")).run(JOB)


@pytest.mark.parametrize("unreadable", [None, UNREADABLE])
@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (2, [2]), (3, [3, 0]), (7, [3, 3, 1])], ids=str
)
def test_rows_come_in_parts_and_the_unreadable_ones_last(monkeypatch, unreadable, count, sizes):
    monkeypatch.setattr("adapter.jobs.polling.ROWS_PER_PART", 3)
    parts = []

    def rows():
        yield from range(count)
        if unreadable:
            raise unreadable

    assert in_parts(rows(), parts.append) is unreadable
    assert [len(part) for part in parts] == sizes
    assert [row for part in parts for row in part] == list(range(count))


# The polls that read a report of a window


class Report:
    """One of these polls: what its report holds, and what it makes of it."""

    def __init__(self, bench, job):
        is_payments = job is reconcile_payments
        self.bench, self.job = bench, job
        self.kind = PAYMENTS if is_payments else REVERSALS
        self.row = bench.payment if is_payments else bench.ach_return
        self.rows = bench.partners.reported if is_payments else bench.partners.returned

    def run(self, *rows):
        self.rows[:] = rows
        return self.job.run_once(self.bench.biller, self.bench.work)

    @property
    def mark(self):
        return self.bench.ledger.watermarks.get(self.bench.biller, self.job.JOB)


@pytest.fixture(params=[reconcile_payments, reverse_rejects], ids=lambda job: job.JOB)
def report(bench, request):
    return Report(bench, request.param)


def test_a_day_s_outage_is_one_long_window(bench, report):
    began = bench.clock.now()
    report.run()
    bench.pass_time(DAY)
    report.run()
    first, second = bench.partners.windows
    assert (first.start_gmt, first.end_gmt) == (began - timedelta(hours=48), began)
    assert second.start_gmt == began - timedelta(minutes=30)
    assert second.end_gmt.isoformat() == bench.clock.now().isoformat() == report.mark


def test_a_poll_that_breaks_off_keeps_what_came_and_reads_its_window_again(bench, report):
    assert report.run(report.row(1), BROKEN).failure is BROKEN
    before = report.mark
    assert before == "2026-01-03T08:30:00+00:00"  # 48 h back, less the overlap
    bench.pass_time(DAY)
    assert report.run(report.row(1), report.row(2)).failure is None
    assert bench.partners.windows[-1].start_gmt == bench.partners.windows[-2].start_gmt
    assert report.mark != before
    assert len(bench.items(report.kind)) == 2


def test_a_poll_that_dies_before_its_mark_moves_loses_and_doubles_nothing(
    bench, report, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(report.job, "move_mark", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            report.run(report.row())
    assert "taken_over" not in report.run(report.row()).counts
    assert len(bench.items(report.kind)) == 1


def test_rows_that_cannot_be_read_hold_the_mark_until_a_person_has_settled_them(bench, report):
    report.run()
    before = report.mark
    bench.pass_time(3600)
    for received in (1, 0):
        counts = report.run(report.row(), UNREADABLE).counts
        assert (counts["unreadable"], counts.get("taken_over", 0)) == (1, received)
        assert report.mark == before
    [item] = bench.exceptions()
    assert "RejectAmount = 'much'" in item.detail
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="seen to")
    report.run(report.row(), UNREADABLE)
    assert report.mark == bench.clock.now().isoformat()
    assert len(bench.exceptions()) == 1


def test_a_report_is_read_in_parts(report, monkeypatch):
    monkeypatch.setattr(polling, "ROWS_PER_PART", 2)
    rows = [report.row(number, invoice_number=str(number)) for number in range(1, 6)]
    assert report.run(*rows).counts["taken_over"] == 5
