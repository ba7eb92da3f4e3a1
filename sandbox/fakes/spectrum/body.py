"""Reading a JSON body as Spectrum does: bounded, exact numbers, the original text kept (A3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Request

from sandbox.fakes.json_text import (
    MalformedError,
    NotJsonError,
    TooLargeError,
    parse_object,
    read_text,
)
from sandbox.fakes.spectrum.errors import RefusedError, invalid, not_json, too_large
from sandbox.world.journal import EXCERPT_LENGTH

BODY_BYTES_MAX = 1024 * 1024


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
        text = read_text(request, BODY_BYTES_MAX)
        return JsonBody(text=text, document=parse_object(text))
    except NotJsonError:
        refusal = not_json()
    except TooLargeError:
        refusal = too_large(BODY_BYTES_MAX)
    except MalformedError as malformed:
        refusal = invalid({"$": [str(malformed)]})
    return JsonBody(refusal=refusal)
