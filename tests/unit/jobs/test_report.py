"""What a run reports."""

from adapter.jobs.report import JobReport


def test_a_report_keeps_counts_and_failure_apart():
    report = JobReport(job="send_invoices", biller="camp-point", counts={"files": 1})
    assert (report.note, report.failure, report.is_cut_short) == ("", None, False)
