"""What polls have in common: the run, the mark, the overlap, rows that cannot be read."""

from datetime import timedelta

import pytest

from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    MalformedRowError,
)
from adapter.jobs.polling import Poll, in_parts, move_mark, poll_window, told

JOB = "a_poll"
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


def window(bench):
    return poll_window(bench.biller, JOB, bench.work)


def test_the_first_window_begins_where_the_first_poll_saw_it(bench):
    first = window(bench)
    reach = timedelta(hours=bench.work.rules.first_reach_hours)
    assert first.start_gmt == bench.clock.now() - reach
    bench.pass_time(6 * 3600)
    assert window(bench).start_gmt == first.start_gmt


def test_a_window_overlaps_the_one_before(bench):
    first = window(bench)
    move_mark(bench.biller, JOB, first, bench.work)
    bench.pass_time(24 * 3600)
    second = window(bench)
    overlap = timedelta(minutes=bench.work.rules.poll_overlap_minutes)
    assert second.start_gmt == first.end_gmt - overlap
    assert second.end_gmt == bench.clock.now()


def test_a_window_is_told_in_gmt(bench):
    first = window(bench)
    assert told(first).endswith(" to 2026-01-05T08:00:00Z")


@pytest.mark.parametrize("reference", [None, "reject report"])
def test_unreadable_rows_are_settled_by_a_person(bench, reference):
    poll = Scripted(bench)
    assert not poll._is_settled(UNREADABLE, reference=reference)
    assert not poll._is_settled(UNREADABLE, reference=reference)
    [item] = bench.exceptions()
    assert (item.kind.value, item.reference) == ("report_unreadable", reference)
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="booked by hand")
    assert poll._is_settled(UNREADABLE, reference=reference)
    assert poll.run(JOB).counts == {"unreadable": 3}


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
