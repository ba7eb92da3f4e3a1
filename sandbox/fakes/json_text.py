"""Reading a JSON body strictly: bounded, exact numbers, each name once, halves of pairs refused.

Each partner says no in its own words, so what is wrong comes as an exception to translate.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

# System.Text.Json reads no deeper than this.
DEPTH_MAX = 32
# Room for every decimal of .NET, several times over; longer ones only cost time.
NUMBER_LENGTH_MAX = 100
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class NotJsonError(Exception):
    """The body is not announced as JSON in UTF-8."""


class TooLargeError(Exception):
    """The body is larger than the partner reads."""


class MalformedError(Exception):
    """The body is announced as JSON and is none that can be read; the message says why."""


def read_text(request: Request, bytes_max: int) -> str:
    """Return the text of a body that is announced as JSON."""
    media_type = request.mimetype
    is_json = media_type in {"application/json", "text/json"} or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not is_json or charset not in {"utf-8", "utf8"}:
        raise NotJsonError
    request.max_content_length = bytes_max
    try:
        content = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLargeError from None
    try:
        text = content.decode("utf-8-sig").strip(" \t\r\n")
    except UnicodeDecodeError:
        raise MalformedError("The body is not UTF-8.") from None
    if not text:
        raise MalformedError("A non-empty request body is required.")
    return text


def parse_object(text: str) -> dict[str, Any]:
    """Return the one JSON object that a text holds; every number is a Decimal."""
    _check_depth(text)
    try:
        document = json.loads(
            text,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, InvalidOperation):
        raise MalformedError("The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise MalformedError("The body is not a JSON object.")
    if _SURROGATE.search(text):
        _check_surrogates(document)
    return document


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        if token.group() in {"[", "{"}:
            depth += 1
        elif token.group() in {"]", "}"}:
            depth -= 1
        if depth > DEPTH_MAX:
            raise MalformedError(f"The body is nested deeper than {DEPTH_MAX} levels.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice, in any case: .NET binds names without regard to case."""
    seen = set()
    for name, _ in pairs:
        if name.casefold() in seen:
            raise MalformedError(f"The name {name[:50]!r} comes more than once.")
        seen.add(name.casefold())
    return dict(pairs)


def _check_surrogates(document: dict[str, Any]) -> None:
    try:
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise MalformedError("The body holds half of a surrogate pair.") from None


def _number(digits: str) -> Decimal:
    if len(digits) > NUMBER_LENGTH_MAX:
        raise MalformedError(f"A number is written with more than {NUMBER_LENGTH_MAX} characters.")
    return Decimal(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
