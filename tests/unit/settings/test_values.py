"""The settings as values: sound or not, and silent about secrets."""

import pytest

from adapter.domain.retry import RetryPolicy
from adapter.errors import ConfigurationError
from adapter.settings.values import AdapterSettings, DoorAccess, SettingsView

ADAPTER = AdapterSettings(
    ledger="sqlite:///adapter.db",
    listen_host="127.0.0.1",
    listen_port=8200,
    ops_key="an-ops-secret",
    settle_seconds=120,
    lease_seconds=90,
    request_timeout_seconds=30,
    poll_overlap_minutes=30,
    first_reach_hours=48,
    retry=RetryPolicy(),
)


def view(**problems) -> SettingsView:
    door = DoorAccess(biller_guid="g", door_key="a-door-secret")
    return SettingsView(adapter=ADAPTER, billers={}, doors={"a": door}, **problems)


def test_sound_settings_pass():
    view(biller_problems={}).require_sound()


def test_every_problem_is_raised_together():
    unsound = view(biller_problems={"a": ("a.x: wrong",), "b": ("b.y: wrong",)}, problems=("f",))
    with pytest.raises(ConfigurationError) as refusal:
        unsound.require_sound()
    assert refusal.value.problems == ("f", "a.x: wrong", "b.y: wrong")


def test_secrets_are_in_no_repr():
    assert "secret" not in repr(view(biller_problems={}))
