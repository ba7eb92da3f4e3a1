"""What errors quote of a partner's answer: no secret and no card number, but everything else."""

import pytest

from adapter.redaction import (
    EXCERPT_CHARACTERS_MAX,
    HIDDEN,
    redacted,
    redacted_excerpt,
)

JWT = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln"
GUID = "22222222-0000-4000-8000-00000000000A"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"the token {JWT} expired", JWT),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"token": "s3cr3t", "username": "x"}', "s3cr3t"),
        ('{"Password":"a \\"quoted\\" one"}', "quoted"),
        (f"<ns0:WebServiceKey>{GUID}</ns0:WebServiceKey>", GUID),
        (f"<WebServiceKey>{GUID}", GUID),
        (f"the key '{GUID}' is wrong", GUID),
        (f"key {GUID.replace('-', '')} is wrong", GUID.replace("-", "")),
        ("password=hunter2&x=1", "hunter2"),
        ('{"RemoteAuthenticationToken": "8f2c41"}', "8f2c41"),
        ("sso.aspx?RemoteAuthenticationToken=8f2c41&ViewMode=0", "8f2c41"),
        ("card 4111 1111 1111 1111 declined", "4111 1111"),
        ("card 4111-1111-1111-1111.", "1111-1111"),
    ],
)
def test_hides_what_looks_like_a_secret(text, secret):
    shown = redacted(text)
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        'Bearer error="invalid_token", error_description="The token expired"',
        "There is no invoice 30254.",
        "payment aaaaaaaa-0000-4000-8000-000000000001 was declined",
        "reference 4111111111111112 is no card",
        '{"title":"One or more validation errors occurred.","status":400}',
    ],
)
def test_shows_everything_else(text):
    assert redacted(text) == text


@pytest.mark.parametrize(
    "spelling", ['pa"s<s&1', 'pa\\"s<s&1', "pa&quot;s&lt;s&amp;1", "pa%22s%3Cs%261", 'PA"S<S&1']
)
def test_hides_a_known_secret_however_it_is_written_back(spelling):
    assert redacted(f"you sent {spelling} to us", secrets=['pa"s<s&1']) == (
        f"you sent {HIDDEN} to us"
    )


def test_a_very_short_secret_does_not_garble_the_text():
    assert redacted("an answer", secrets=["an", ""]) == "an answer"


def test_excerpt_is_one_short_line_of_whatever_bytes():
    excerpt = redacted_excerpt(b"<h1>\r\n\tOops\xff</h1>" + b"x" * 9999)
    assert excerpt.startswith("<h1> Oops")
    assert len(excerpt) == EXCERPT_CHARACTERS_MAX
    assert excerpt.isprintable()


def test_excerpt_hides_before_it_cuts():
    text = "x" * (EXCERPT_CHARACTERS_MAX - 10) + JWT
    assert "eyJ" not in redacted_excerpt(text)
