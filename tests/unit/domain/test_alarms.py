"""The list of alarms: names, advice, order, and a finding becoming an alarm."""

import re
from datetime import UTC, datetime, timedelta

from adapter.domain.alarms import ALARMS, Severity, raised
from adapter.domain.figures import Figures, LedgerFigures

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def figures(**fields):
    return Figures(now=NOW, ledger=LedgerFigures(), intervals={}, **fields)


def test_names_stand_once_and_name_their_section():
    names = [alarm.name for alarm in ALARMS]
    assert len(set(names)) == len(names)
    for alarm in ALARMS:
        assert re.fullmatch("[a-z_]+", alarm.name)
        assert alarm.docs == f"docs/operations.md#{alarm.name}"


def test_advice_is_three_sentences_at_most_and_says_something_to_do():
    for alarm in ALARMS:
        assert 1 <= len(re.findall(r"[.](?:\s|$)", alarm.advice)) <= 3, alarm.name
        assert alarm.meaning.endswith(".")


def test_nothing_wrong_raises_nothing():
    assert raised(figures()) == ()


def test_what_cannot_wait_comes_first():
    told = raised(figures(skews={"imt": 90.0}, ledger_problem="locked"))
    assert [each.alarm.name for each in told] == ["ledger_not_writable", "clock_skewed"]
    assert [each.alarm.severity for each in told] == [Severity.CRITICAL, Severity.WARNING]


def test_a_finding_is_told_with_its_alarm():
    [each] = raised(figures(billers=frozenset({"a"}), biller_problems={"a": ("x", "y")}))
    assert (each.alarm.name, each.biller, each.count) == ("biller_settings_wrong", "a", 2)
    assert each.detail == "x; y"
    assert each.since is None or NOW - each.since > timedelta(0)
