"""Spectrum's bearer token (A1): what of an answer is one, and how long it may be used."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from adapter.partners.http import UnreadableAnswerError
from adapter.partners.json_rows import attributes_of, read_json

# A token is renewed this long before it expires, so that none expires on its way.
TOKEN_MARGIN = timedelta(seconds=60)
# How long a token is used that does not tell when it expires; a 401 renews it sooner.
TOKEN_LIFETIME = timedelta(minutes=5)
# Ours take under a kilobyte; a server's limit for all headers is often 8 KiB.
TOKEN_CHARACTERS_MAX = 7 * 1024
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{TOKEN_CHARACTERS_MAX}}}")


def token_text(document: Any) -> str:
    """Find the token in A1's answer; raises UnreadableAnswerError for none that can be sent."""
    text = attributes_of(document, "jwtToken").get("token")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise UnreadableAnswerError("data.attributes.token must be a text that fits a header")
    return text


def use_until(token: str, *, now: datetime) -> datetime:
    """Tell when a token is to be renewed, by its `exp`.

    The signature is not checked, for the key is Spectrum's, and nothing else of the token is
    believed: one that cannot be read, whatever its algorithm, is used for a while.
    """
    try:
        claims = read_json(_base64url(token.split(".")[1]))
        return datetime.fromtimestamp(int(claims["exp"]), UTC) - TOKEN_MARGIN
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError, UnreadableAnswerError):
        return now + TOKEN_LIFETIME


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
