"""Gathering everything that alarms are judged by."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapter.domain.alarms import raised
from adapter.doors.watch import alarm_view, figures_now, figures_of, folder_of, free_bytes


def test_a_running_adapter_tells_its_ledger_settings_disk_and_clocks(adapter):
    adapter.billers.clock_watch.note("imt", {"Date": "Mon, 05 Jan 2026 14:01:30 GMT"})
    figures = figures_now(adapter)
    assert figures.billers == {"alpha-mutual"}
    assert figures.skews == {"imt": 90.0}
    assert figures.disk_free_bytes > 0
    assert figures.ledger_problem == ""
    assert figures.intervals["reconcile_payments"] == timedelta(hours=2)


def test_a_ledger_that_fails_is_a_figure(adapter, broken_ledger):
    adapter.ledger, kept = broken_ledger, adapter.ledger
    assert figures_now(adapter).ledger_problem == "the disk is full"
    adapter.ledger = kept


def test_without_a_ledger_the_reason_is_told(adapter):
    view = adapter.source.current()
    told = figures_of(None, view, now=adapter.clock.now(), url="x", ledger_problem="gone")
    assert told.ledger_problem == "gone"


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////var/lib/adapter/a.db", Path("/var/lib/adapter")),
        ("sqlite:///some%20where/a.db?timeout=3", Path("some where")),
        ("postgresql://db/adapter", None),
    ],
)
def test_the_disk_of_a_file_is_ours_to_see_and_no_other(url, folder):
    assert folder_of(url) == folder


def test_a_folder_that_is_not_there_has_no_figure(tmp_path):
    assert free_bytes(tmp_path / "gone") is None
    assert free_bytes(None) is None


def test_a_raised_alarm_is_plain_json(adapter):
    adapter.change(biller={"time_zone": "Nowhere"})
    [each] = raised(figures_now(adapter))
    told = alarm_view(each)
    assert (told["name"], told["severity"]) == ("biller_settings_wrong", "critical")
    assert (told["biller"], told["since"]) == ("alpha-mutual", None)
    assert "time_zone" in told["detail"]
