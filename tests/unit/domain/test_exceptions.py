"""The kinds of exceptions."""

from adapter.domain.exceptions import ExceptionKind


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
