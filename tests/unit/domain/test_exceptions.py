"""The kinds of exceptions, how old one is, and when it cannot wait."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from adapter.domain.exceptions import ExceptionItem, ExceptionKind

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
ITEM = ExceptionItem(
    id=1,
    biller="a",
    kind=ExceptionKind.DEAD,
    payment_guid=None,
    invoice_number="1",
    detail="why",
    opened_at=NOW - timedelta(hours=3),
    resolved_at=None,
    resolution="",
)


def test_kinds_are_told_by_words_that_never_change():
    """The words stand in ledgers and in what operators read."""
    assert {kind.value for kind in ExceptionKind} == {
        "not_applied",
        "dead",
        "evidence_unclear",
        "paid_before_beginning",
        "row_unreadable",
        "evidence_overdue",
        "setting_overdue",
        "mismatch",
        "not_reported",
        "report_unreadable",
        "invoice_refused",
        "upload_refused",
        "reject_unknown",
        "reject_unapplied",
        "reject_mismatch",
        "reject_repeated",
        "reject_code",
        "reversal_failed",
        "reversal_refused",
        "batch_total",
        "settled_unknown",
        "settled_otherwise",
        "settled_twice",
        "unsettled",
        "enrollment_failed",
        "enrollment_refused",
    }


def test_an_item_ages_until_it_is_resolved():
    assert ITEM.age(NOW) == timedelta(hours=3)
    resolved = replace(ITEM, resolved_at=NOW - timedelta(hours=1))
    assert resolved.age(NOW + timedelta(days=9)) == timedelta(hours=2)
    assert ITEM.age(NOW - timedelta(days=1)) == timedelta(0), "the clock was set back"


def test_an_open_item_cannot_wait_when_its_invoice_cannot():
    near, far = (replace(ITEM, due_date=date(2026, 1, day)) for day in (8, 9))
    assert [each.is_critical(NOW) for each in (near, far, ITEM)] == [True, False, False]
    assert not replace(near, resolved_at=NOW).is_critical(NOW)
