"""The fault `status`: another status and body in place of the partner's answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import FaultyAnswer
from sandbox.faults.parameters import FaultParameterError, refuse_unknown

DEFAULT_STATUS = 503
STATUS_MIN, STATUS_MAX = 200, 599
BODY_CHARACTERS_MAX = 10_000
HEADERS_MAX = 20
# Framing belongs to the server; a fault that broke it would be another fault.
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "te", "trailers", "upgrade"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")


@dataclass(frozen=True, kw_only=True)
class Status:
    """Answers `status` (503 unless said) with `headers` and a text `body`, by default none."""

    status: int
    headers: dict[str, str]
    body: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("status", parameters, ("body", "headers", "status"))
        return cls(
            status=_status(parameters.get("status", DEFAULT_STATUS)),
            headers=_headers(parameters.get("headers", {})),
            body=_body(parameters.get("body", "")),
        )

    def strike(self) -> NoReturn:
        raise FaultyAnswer(self.status, dict(self.headers), self.body.encode())


def _status(value: Any) -> int:
    if type(value) is not int or not STATUS_MIN <= value <= STATUS_MAX:
        raise FaultParameterError(
            f"status is an HTTP status from {STATUS_MIN} to {STATUS_MAX}, got {value!r:.40}"
        )
    return value


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > HEADERS_MAX:
        raise FaultParameterError(f"headers is an object of at most {HEADERS_MAX} texts")
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING | {"transfer-encoding"}:
            raise FaultParameterError(f"headers cannot set {name!r:.100}")
        if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
            raise FaultParameterError(f"header {name} takes printable ASCII, got {text!r:.40}")
    return value


def _body(value: Any) -> str:
    if not isinstance(value, str) or len(value) > BODY_CHARACTERS_MAX:
        raise FaultParameterError(f"body is a text of at most {BODY_CHARACTERS_MAX} characters")
    return value
