"""Settings 10 and 13: which side is the key, and what is refused without a word of the value."""

import pytest

from adapter.settings.credentials import is_guid, split_key_and_password

KEY = "99A9999F-DCBC-9F9A-B999-999AD99999F9"


@pytest.mark.parametrize(
    ("text", "password"),
    [
        (f"9w!tbbKa!xxx|{KEY}", "9w!tbbKa!xxx"),
        (f"{KEY}|9w!tbbKa!xxx", "9w!tbbKa!xxx"),
        (f"{KEY.lower()}|x", "x"),
        (f"a|b||{KEY}", "a|b|"),
        (f"{KEY}||a|b", "|a|b"),
        (f" {KEY} | spaced ", " spaced "),
        (f"a|{KEY}|{'0' * 32}|{KEY}", f"a|{KEY}|{'0' * 32}"),
    ],
)
def test_the_guid_shaped_end_is_the_key(text, password):
    """The order does not matter, and the password may hold pipes."""
    key, found = split_key_and_password(text)
    assert (key.upper(), found) == (KEY, password)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("no-pipe-s3cret", "must hold a pipe"),
        (KEY, "must hold a pipe"),
        ("", "must hold a pipe"),
        ("s3cret|also-s3cret", "neither end is"),
        (f"s3cret|{KEY}|also-s3cret", "neither end is"),
        (f"s3cret|{KEY}0", "neither end is"),
        (f"{KEY}|{KEY}", "both ends are"),
        (f"{KEY}|s3cret|{KEY}", "both ends are"),
        (f"{KEY}|", "must hold a password"),
        (f"  |{KEY}", "must hold a password"),
    ],
)
def test_anything_else_is_refused_and_the_value_hidden(text, rule):
    with pytest.raises(ValueError, match=rule) as refusal:
        split_key_and_password(text)
    assert "s3cret" not in str(refusal.value)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("text", ["", KEY[1:], f"{{{KEY}}}", KEY.replace("-", ""), f"{KEY}\n"])
def test_a_guid_is_written_in_one_shape(text):
    assert is_guid(KEY)
    assert not is_guid(text)
