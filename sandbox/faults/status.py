"""The fault `status`: another status and body in place of the partner's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn, Self

from sandbox.faults.effects import FaultyAnswer
from sandbox.faults.parameters import FaultParameterError, read_headers, refuse_unknown

DEFAULT_STATUS = 503
STATUS_MIN, STATUS_MAX = 200, 599
BODY_CHARACTERS_MAX = 10_000
PAGES = ("empty", "html", "json")
# What a firewall before the partner says, whatever the partner did.
_HTML = (
    "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n"
    "<body><h1>{title}</h1><p>The request was stopped. Reference: 18.2f31a0d7</p></body></html>\n"
)


@dataclass(frozen=True, kw_only=True)
class Status:
    """Answers `status` (503 unless said) with `headers` and a text `body`, by default none.

    In place of the body, `page` makes one: `json` as ASP.NET's problem, `html` as a firewall's.
    """

    status: int
    headers: dict[str, str]
    body: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("status", parameters, ("body", "headers", "page", "status"))
        status = _status(parameters.get("status", DEFAULT_STATUS))
        headers = read_headers(parameters.get("headers", {}))
        if "page" not in parameters:
            return cls(status=status, headers=headers, body=_body(parameters.get("body", "")))
        if "body" in parameters:
            raise FaultParameterError("page makes the body; send one of the two")
        body, media_type = _page(parameters["page"], status)
        told = {name.lower() for name in headers}
        if media_type and "content-type" not in told:
            headers = {**headers, "Content-Type": media_type}
        return cls(status=status, headers=headers, body=body)

    def strike(self) -> NoReturn:
        raise FaultyAnswer(self.status, dict(self.headers), self.body.encode())


def _status(value: Any) -> int:
    if type(value) is not int or not STATUS_MIN <= value <= STATUS_MAX:
        raise FaultParameterError(
            f"status is an HTTP status from {STATUS_MIN} to {STATUS_MAX}, got {value!r:.40}"
        )
    return value


def _body(value: Any) -> str:
    if not isinstance(value, str) or len(value) > BODY_CHARACTERS_MAX:
        raise FaultParameterError(f"body is a text of at most {BODY_CHARACTERS_MAX} characters")
    return value


def _page(kind: Any, status: int) -> tuple[str, str]:
    """Return a body and its media type."""
    title = _title(status)
    match kind:
        case "json":
            problem = {"title": title, "status": status}
            return json.dumps(problem), "application/problem+json; charset=utf-8"
        case "html":
            return _HTML.format(title=title), "text/html; charset=utf-8"
        case "empty":
            return "", ""
    raise FaultParameterError(f"page is one of {', '.join(PAGES)}, got {kind!r:.40}")


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Faulty"
