"""Invariant 7: IMT follows Invoice Cloud, or the change is on its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.audit.rows import EnrollmentRow
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
PUSH = {
    "biller": "camp",
    "account_number": "7",
    "kind": "autopay",
    "enrolled": True,
    "state": "failed",
    "next_at": None,
}


def books(quiet, change):
    """Return evidence of the change of an enrolment, and of what somebody chose accordingly."""
    told = {"changes": (CHANGE,), "settings": {KEY: DIRECT}, **change}
    chosen = frozenset(each.setting for each in told["changes"] if each.enrolled)
    return replace(quiet, **{"chosen": chosen, **told})


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {KEY: replace(DIRECT, bill_mode="autopay")}},
        {"pushes": (PUSH,)},
        {"pushes": ({**PUSH, "state": "refused"},)},
        {"pushes": ({**PUSH, "state": "waiting", "next_at": "2026-01-09T00:00:01Z"},)},
        {"pushes": ({**PUSH, "state": "sending"},), "at_rest": False},
        {"changes": (replace(CHANGE, changed_at=NOW - timedelta(hours=3)),)},
        {"changes": (replace(CHANGE, enrolled=False),)},
        {"settings": {}},
    ],
)
def test_settings_follow_or_a_change_is_on_its_way(quiet, stories, change):
    assert stories(7, books(quiet, change)) == []


@pytest.mark.parametrize(
    ("change", "story"),
    [
        ({}, "bill mode direct, and no change is on its way"),
        ({"pushes": ({**PUSH, "state": "delivered"},)}, "no change is on its way"),
        ({"pushes": ({**PUSH, "kind": "paperless"},)}, "no change is on its way"),
        ({"pushes": ({**PUSH, "enrolled": False},)}, "no change is on its way"),
        ({"pushes": ({**PUSH, "state": "waiting", "next_at": "2026-01-09T00:00:00Z"},)}, "no"),
        ({"pushes": ({**PUSH, "state": "sending"},)}, "no change is on its way"),
        (
            {
                "changes": (replace(CHANGE, kind="paperless", enrolled=False),),
                "settings": {KEY: replace(DIRECT, paperless=True)},
            },
            "account 7 is off paperless",
        ),
    ],
)
def test_a_setting_left_behind_has_its_story(quiet, stories, change, story):
    [told] = stories(7, books(quiet, change))
    assert story in told


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (frozenset(), "no login has account 7 in autopay, and Invoice Cloud's change log says on"),
        (
            frozenset({("camp", "7", "paperless"), CHANGE.setting}),
            "a login has account 7 in paper",
        ),
    ],
)
def test_a_choice_that_the_change_log_does_not_tell_has_its_story(quiet, stories, chosen, words):
    on = {KEY: replace(DIRECT, bill_mode="autopay")}
    [told] = stories(7, books(quiet, {"settings": on, "chosen": chosen}))
    assert words in told


@pytest.mark.parametrize("change", [{"paperless": True}, {"bill_mode": "autopay"}])
def test_a_setting_that_nobody_chose_has_its_story(quiet, stories, change):
    """As when a change reached the wrong account, or the wrong one of its two settings."""
    settings = {KEY: replace(DIRECT, changed_at=NOW, **change)}
    [told] = stories(7, replace(quiet, settings=settings))
    assert "account 7: IMT says" in told
    assert "nobody enrolled it" in told
