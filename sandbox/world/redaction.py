"""The one place where secrets are taken out of what a journal, log or report would show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

HIDDEN = "[redacted]"
_SECRET_NAMES = frozenset(
    {
        "token",
        "password",
        "passwordtoken",
        "remoteauthenticationtoken",
        "agentconnecturl",
        "username",
        "webservicekey",
        "authorization",
        "cookie",
        "set-cookie",
        "apikey",
        "api_key",
        "web_service_key",
        "cardnumber",
        "card_number",
        "accountnumberach",
        "bank_account_number",
        "routing_number",
        "security_code",
    }
)
# A header of any token here takes a hundred; bounded, no text can keep the search busy.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{1,500}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# A link that signs somebody on.
_SIGN_ON_LINK = re.compile(r"(RemoteAuthenticationToken=)[^&\s\"'<>]+", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z-])(?:[0-9][ -]?){12,18}[0-9](?![0-9A-Za-z-])")


def redact(value: Any, name: str = "", known: re.Pattern[str] | None = None) -> Any:
    """Return a copy of a JSON-like value with every secret replaced by a fixed mark.

    What `known` finds is hidden wherever it stands.
    """
    if name.lower() in _SECRET_NAMES and not isinstance(value, Mapping | list | tuple):
        return HIDDEN if value else value
    if isinstance(value, Mapping):
        return {
            redact(key, known=known): redact(item, str(key), known) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item, name, known) for item in value]
    if isinstance(value, str):
        return redact_text(value if known is None else known.sub(HIDDEN, value))
    if isinstance(value, int | Decimal) and redact_text(str(value)) == HIDDEN:
        return HIDDEN
    return value


def pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds each of these, in any case."""
    words = [re.escape(secret) for secret in sorted(secrets, key=len, reverse=True) if secret]
    return re.compile("|".join(words), re.IGNORECASE) if words else None


def redact_text(text: str) -> str:
    """Hide JWTs, sign-on tokens and anything shaped like a card number inside a text."""
    text = _SIGN_ON_LINK.sub(rf"\1{HIDDEN}", _JWT.sub(HIDDEN, text))
    return _LONG_NUMBER.sub(_hide_card, text)


def is_card_number(digits: str) -> bool:
    """Tell whether 13 to 19 digits pass the Luhn check that every card number passes."""
    if not 13 <= len(digits) <= 19:  # noqa: PLR2004  # ISO/IEC 7812's bounds
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # Luhn's digit sum
    return total % 10 == 0


def _hide_card(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match.group())
    return HIDDEN if is_card_number(digits) else match.group()
