"""Invariant 7: IMT follows Invoice Cloud, or the change is on its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.audit.evidence import EnrollmentRow
from sandbox.fakes.imt.book import PolicySettings

NOW = datetime(2026, 1, 9, tzinfo=UTC)
CHANGE = EnrollmentRow(
    biller="camp",
    account_number="7",
    kind="autopay",
    enrolled=True,
    changed_at=NOW - timedelta(hours=5),
)
KEY = ("camp", "7")
DIRECT = PolicySettings(biller="camp", account_number="7")
PUSH = {"biller": "camp", "account_number": "7", "kind": "autopay", "state": "failed"}


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {KEY: replace(DIRECT, bill_mode="autopay")}},
        {"pushes": (PUSH,)},
        {"enrollments": (replace(CHANGE, changed_at=NOW - timedelta(hours=3)),)},
        {"enrollments": (replace(CHANGE, enrolled=False),)},
        {"settings": {}},
    ],
)
def test_settings_follow_or_a_change_is_on_its_way(quiet, stories, change):
    evidence = replace(quiet, **{"enrollments": (CHANGE,), "settings": {KEY: DIRECT}, **change})
    assert stories(7, evidence) == []


@pytest.mark.parametrize(
    ("change", "story"),
    [
        ({}, "bill mode direct, and no change is on its way"),
        ({"pushes": ({**PUSH, "state": "delivered"},)}, "no change is on its way"),
        ({"pushes": ({**PUSH, "kind": "paperless"},)}, "no change is on its way"),
        (
            {
                "enrollments": (replace(CHANGE, kind="paperless", enrolled=False),),
                "settings": {KEY: replace(DIRECT, paperless=True)},
            },
            "account 7 is off paperless",
        ),
    ],
)
def test_a_setting_left_behind_has_its_story(quiet, stories, change, story):
    evidence = replace(quiet, **{"enrollments": (CHANGE,), "settings": {KEY: DIRECT}, **change})
    [told] = stories(7, evidence)
    assert story in told
