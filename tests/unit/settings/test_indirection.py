"""Values that stand in the environment or in files, and how their change is seen."""

import os

import pytest

from adapter.settings.indirection import FILE_BYTES_MAX, Resolver, stamp_of


def test_values_are_taken_from_the_environment_and_from_files(tmp_path):
    """A file's last line end is no part of the value; what was found is not resolved again."""
    (tmp_path / "key").write_bytes(b" line \r\n\n")
    (tmp_path / "again").write_text("env:NOT_LOOKED_UP\n")
    resolver = Resolver({"PORT": "8201"}, tmp_path)
    tree = {"a": {"b": "env:PORT", "c": "file:key"}, "d": "file:again", "e": 3, "f": "plain"}
    assert resolver.resolve(tree) == {
        "a": {"b": "8201", "c": " line "},
        "d": "env:NOT_LOOKED_UP",
        "e": 3,
        "f": "plain",
    }
    assert resolver.problems == {}


def test_an_absolute_path_stands_for_itself(tmp_path):
    (tmp_path / "key").write_text("value")
    resolver = Resolver({}, tmp_path / "elsewhere")
    assert resolver.resolve({"a": f"file:{tmp_path / 'key'}"}) == {"a": "value"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("env:ABSENT", "'ABSENT', which is not set"),
        ("env:", "no variable's name"),
        ("env:9w!secret", "no variable's name"),
        ("file:absent", "cannot be read"),
        ("file:.", "cannot be read"),
        ("file:nul\0", "cannot be read"),
        ("file:binary", "not UTF-8"),
        ("file:large", "is larger than"),
    ],
)
def test_what_cannot_be_found_is_a_problem_at_its_path(tmp_path, value, says):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_text("x" * (FILE_BYTES_MAX + 1))
    resolver = Resolver({}, tmp_path)
    assert resolver.resolve({"a": {"b": value}}) == {"a": {"b": None}}
    assert says in resolver.problems["a", "b"]
    assert "secret" not in resolver.problems["a", "b"]


def test_a_change_of_any_source_is_seen(tmp_path):
    key = tmp_path / "key"
    key.write_text("one")
    environ = {"NAME": "x"}
    resolver = Resolver(environ, tmp_path)
    resolver.resolve({"a": "file:key", "b": "env:NAME", "c": "env:UNSET"})
    sources = resolver.sources
    assert not sources.have_changed(environ)
    assert sources.have_changed(environ | {"NAME": "y"})
    assert sources.have_changed(environ | {"UNSET": "now set"})
    os.utime(key, ns=(1, 1))
    assert sources.have_changed(environ)
    assert "x" not in repr(sources.variables) or "variables" not in repr(sources)


def test_a_file_that_is_gone_has_no_stamp(tmp_path):
    assert stamp_of(tmp_path / "absent") is None
    assert stamp_of(tmp_path) is not None
