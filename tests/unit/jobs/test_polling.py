"""What polls by a window have in common: the mark, the overlap, rows that cannot be read."""

from datetime import timedelta

import pytest

from adapter.errors import BadInputError
from adapter.jobs.polling import is_settled, move_mark, poll_window, told

JOB = "a_poll"
UNREADABLE = BadInputError(field="RejectAmount", value="much", rule="money", remedy="Ask")


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
    assert not is_settled(bench.biller, UNREADABLE, bench.work, reference=reference)
    assert not is_settled(bench.biller, UNREADABLE, bench.work, reference=reference)
    [item] = bench.exceptions()
    assert (item.kind.value, item.reference) == ("report_unreadable", reference)
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="booked by hand")
    assert is_settled(bench.biller, UNREADABLE, bench.work, reference=reference)
