"""The kinds of values: what each takes, and that a secret shows nowhere by itself."""

import pytest
from pydantic import TypeAdapter

from adapter.settings.field_types import Listen, ReservedCharacters, Secret, SecretText


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
