"""Reading a JSON body as Spectrum does: bounded, exact numbers, the original text kept (A3)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox.fakes.spectrum.errors import RefusedError, invalid, not_json, too_large
from sandbox.world.journal import EXCERPT_LENGTH

BODY_BYTES_MAX = 1024 * 1024
# System.Text.Json reads no deeper than this.
DEPTH_MAX = 32
# Room for every decimal of .NET, several times over; longer ones only cost time.
NUMBER_LENGTH_MAX = 100
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, kw_only=True)
class JsonBody:
    """A request's JSON object and the very text it came as, or why it cannot be read."""

    text: str = ""
    document: dict[str, Any] | None = None
    refusal: RefusedError | None = None

    def read(self) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        return self.document or {}

    def shown(self) -> Any:
        """Return what the journal may show: names are needed to hide the secrets in it."""
        if self.document is None:
            return "(no JSON object)"
        if len(self.text) > EXCERPT_LENGTH:
            return f"({len(self.text)} characters of JSON)"
        return self.document

    def echo(self, name: str, value: str) -> str:
        """Return the original text with one member more, every number spelled as it came."""
        head = self.text.removesuffix("}").rstrip()
        comma = "" if head == "{" else ","
        return f"{head}{comma}{json.dumps(name)}:{json.dumps(value)}}}"


def read_json(request: Request) -> JsonBody:
    """Read a body once; a refusal waits in it, because the token is judged before it."""
    try:
        text = _text(request)
        return JsonBody(text=text, document=_parse(text))
    except RefusedError as refusal:
        return JsonBody(refusal=refusal)


def _text(request: Request) -> str:
    media_type = request.mimetype
    is_json = media_type in {"application/json", "text/json"} or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not is_json or charset not in {"utf-8", "utf8"}:
        raise not_json()
    request.max_content_length = BODY_BYTES_MAX
    try:
        content = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large(BODY_BYTES_MAX) from None
    try:
        text = content.decode("utf-8-sig").strip(" \t\r\n")
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    if not text:
        raise _malformed("A non-empty request body is required.")
    return text


def _parse(text: str) -> dict[str, Any]:
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
        raise _malformed("The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise _malformed("The body is not a JSON object.")
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
            raise _malformed(f"The body is nested deeper than {DEPTH_MAX} levels.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice, in any case: .NET binds names without regard to case."""
    seen = set()
    for name, _ in pairs:
        if name.casefold() in seen:
            raise _malformed(f"The name {name[:50]!r} comes more than once.")
        seen.add(name.casefold())
    return dict(pairs)


def _check_surrogates(document: dict[str, Any]) -> None:
    try:
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise _malformed("The body holds half of a surrogate pair.") from None


def _number(digits: str) -> Decimal:
    if len(digits) > NUMBER_LENGTH_MAX:
        raise _malformed(f"A number is written with more than {NUMBER_LENGTH_MAX} characters.")
    return Decimal(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _malformed(rule: str) -> RefusedError:
    return invalid({"$": [rule]})
