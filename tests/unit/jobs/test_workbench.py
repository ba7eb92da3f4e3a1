"""What jobs work with and report."""

from dataclasses import FrozenInstanceError

import pytest

from adapter.context import Rules
from adapter.jobs.report import JobReport


def test_the_settle_time_outlasts_the_lease():
    """A sender that sleeps over its lease is in doubt before anybody weighs evidence."""
    rules = Rules()
    assert rules.settle_seconds > rules.lease_seconds


def test_a_report_tells_counts_and_failure_apart():
    report = JobReport(job="send_invoices", biller="camp-point", counts={"files": 1})
    assert (report.note, report.failure) == ("", None)
    with pytest.raises(FrozenInstanceError):
        report.note = "changed"
