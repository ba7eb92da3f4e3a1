"""Kept snapshots: replaced in one transaction with what they say and the mark."""

from datetime import UTC, datetime, timedelta

import pytest

from adapter.domain.enrollment import EnrollmentKind, Snapshot
from adapter.errors import LedgerError
from adapter.kinds.enrollments import ENROLLMENT
from adapter.ledger import snapshots
from adapter.ledger.items import NAMES_PER_STATEMENT

PAPERLESS, AUTOPAY = EnrollmentKind
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def accept(bench, since, *changes, kind=PAPERLESS, at=None):
    snapshot = Snapshot(taken_at=at or bench.now, since=since, is_whole=True)
    return bench.ledger.snapshots.accept(
        ENROLLMENT, bench.biller, kind, snapshot, changes, mark=f"log.{kind.value}", now=bench.now
    )


def mark(bench, kind=PAPERLESS):
    return bench.ledger.watermarks.get(bench.biller, f"log.{kind.value}")


def test_a_snapshot_replaces_the_one_before_it(bench, later):
    many = {str(number): SINCE for number in range(2 * NAMES_PER_STATEMENT + 3)}
    accept(bench, many)
    assert bench.ledger.snapshots.kept(bench.biller, PAPERLESS) == frozenset(many)
    accept(bench, {"7": SINCE + timedelta(days=1), "x": SINCE}, at=later(5))
    assert bench.ledger.snapshots.kept(bench.biller, PAPERLESS) == {"7", "x"}
    assert bench.ledger.snapshots.kept(bench.biller, AUTOPAY) == frozenset()
    assert mark(bench) == later(5).isoformat()
    assert mark(bench, AUTOPAY) is None


def test_what_it_says_is_accepted_with_it(bench):
    changes = [bench.enrollments.payload(1), bench.enrollments.payload(2, lane="7")]
    for new in (2, 0):
        assert accept(bench, {"30254": SINCE}, *changes) == new
    assert len(bench.enrollments.items.page(limit=9)) == 2


def test_all_of_it_or_nothing(bench, monkeypatch):
    def die(*_arguments):
        raise LedgerError("the disk is full")

    monkeypatch.setattr(snapshots, "move_mark", die)
    with pytest.raises(LedgerError):
        accept(bench, {"1": SINCE}, bench.enrollments.payload(lane="1"))
    assert bench.ledger.snapshots.kept(bench.biller, PAPERLESS) == frozenset()
    assert bench.enrollments.items.page(limit=9) == ()
