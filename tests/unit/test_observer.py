"""Nobody watching: the work goes on, and its errors pass."""

import pytest

from adapter.observer import Unobserved


def test_nobody_watching_changes_nothing():
    observer = Unobserved()
    with observer.job_run("send_invoices", "alpha") as run:
        run.counts = {"files": 1}
    observer.item_moved(None, "applied")
    with pytest.raises(ZeroDivisionError), observer.partner_call("spectrum", "Token"):
        raise ZeroDivisionError
