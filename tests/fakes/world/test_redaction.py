"""Redaction: secrets by name, tokens and card numbers by shape, nothing else."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.redaction import HIDDEN, is_card_number, pattern_of, redact, redact_text

CARDS = ("4111111111111111", "4000000000000002", "5555555555554444", "378282246310005")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("separator", ["", " ", "-"])
def test_card_numbers_are_hidden_however_they_are_written(card, separator):
    written = separator.join(card[i : i + 4] for i in range(0, len(card), 4))
    assert redact_text(f"paid with {written}.") == f"paid with {HIDDEN}."


@pytest.mark.parametrize(
    "text",
    [
        "invoice 30254",
        "policy 1004587 of 2026-01-05T08:00:00Z",
        "540a862e-aac1-47b0-ad74-745df0d8131d",
        "4111111111111112",
        "1234567890123456789012345",
        "4500_01052026030000.BIF",
    ],
)
def test_other_numbers_stay(text):
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "Password",
        "PasswordToken",
        "RemoteAuthenticationToken",
        "WebServiceKey",
        "Authorization",
        "card_number",
        "cardNumber",
    ],
)
def test_secret_names_hide_their_values_in_any_case(name):
    assert redact({"a": [{name: "x"}]}) == {"a": [{name: HIDDEN}]}


def test_card_numbers_are_hidden_as_figures_and_as_names():
    told = redact({"a": Decimal(CARDS[0]), "b": int(CARDS[1]), CARDS[2]: 30254})
    assert told == {"a": HIDDEN, "b": HIDDEN, HIDDEN: 30254}


def test_known_secrets_are_hidden_under_any_name():
    known = pattern_of(["door-key", "door-key-of-another"])
    told = redact({"tokem": ["x DOOR-KEY-of-another"], "door-key": 1}, known=known)
    assert told == {"tokem": [f"x {HIDDEN}"], HIDDEN: 1}
    assert pattern_of([]) is None


def test_what_is_nested_under_a_secret_name_keeps_its_shape():
    assert redact({"token": {"exp": 1, "password": "x"}}) == {
        "token": {"exp": 1, "password": HIDDEN}
    }


def test_missing_secret_shows_that_it_is_missing():
    assert redact({"password": "", "token": None}) == {"password": "", "token": None}


def test_tokens_are_hidden_in_any_text():
    assert redact_text("Bearer eyJhbGciOi.eyJzdWIi.c2ln-_1") == f"Bearer {HIDDEN}"


@given(st.from_regex(r"[0-9]{12,18}", fullmatch=True))
def test_every_number_with_a_right_check_digit_is_a_card_number(digits):
    """Exactly one last digit makes a card number, and that one is hidden."""
    candidates = [f"{digits}{last}" for last in range(10)]
    cards = [number for number in candidates if is_card_number(number)]
    assert len(cards) == 1
    assert redact_text(cards[0]) == HIDDEN


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_redacting_twice_changes_nothing_more(value):
    assert redact(redact(value)) == redact(value)


def test_a_link_that_signs_on_is_told_without_its_token():
    link = "https://ic/cloudsso.aspx?remoteauthenticationtoken=a1b2&RedirectID=2"
    hidden = f"https://ic/cloudsso.aspx?remoteauthenticationtoken={HIDDEN}&RedirectID=2"
    assert redact_text(f'see "{link}".') == f'see "{hidden}".'
