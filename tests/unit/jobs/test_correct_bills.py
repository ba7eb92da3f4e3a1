"""A file before the hour, where one asked again for what had been paid."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.jobs.correct_bills import JOB, NOTHING_TO_CORRECT, run_once

MINUTE = 60


@pytest.fixture
def run(bench):
    return lambda: run_once(bench.biller, bench.work)


def test_without_a_wrong_bill_nothing_is_asked_and_nothing_sent(bench, run):
    bench.partners.invoices = [bench.invoice()]
    bench.send_invoices()
    bench.accept()
    bench.pass_time(10 * MINUTE)
    report = run()
    assert (report.job, report.note, report.failure) == (JOB, NOTHING_TO_CORRECT, None)
    assert len(bench.partners.cursors) == 1


def test_a_payment_that_became_known_late_corrects_its_bill_at_once(bench, run):
    """Paid ten minutes before the file and known five after it: the file opened its bill again."""
    bench.partners.invoices = [bench.invoice()]
    paid_at = bench.clock.now() - timedelta(minutes=10)
    bench.send_invoices()
    bench.pass_time(5 * MINUTE)
    bench.accept(paid_at=paid_at)
    bench.partners.invoices = []
    assert run().counts == {"changed": 1, "files": 1, "invoices": 1}
    assert b"|13~700.00|" in bench.partners.uploaded[-1][1]
    assert run().note == NOTHING_TO_CORRECT
    assert bench.invoice().balance_due == Decimal("731.37")
