"""What a card, a bank account, a token or a credential looks like, wherever it stands."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Container, Iterator

from sandbox.world.redaction import HIDDEN, is_card_number

# Long enough to be a bank's or a card's; the groups in which cards are printed are 4-4-4-4, 4-6-5.
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{9,19}(?![0-9])")
_GROUPED = re.compile(
    r"(?<![0-9A-Za-z-])"
    r"(?:[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![0-9A-Za-z-])"
)
# Inside a GUID, a fingerprint or a token's own alphabet, digits are no number.
_WORD = re.compile(r"[0-9A-Za-z_+/=-]*[A-Za-z][0-9A-Za-z_+/=-]*")
_LETTERS_AND_NUMBER = re.compile(r"[A-Za-z]{1,12}[:_-]?[0-9]{13,19}")
# Scheme by scheme: the first digits of a card and how many it has (ISO/IEC 7812).
_SCHEMES = (
    (re.compile(r"4"), {13, 16, 19}),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),  # Mastercard
    (re.compile(r"3[47]"), {15}),  # American Express
    (re.compile(r"6011|64[4-9]|65|622"), {16, 17, 18, 19}),  # Discover, UnionPay
    (re.compile(r"30[0-5]|3095|36|38|39"), {14, 16, 17, 18, 19}),  # Diners Club
    (re.compile(r"352[89]|35[3-8]"), {16, 17, 18, 19}),  # JCB
    (re.compile(r"62"), {16, 17, 18, 19}),  # UnionPay
    (re.compile(r"50(?:18|20|38)|6304|6759|676[1-3]"), set(range(13, 20))),  # Maestro
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.")
_BEARER = re.compile(r"\bbearer[ :=]+([A-Za-z0-9._~+/=-]{16,})")
_BASIC = re.compile(r"\bbasic[ :=]+([A-Za-z0-9+/]{8,}={0,2})", re.IGNORECASE)
# What stands before a routing number that is called one, and beside one an account number.
_CALLED_ROUTING = re.compile(r"(?:routing|aba)[ _-]?(?:number|no|nr)?\W{1,8}$")
_ACCOUNT_BEHIND = re.compile(
    r"(?:[ ,;|/:]{1,3}|\W{1,4}account\w*\W{1,4})([0-9]{4,17})(?![0-9A-Za-z.-])"
)
_ACCOUNT_BEFORE = re.compile(
    r"(?<![0-9A-Za-z.-])([0-9]{4,17})(?:[ ,;|/:]{1,3}|\W{1,4}routing\w*\W{1,4})$"
)
NEARBY = 40
ROUTING_DIGITS = 9
_ROUTING_WEIGHTS = (3, 7, 1) * 3
# The first two digits of a Federal Reserve routing number.
_ROUTING_DISTRICTS = re.compile(r"0[1-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80")


def secrets_shaped(text: str, known: Container[str]) -> Iterator[str]:
    """Yield what a text holds that nobody may read; `known` are the world's own numbers."""
    lowered = text.lower()
    if _JWT.search(text):
        yield "a token"
    if "bearer" in lowered and any(told != HIDDEN for told in _BEARER.findall(lowered)):
        yield "a bearer token"
    if "basic" in lowered and any(_is_basic(told) for told in _BASIC.findall(text)):
        yield "basic credentials"
    grouped = (re.sub(r"[ -]", "", match.group()) for match in _GROUPED.finditer(text))
    if any(is_card(number) and number not in known for number in grouped):
        yield "a number that passes a card's check"
    for match in _LONG_NUMBER.finditer(text):
        number = match.group()
        if number not in known:
            yield from _told_by_number(lowered, match)


def _told_by_number(text: str, match: re.Match[str]) -> Iterator[str]:
    """Yield what a long number is, by its digits and by what stands around it."""
    number = match.group()
    if is_card(number) and _is_number(_word_around(text, match)):
        yield "a number that passes a card's check"
    if is_routing_number(number):
        before = text[max(match.start() - NEARBY, 0) : match.start()]
        behind = text[match.end() : match.end() + NEARBY]
        if _CALLED_ROUTING.search(before):
            yield "a routing number"
        if _is_of_word(before[-1:]) or _is_of_word(behind[:1]):
            return
        if _ACCOUNT_BEHIND.match(behind) or _ACCOUNT_BEFORE.search(before):
            yield "a routing number beside an account"


def is_card(digits: str) -> bool:
    """Tell whether digits have a scheme's prefix and length, and pass the Luhn check."""
    return is_card_number(digits) and any(
        len(digits) in lengths and prefix.match(digits) for prefix, lengths in _SCHEMES
    )


def is_routing_number(digits: str) -> bool:
    """Tell whether nine digits are a district's and pass the ABA check."""
    if len(digits) != ROUTING_DIGITS or not _ROUTING_DISTRICTS.match(digits):
        return False
    total = sum(int(d) * w for d, w in zip(digits, _ROUTING_WEIGHTS, strict=True))
    return total % 10 == 0


def _is_number(word: str) -> bool:
    """Tell a number from the digits inside of a GUID, a fingerprint or base64."""
    return not _WORD.fullmatch(word) or bool(_LETTERS_AND_NUMBER.fullmatch(word))


def _word_around(text: str, match: re.Match[str]) -> str:
    """Return the number with the characters of a word before and behind it."""
    start, end = match.span()
    while start > 0 and _is_of_word(text[start - 1]):
        start -= 1
    while end < len(text) and _is_of_word(text[end]):
        end += 1
    return text[start:end]


def _is_of_word(character: str) -> bool:
    return (
        character != "" and character.isascii() and (character.isalnum() or character in "_+/=-")
    )


def _is_basic(told: str) -> bool:
    try:
        words = base64.b64decode(told, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in words and words.isprintable()
