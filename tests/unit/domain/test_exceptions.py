"""One line of the exceptions list."""

from dataclasses import replace
from datetime import UTC, datetime

from adapter.domain.exceptions import ExceptionItem, ExceptionKind


def test_an_exception_is_open_until_it_is_resolved():
    moment = datetime(2026, 1, 5, 9, 12, tzinfo=UTC)
    item = ExceptionItem(
        id=1,
        biller="camp-point",
        kind=ExceptionKind.DEAD,
        payment_guid=None,
        invoice_number=None,
        detail="refused",
        opened_at=moment,
        resolved_at=None,
        resolution="",
    )
    assert item.is_open
    assert not replace(item, resolved_at=moment).is_open


def test_kinds_are_told_by_words_that_never_change():
    """The words stand in ledgers and in what operators read."""
    assert {kind.value for kind in ExceptionKind} == {
        "not_applied",
        "dead",
        "evidence_unclear",
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
