"""Strict JSON: digits are kept, and everything doubtful is refused by name."""

from decimal import Decimal

import pytest

from adapter.doors.requests import parse_object
from adapter.errors import BadInputError


def test_figures_are_read_digit_by_digit():
    parsed = parse_object(b'{"a": 0.10, "b": 731.3700, "c": 7, "d": 1e2, "e": "0.10"}')
    assert [str(parsed[key]) for key in "abcde"] == ["0.10", "731.3700", "7", "1E+2", "0.10"]
    assert isinstance(parsed["a"], Decimal)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "must be JSON"),
        (b"{", "line 1, column 2"),
        (b"\xef\xbb\xbf{}", "must be JSON"),
        (b"\xff\xfe{\x00}\x00", "must be UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1, "a": 1}', "stands twice"),
        (b'{"a": {"b": 1, "b": 2}}', "stands twice"),
        (b'{"a": 1e99999999999999999999}', "beyond every bound"),
        (b'{"a": ' + b"9" * 5000 + b"}", "beyond every bound"),
        (b"[" * 60_000, "nested too deep"),
        (b'{"a":' * 12_000, "nested too deep"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"a": "\n"}', "must be JSON"),
        (b"{'a': 1}", "must be JSON"),
    ],
)
def test_anything_else_is_bad_input(content, says):
    with pytest.raises(BadInputError, match=says):
        parse_object(content)
