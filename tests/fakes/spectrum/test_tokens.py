"""Tokens: three matching values, .NET's algorithm URI, and every way of not being valid (A1)."""

import base64
import hashlib
import hmac
import json
import re
import uuid

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.fakes.spectrum.errors import RefusedError
from sandbox.fakes.spectrum.tokens import (
    ALGORITHM,
    AUTHENTICATION_METHOD,
    NAME_IDENTIFIER,
    TokenBook,
)
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

TOKEN = "/spectrum/wsSpectrumAPICore/api/Token"
RECEIPT = "/spectrum/wsSpectrumAPICore/api/OnlineReceipt"


def unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(world, *, header=None, without=(), **claims):
    """Return a token signed with the world's own key, its header or claims changed."""
    book = world.book(TokenBook)
    right = jwt.decode(
        book.issue(world.billers[0], world.billers[0].rtdr_credentials),
        options={"verify_signature": False},
    )
    wanted = {name: v for name, v in {**right, **claims}.items() if name not in without}
    head = {"alg": ALGORITHM, "typ": "JWT", **(header or {})}
    signing_input = (
        f"{unpadded(json.dumps(head).encode())}.{unpadded(json.dumps(wanted).encode())}"
    )
    signature = hmac.new(book._key, signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{unpadded(signature)}"


def refusal(world, authorization):
    with pytest.raises(RefusedError) as caught:
        world.book(TokenBook).biller_of(authorization)
    assert caught.value.status == 401
    assert caught.value.body == b""
    return caught.value.headers["WWW-Authenticate"]


def challenge(description):
    return f'Bearer error="invalid_token", error_description="{description}"'


def test_token_says_what_the_technical_design_shows(spectrum):
    answer = spectrum.client.post(TOKEN, json=spectrum.values())
    assert answer.status_code == 200
    data = answer.json["data"]
    assert (data["type"], data["id"]) == ("jwtToken", "51")
    token = data["attributes"]["token"]
    assert jwt.get_unverified_header(token) == {"alg": ALGORITHM, "typ": "JWT"}
    claims = jwt.decode(token, options={"verify_signature": False})
    base_url = "http://127.0.0.1:8100/spectrum/wsSpectrumAPICore"
    assert uuid.UUID(claims.pop("jti"))
    assert claims == {
        "carrier": "Camp Point Mutual",
        "portalType": "PDS",
        NAME_IDENTIFIER: "51",
        AUTHENTICATION_METHOD: "ThirdParty",
        "exp": int(DEMO_START.timestamp()) + 1200,
        "iss": base_url,
        "aud": base_url,
    }


def test_signature_is_hmac_sha256_over_header_and_payload(spectrum):
    """Checked here with the standard library alone, so that the fake does not judge itself."""
    signing_input, _, signature = spectrum.token().rpartition(".")
    key = spectrum.world.book(TokenBook)._key
    digest = hmac.new(key, signing_input.encode(), hashlib.sha256).digest()
    assert signature == unpadded(digest)


def test_same_seed_signs_the_same_tokens_and_none_twice(make_spectrum):
    one, two, other = make_spectrum(), make_spectrum(), make_spectrum(seed=2)
    tokens = [one.token(), one.token()]
    assert tokens == [two.token(), two.token()]
    assert len({*tokens, other.token()}) == 3


@pytest.mark.parametrize("wrong", ["token", "username", "password"])
def test_one_wrong_value_gets_no_token(spectrum, wrong):
    values = {**spectrum.values(), wrong: "wrong"}
    answer = spectrum.client.post(TOKEN, json=values)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"] == "Unauthorized"


def test_values_of_two_sets_do_not_mix(spectrum):
    """The balance requests' key does not open with the payments' password."""
    values = {**spectrum.values(), "token": spectrum.biller().rtdr_credentials.token}
    assert spectrum.client.post(TOKEN, json=values).status_code == 401
    values = {**spectrum.values(), "password": spectrum.values(1)["password"]}
    assert spectrum.client.post(TOKEN, json=values).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"token": "t"}, {"token": 1, "username": "", "password": []}]
)
def test_token_request_must_fit_the_contract(spectrum, body):
    answer = spectrum.client.post(TOKEN, json=body)
    assert answer.status_code == 400
    assert set(answer.json["errors"]) <= {"token", "username", "password"}


def test_first_token_does_not_open_the_book(spectrum):
    """Inventing the carrier is slow; a token needs none of it."""
    spectrum.token()
    assert SpectrumBook not in spectrum.world._books


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic dTpw", "token"])
def test_no_token_is_challenged_without_an_error(spectrum, authorization):
    assert refusal(spectrum.world, authorization) == "Bearer"


def test_right_token_names_its_biller(spectrum):
    world = spectrum.world
    assert world.book(TokenBook).biller_of(f"bearer {signed(world)}") == world.billers[0]
    for index in (0, 1):
        biller = world.book(TokenBook).biller_of(spectrum.bearer(index)["Authorization"])
        assert biller == world.billers[index]


def test_token_expires_on_the_world_clock(spectrum):
    bearer = spectrum.bearer()
    spectrum.world.clock.advance(1199)
    assert spectrum.client.post(RECEIPT, json={}, headers=bearer).status_code == 400
    spectrum.world.clock.advance(1)
    answer = spectrum.client.post(RECEIPT, json={}, headers=bearer)
    assert answer.status_code == 401
    assert answer.data == b""
    assert "Content-Type" not in answer.headers
    expected = challenge("The token expired at '01/05/2026 08:20:00'")
    assert answer.headers["WWW-Authenticate"] == expected


def test_lifetime_is_a_behaviour_of_the_world(spectrum):
    spectrum.world.behaviours.change({"spectrum_token_lifetime_seconds": 5})
    bearer = spectrum.bearer()["Authorization"]
    spectrum.world.clock.advance(5)
    assert "expired" in refusal(spectrum.world, bearer)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "HS512", "", ["x"], None])
def test_any_other_algorithm_is_refused(spectrum, algorithm):
    """Signed with the right key, under another name: the header must say the URI itself."""
    token = signed(spectrum.world, header={"alg": algorithm})
    told = refusal(spectrum.world, f"Bearer {token}")
    assert re.search("signature key was not found|malformed", told)


def test_unsigned_token_is_refused(spectrum):
    head, payload, _ = signed(spectrum.world, header={"alg": "none"}).split(".")
    assert "invalid_token" in refusal(spectrum.world, f"Bearer {head}.{payload}.")


def test_changed_claim_breaks_the_signature(spectrum):
    head, _, signature = spectrum.token().split(".")
    _, payload, _ = signed(spectrum.world, exp=4102444800).split(".")
    told = refusal(spectrum.world, f"Bearer {head}.{payload}.{signature}")
    assert told == challenge("The signature is invalid")


def test_token_of_a_foreign_world_is_refused(make_spectrum):
    here = make_spectrum()
    for foreign in (make_spectrum(seed=2), make_spectrum(name="other")):
        told = refusal(here.world, f"Bearer {foreign.token()}")
        assert told == challenge("The signature is invalid")


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"iss": "https://elsewhere"}, "The issuer is invalid"),
        ({"aud": "https://elsewhere"}, "The audience is invalid"),
        ({"exp": "soon"}, "The token has no expiration"),
        ({"without": ("exp",)}, "The token has no expiration"),
        ({"without": ("aud",)}, "The audience is invalid"),
        ({NAME_IDENTIFIER: "999"}, "The user is unknown"),
    ],
)
def test_well_signed_wrong_claim_is_refused(spectrum, changes, description):
    token = signed(spectrum.world, **changes)
    assert refusal(spectrum.world, f"Bearer {token}") == challenge(description)


def test_overlong_and_deep_tokens_are_refused(spectrum):
    for head in ("[" * 2000, "{" * 2000, '{"alg":' * 300):
        token = f"{unpadded(head.encode())}.e30.e30"
        assert "malformed" in refusal(spectrum.world, f"Bearer {token}")
    assert "malformed" in refusal(spectrum.world, f"Bearer {'a' * 100_000}")


@given(token=st.text(min_size=1) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_garbage_is_refused_and_never_breaks(token):
    world = World(seed=1, start=DEMO_START)
    assert refusal(world, f"Bearer {token}").startswith("Bearer")
