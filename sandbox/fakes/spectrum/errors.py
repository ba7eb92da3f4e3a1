"""How Spectrum says no: ASP.NET Core's answers, one constructor each (decision 0011)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.world.redaction import redact

PROBLEM = "application/problem+json; charset=utf-8"
_TYPES = {400: "15.5.1", 401: "15.5.2", 404: "15.5.5", 409: "15.5.10", 415: "15.5.16"}


class RefusedError(Exception):
    """Spectrum refuses a request; carries the whole answer, and a phrase for the journal."""

    def __init__(
        self,
        status: int,
        summary: str,
        *,
        headers: Mapping[str, str] | None = None,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(summary)
        self.status = status
        self.summary = summary
        self.document = document
        self.headers = dict(headers or {})
        if document is not None:
            self.headers["Content-Type"] = PROBLEM

    @property
    def body(self) -> bytes:
        return b"" if self.document is None else json.dumps(self.document).encode()


def invalid(errors: Mapping[str, Sequence[str]]) -> RefusedError:
    """Answer a request whose content breaks the contract; names each field."""
    errors = redact(errors)
    title = "One or more validation errors occurred."
    summary = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items())
    document = {**_problem(400, title), "errors": {name: list(e) for name, e in errors.items()}}
    return RefusedError(400, f"refused: {summary}", document=document)


def no_token() -> RefusedError:
    return RefusedError(401, "refused: no token", headers={"WWW-Authenticate": "Bearer"})


def bad_token(description: str) -> RefusedError:
    challenge = f'Bearer error="invalid_token", error_description="{description}"'
    return RefusedError(401, f"refused: {description}", headers={"WWW-Authenticate": challenge})


def bad_credentials() -> RefusedError:
    document = _problem(401, "Unauthorized")
    return RefusedError(401, "refused: these values belong to no biller", document=document)


def not_found(detail: str) -> RefusedError:
    document = {**_problem(404, "Not Found"), "detail": detail}
    return RefusedError(404, f"refused: {detail}", document=document)


def conflict(detail: str) -> RefusedError:
    document = {**_problem(409, "Conflict"), "detail": detail}
    return RefusedError(409, f"refused: {detail}", document=document)


def no_such_path() -> RefusedError:
    return RefusedError(404, "refused: Spectrum has no such path")


def method_not_allowed(allowed: str) -> RefusedError:
    return RefusedError(405, f"refused: only {allowed} is served here", headers={"Allow": allowed})


def too_large(limit_bytes: int) -> RefusedError:
    return RefusedError(413, f"refused: the body is larger than {limit_bytes} bytes")


def not_json() -> RefusedError:
    document = _problem(415, "Unsupported Media Type")
    return RefusedError(415, "refused: the body is not announced as JSON", document=document)


def _problem(status: int, title: str) -> dict[str, Any]:
    section = f"https://tools.ietf.org/html/rfc9110#section-{_TYPES[status]}"
    return {"type": section, "title": title, "status": status}
