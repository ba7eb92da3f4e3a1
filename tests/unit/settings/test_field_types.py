"""The kinds of values: what each takes, and that a secret shows nowhere by itself."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from adapter.settings.field_types import (
    Listen,
    Moment,
    ReservedCharacters,
    Secret,
    SecretText,
    sqlite_file_of,
)


@pytest.mark.parametrize("host", ["[::1]:8200", "localhost:0", "0.0.0.0:65535"])
def test_listen_takes_names_and_both_kinds_of_address(host):
    assert TypeAdapter(Listen).validate_python(host) == host


@pytest.mark.parametrize("character", [" ", "refuse"])
def test_a_replacement_character_may_be_any_printable_one_but_the_separators(character):
    assert TypeAdapter(ReservedCharacters).validate_python(character) == character


def test_a_secret_is_a_text_without_a_repr():
    secret = TypeAdapter(Secret).validate_python("a-door-key")
    assert secret == "a-door-key"
    assert isinstance(secret, SecretText)
    assert "door" not in repr([secret])


@pytest.mark.parametrize(
    "value",
    ["2026-01-05T14:00:00Z", datetime(2026, 1, 5, 8, tzinfo=timezone(timedelta(hours=-6)))],
)
def test_a_moment_is_tomls_own_or_a_text_and_becomes_utc(value):
    assert TypeAdapter(Moment).validate_python(value) == datetime(2026, 1, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T14:00:00",
        "soon",
        datetime(2026, 1, 5).astimezone().replace(tzinfo=None),
        date(2026, 1, 5),
        5,
        True,
    ],
)
def test_a_moment_of_no_zone_would_be_a_guess(value):
    with pytest.raises(ValidationError, match="offset from UTC"):
        TypeAdapter(Moment).validate_python(value)


@pytest.mark.parametrize(
    ("ledger", "file"),
    [
        ("sqlite:///adapter.db", Path("adapter.db")),
        ("sqlite:////var/lib/a%20b.db?timeout=5", Path("/var/lib/a b.db")),
        ("postgresql+psycopg://adapter@/adapter?host=/var/run/postgresql", None),
        ("postgresql+psycopg://adapter@host/adapter", None),
    ],
)
def test_only_an_sqlite_ledger_is_a_file(ledger, file):
    assert sqlite_file_of(ledger) == file
