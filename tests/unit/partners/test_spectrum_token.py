"""The bearer token: what can be sent as one, and how long it is used."""

import base64
import json
from datetime import timedelta

import pytest

from adapter.partners.http import UnreadableAnswerError
from adapter.partners.spectrum import (
    TOKEN_CHARACTERS_MAX,
    TOKEN_LIFETIME,
    TOKEN_MARGIN,
    token_text,
    use_until,
)

NET_ALGORITHM = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def jwt(claims: object, algorithm: str = NET_ALGORITHM, signature: str = "AA") -> str:
    header = {"alg": algorithm, "typ": "JWT"}
    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}.{signature}"


@pytest.mark.parametrize("algorithm", [NET_ALGORITHM, "HS256", "none", ""])
def test_exp_counts_whatever_the_algorithm_and_signature(clock, algorithm):
    expires = clock.now() + timedelta(minutes=20)
    token = jwt({"exp": int(expires.timestamp())}, algorithm, signature="")
    assert use_until(token, now=clock.now()) == expires - TOKEN_MARGIN


@pytest.mark.parametrize("padding", ["", "x", "xx", "xxx"])
def test_base64url_of_every_length_is_read(clock, padding):
    expires = clock.now() + timedelta(minutes=20)
    token = jwt({"exp": int(expires.timestamp()), "pad": f"?>{padding}\u00ff"})
    assert use_until(token, now=clock.now()) == expires - TOKEN_MARGIN


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "..",
        "a.!!!!.c",
        f"a.{part(bytes([255, 254]))}.c",
        f"a.{part(b'[' * 5000)}.c",
        jwt([]),
        jwt(None),
        jwt({}),
        jwt({"exp": None}),
        jwt({"exp": "soon"}),
        jwt({"exp": 10**30}),
        jwt({"exp": -(10**30)}),
        jwt({"exp": float("inf")}),
    ],
)
def test_a_token_that_cannot_be_read_is_used_for_a_while(clock, token):
    assert use_until(token, now=clock.now()) == clock.now() + TOKEN_LIFETIME


def test_a_fractional_exp_is_read(clock):
    expires = int(clock.now().timestamp()) + 600
    assert use_until(jwt({"exp": expires + 0.5}), now=clock.now()).timestamp() == expires - 60


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": {"attributes": {}}},
        {"data": {"attributes": {"token": ""}}},
        {"data": {"attributes": {"token": 7}}},
        {"data": {"attributes": {"token": "two\r\nlines"}}},
        {"data": {"attributes": {"token": "x" * (TOKEN_CHARACTERS_MAX + 1)}}},
    ],
)
def test_an_answer_without_a_sendable_token_is_unreadable(document):
    with pytest.raises(UnreadableAnswerError):
        token_text(document)
