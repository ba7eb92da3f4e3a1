"""The kinds of values in the settings file, each with the rule that it must keep.

A value that breaks its rule raises ValueError with the rule, never with the value.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from adapter.clock import require_aware
from adapter.domain.payment import REPORT_FIELDS
from adapter.redaction import HIDDEN
from adapter.settings.credentials import is_guid, split_key_and_password

SECRET_LENGTH_MIN = 8
# Whoever guesses it knows every payer's password at Invoice Cloud.
PASSWORD_SEED_LENGTH_MIN = 32
SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg"
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[^\s:\[\]]+):(?P<port>[0-9]{1,5})")
_PATH_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_RETURN_CODES = re.compile(r"R(?P<first>[0-9]{2})(-R(?P<last>[0-9]{2}))?")
_ENDPOINT = re.compile(r"/api/(Token|Invoice|OnlineReceipt)(/|$)", re.IGNORECASE)


class SecretText(str):
    """A text like any other, except that its repr does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)


def in_folder(path: str, info: ValidationInfo) -> str:
    """Return a path from the settings file's folder, the context of the validation."""
    return str((info.context or Path()) / path)


def sqlite_file_of(ledger: str) -> Path | None:
    """Return the file of an SQLite ledger's URL; another database has none."""
    if not ledger.startswith(SQLITE):
        return None
    path = ledger.removeprefix(SQLITE).partition("?")[0]
    return Path(unquote(path)) if path else None


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  # pydantic collects ValueError
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if any(ord(character) < ord(" ") for character in value):
        raise ValueError("must not hold control characters or line breaks")
    return value


def _secret(value: str) -> str:
    if len(_text(value)) < SECRET_LENGTH_MIN:
        raise ValueError(f"must have at least {SECRET_LENGTH_MIN} characters")
    return value


def _guid(value: str) -> str:
    if not is_guid(value.strip()):
        raise ValueError("must be a GUID, 8-4-4-4-12 hexadecimal digits")
    return value.strip()


def url(value: str) -> str:
    rule = "must be an http or https URL"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(rule) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(rule)
    if parts.query or parts.fragment or parts.username is not None or re.search(r"\s", value):
        raise ValueError("must be a URL without user, query, fragment and spaces")
    return value.rstrip("/")


def _spectrum_url(value: str) -> str:
    base = url(value)
    if _ENDPOINT.search(base):
        raise ValueError("must be Spectrum's base URL, without /api and what follows it")
    return base


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, OSError, ValueError):
        raise ValueError("must be a time zone of the IANA database") from None
    return value


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    if match is None or int(match["port"]) > 65535:  # noqa: PLR2004  # the highest TCP port
        raise ValueError("must be host:port")
    return value


def _ledger(value: str, info: ValidationInfo) -> str:
    path = value.removeprefix(SQLITE)
    if path != value and path and not path.startswith((":memory:", "?")):
        return f"{SQLITE}{in_folder(path, info)}"
    try:
        database = make_url(value)
    except ArgumentError:
        database = None
    if database is None or database.drivername != POSTGRESQL or not database.database:
        raise ValueError(
            f"must be {SQLITE} and the path of a file, or {POSTGRESQL}://user@host/database"
        )
    return value


def _reserved_characters(value: str) -> str:
    if value != "refuse" and (len(value) != 1 or value in "|~" or not value.isprintable()):
        raise ValueError('must be "refuse" or one printable character other than | and ~')
    return value


def _path_segment(value: str) -> str:
    if not _PATH_SEGMENT.fullmatch(value):
        raise ValueError("must be letters, digits, dots, dashes and underscores")
    return value


def _cookie_name(value: str) -> str:
    if not _COOKIE_NAME.fullmatch(value):
        raise ValueError("must be the name of a cookie, in the characters of a token")
    return value


def _key_and_password(value: Any) -> tuple[str, str]:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004  # pydantic collects ValueError
    key, password = split_key_and_password(value)
    return SecretText(key), SecretText(password)


def _moment(value: Any) -> datetime:
    """Take TOML's own moments, and what an `env:` or `file:` brings as text."""
    rule = "must be a moment with its offset from UTC"
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(rule) from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(rule)
    return require_aware(value, "moment")


def _columns(value: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(value) - set(REPORT_FIELDS))
    if unknown:
        raise ValueError(f"names {', '.join(unknown)}; known are {', '.join(REPORT_FIELDS)}")
    if len(set(value.values())) != len(value):
        raise ValueError("must not give one column to two fields")
    return value


def return_codes(value: str) -> tuple[str, ...]:
    """Return the codes of a text such as R01 or R01-R39."""
    match = _RETURN_CODES.fullmatch(value)
    first, last = (match["first"], match["last"] or match["first"]) if match else ("1", "0")
    if int(first) > int(last):
        raise ValueError('must be R and two digits, or a range of such codes. Give "R01-R39"')
    return tuple(f"R{number:02}" for number in range(int(first), int(last) + 1))


def _return_codes(value: str) -> str:
    return value if return_codes(value) else ""


Text = Annotated[str, AfterValidator(_text)]
Secret = Annotated[str, AfterValidator(_secret), AfterValidator(SecretText)]
SecretWord = Annotated[Text, AfterValidator(SecretText)]
PasswordSeed = Annotated[
    str,
    AfterValidator(_secret),
    Field(min_length=PASSWORD_SEED_LENGTH_MIN),
    AfterValidator(SecretText),
]
Guid = Annotated[str, AfterValidator(_guid)]
SecretGuid = Annotated[Guid, AfterValidator(SecretText)]
KeyAndPassword = Annotated[tuple[str, str], PlainValidator(_key_and_password)]
Url = Annotated[str, AfterValidator(url)]
SpectrumUrl = Annotated[str, AfterValidator(_spectrum_url)]
LedgerUrl = Annotated[Text, AfterValidator(_ledger)]
Listen = Annotated[Text, AfterValidator(_listen)]
TimeZone = Annotated[Text, AfterValidator(_time_zone)]
PathSegment = Annotated[Text, AfterValidator(_path_segment)]
CookieName = Annotated[Text, AfterValidator(_cookie_name)]
ReservedCharacters = Annotated[str, AfterValidator(_reserved_characters)]
Moment = Annotated[datetime, PlainValidator(_moment)]
Columns = Annotated[dict[str, Text], AfterValidator(_columns)]
ReturnCodes = tuple[Annotated[str, AfterValidator(_return_codes)], ...]
Positive = Annotated[
    float, BeforeValidator(_no_boolean), Field(gt=0, allow_inf_nan=False, le=10_000_000)
]
Whole = Annotated[int, BeforeValidator(_no_boolean)]
