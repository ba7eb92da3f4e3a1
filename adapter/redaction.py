"""Takes secrets and card numbers out of what is logged, answered or quoted of a partner."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

HIDDEN = "[hidden]"
# What is looked at, and what of it an error quotes.
READ_CHARACTERS_MAX = 4096
EXCERPT_CHARACTERS_MAX = 300
# Shorter ones stand in ordinary words, and hiding them everywhere would garble the excerpt.
SECRET_CHARACTERS_MIN = 4
_NAMES = r"\w*token|password|passwd|secret|web_?service_?key|api_?key|authorization"
_GUID = r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
_SECRETS = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]*){0,2}"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)(?!error=|realm=)[\w.~+/=-]+"
    rf"|(?P<element><(?:\w+:)?(?:{_NAMES})\b[^>]*>)[^<]+"
    rf"|(?P<member>\"(?:{_NAMES})\"\s*:\s*)\"(?:[^\"\\]|\\.)*\"?"
    rf"|(?P<pair>\b(?:{_NAMES})\s*=\s*)[^\s&;<\"',]+"
    rf"|(?P<near>\bkey\b[^\w<>]{{0,3}}(?:\w+[^\w<>]{{1,3}}){{0,2}}){_GUID}",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![0-9A-Za-z.-])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z-])")


def redacted_excerpt(content: bytes | str, *, secrets: Iterable[str] = ()) -> str:
    """Return the beginning of an answer on one line, with what must not be shown hidden.

    `secrets` are those that the request carried; they are hidden however the partner writes
    them back.
    """
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    text = redacted(text[:READ_CHARACTERS_MAX], secrets=secrets)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:EXCERPT_CHARACTERS_MAX]


def redacted(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Hide the given secrets, and whatever looks like a token, a password, a key or a card."""
    for spelling in _spellings(secrets):
        text = re.sub(re.escape(spelling), HIDDEN, text, flags=re.IGNORECASE)
    return _CARD.sub(_hide_card, _SECRETS.sub(_hide, text))


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Return every secret as it is and as JSON, XML and URLs write it, the longest first."""
    found = {
        spelling
        for secret in secrets
        if len(secret) >= SECRET_CHARACTERS_MIN
        for spelling in (
            secret,
            json.dumps(secret)[1:-1],
            html.escape(secret),
            html.escape(secret, quote=False),
            quote(secret, safe=""),
        )
    }
    return sorted(found, key=lambda spelling: (-len(spelling), spelling))


def _hide(match: re.Match[str]) -> str:
    kept = (match[name] for name in ("scheme", "element", "member", "pair", "near"))
    return "".join(text for text in kept if text) + HIDDEN


def _hide_card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return HIDDEN if (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 else match[0]
