"""Settings that change under a running adapter: seen at the next look, wrong ones alone wait."""

import copy
import json
import os

import pytest

from adapter.errors import ConfigurationError
from adapter.settings.sources import (
    SETTINGS_BYTES_MAX,
    FileSettings,
    SettingsView,
    StaticSettings,
)
from adapter.settings.values import AdapterSettings, DoorAccess


def as_toml(tree, path=()):
    """Write nested tables of texts, figures and booleans as TOML."""
    lines = [f"[{'.'.join(json.dumps(part) for part in path)}]"] if path else []
    lines += [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in tree.items() if type(v) is not dict]
    for key, value in tree.items():
        if type(value) is dict:
            lines.append(as_toml(value, (*path, key)))
    return "\n".join(lines) + "\n"


@pytest.fixture
def path(tmp_path, settings):
    path = tmp_path / "adapter.toml"
    path.write_text(as_toml(settings))
    return path


def rewrite(path, text):
    """Write another version the way a deployment does: beside it, then in its place."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def test_the_file_is_read_once_while_nothing_changes(path):
    source = FileSettings(path)
    assert source.current() is source.current()


def test_an_edited_file_is_seen_at_the_next_look(path, settings):
    source = FileSettings(path)
    settings["billers"]["alpha-mutual"]["advanced_settings"]["9"] = "another-username"
    rewrite(path, as_toml(settings))
    assert source.current().billers["alpha-mutual"].rtdr.username == "another-username"


def test_a_changed_secret_file_and_variable_are_seen(path, settings, tmp_path):
    (tmp_path / "door").write_text("first-door-key\n")
    table = settings["billers"]["alpha-mutual"]
    table["door_key"] = "file:door"
    table["advanced_settings"]["12"] = "env:ALPHA_USERNAME"
    rewrite(path, as_toml(settings))
    environ = {"ALPHA_USERNAME": "one"}
    source = FileSettings(path, environ=environ)
    assert source.current().doors["alpha-mutual"].door_key == "first-door-key"
    rewrite(tmp_path / "door", "second-door-key\n")
    environ["ALPHA_USERNAME"] = "two"
    view = source.current()
    assert view.doors["alpha-mutual"].door_key == "second-door-key"
    assert view.billers["alpha-mutual"].payments.username == "two"


def test_a_broken_biller_waits_alone_and_its_door_stays_open(path, settings):
    source = FileSettings(path)
    broken = copy.deepcopy(settings)
    broken["billers"]["alpha-mutual"]["advanced_settings"]["13"] = "nonsense"
    broken["billers"]["alpha-mutual"]["door_key"] = "short"
    rewrite(path, as_toml(broken))
    view = source.current()
    assert set(view.billers) == {"beta-mutual"}
    assert len(view.biller_problems["alpha-mutual"]) == 2
    assert view.doors["alpha-mutual"].door_key == "door-secret-1"
    with pytest.raises(ConfigurationError, match=r"advanced_settings\.13"):
        view.require_sound()
    rewrite(path, as_toml(settings))
    view = source.current()
    assert set(view.billers) == {"alpha-mutual", "beta-mutual"}
    view.require_sound()


def test_a_biller_taken_out_has_no_door(path, settings):
    source = FileSettings(path)
    del settings["billers"]["alpha-mutual"]
    rewrite(path, as_toml(settings))
    assert source.current().doors.keys() == {"beta-mutual"}


@pytest.mark.parametrize(
    "text", ["[adapter", "billers = 3\n", "", "x = '" + "y" * SETTINGS_BYTES_MAX]
)
def test_a_file_broken_as_a_whole_keeps_the_last_good_view(path, settings, text):
    source = FileSettings(path)
    before = source.current()
    rewrite(path, text)
    view = source.current()
    assert view.billers == before.billers
    assert view.doors == before.doors
    assert view.problems
    rewrite(path, as_toml(settings))
    assert source.current().all_problems == ()


def test_a_file_that_vanishes_keeps_the_last_good_view(path):
    source = FileSettings(path)
    path.unlink()
    view = source.current()
    assert view.billers
    assert "cannot be read" in view.problems[0]


def test_a_wrong_adapter_table_keeps_the_last_one_and_takes_the_billers(path, settings):
    source = FileSettings(path)
    settings["adapter"]["listen"] = "nowhere"
    settings["billers"]["beta-mutual"]["name"] = "Renamed"
    rewrite(path, as_toml(settings))
    view = source.current()
    assert view.adapter.listen_port == 8200
    assert view.billers["beta-mutual"].name == "Renamed"
    assert view.problems == (
        'adapter.listen: must be host:port. Give host and port, as "127.0.0.1:8200"',
    )


@pytest.mark.parametrize("content", [None, b"[adapter", b"\xff\xfe", b"[" * 2000])
def test_a_file_that_is_wrong_at_the_first_look_is_refused(tmp_path, content):
    path = tmp_path / "adapter.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"adapter\.toml"):
        FileSettings(path)


def test_the_first_refusal_tells_the_billers_problems_too(path, settings):
    settings["adapter"]["listen"] = "nowhere"
    settings["billers"]["beta-mutual"]["door_key"] = "short"
    rewrite(path, as_toml(settings))
    with pytest.raises(ConfigurationError) as refusal:
        FileSettings(path)
    assert len(refusal.value.problems) == 2


def test_a_relative_path_is_found_after_the_working_directory_changed(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    source = FileSettings(type(path)("adapter.toml"))
    monkeypatch.chdir(os.sep)
    path.touch()
    assert source.current().problems == ()


def test_settings_in_memory_are_replaced_like_an_edited_file(settings):
    source = StaticSettings(settings)
    broken = copy.deepcopy(settings)
    del broken["billers"]["alpha-mutual"]["door_key"]
    source.replace(broken)
    view = source.current()
    assert set(view.billers) == {"beta-mutual"}
    assert view.doors["alpha-mutual"].door_key == "door-secret-1"
    source.replace({})
    assert set(source.current().billers) == {"beta-mutual"}
    source.replace(settings)
    assert source.current().all_problems == ()


def view(**problems) -> SettingsView:
    door = DoorAccess(biller_guid="11111111-0000-4000-8000-000000000001", door_key="a-door-secret")
    adapter = AdapterSettings(ops_key="an-ops-secret")
    return SettingsView(adapter=adapter, billers={}, doors={"a": door}, **problems)


def test_every_problem_is_raised_together():
    unsound = view(biller_problems={"a": ("a.x: wrong",), "b": ("b.y: wrong",)}, problems=("f",))
    with pytest.raises(ConfigurationError) as refusal:
        unsound.require_sound()
    assert refusal.value.problems == ("f", "a.x: wrong", "b.y: wrong")


def test_the_views_secrets_are_known_and_in_no_repr(settings):
    whole = StaticSettings(settings).current()
    assert {"door-secret-1", "door-secret-2", "p4ss!rtdr-1", "p4ss!pay-2"} <= whole.secrets
    assert view(biller_problems={}).secrets == {"a-door-secret", "an-ops-secret"}
    for shown in (whole, view(biller_problems={})):
        assert not [secret for secret in shown.secrets if secret in repr(shown)]
