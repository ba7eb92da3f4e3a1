"""How IMT says no: JSON:API error objects, one constructor each (decision 0019)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "application/vnd.api+json"
# RFC 9110's own words; those of Python's library differ from version to version.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One error object; `pointer` is where in the request's document, as JSON:API spells it."""

    code: str
    detail: str
    pointer: str = ""
    header: str = ""


class RefusedError(Exception):
    """IMT refuses a request: the whole answer, and a phrase for the journal."""

    def __init__(
        self, status: int, *problems: Problem, headers: Mapping[str, str] | None = None
    ) -> None:
        summary = "; ".join(problem.detail for problem in problems)
        super().__init__(summary)
        self.status = status
        self.summary = f"refused: {summary}"
        self.document = {"errors": [_error(status, problem) for problem in problems]}
        self.headers = {"Content-Type": MEDIA_TYPE, **(headers or {})}

    @property
    def body(self) -> bytes:
        return json.dumps(self.document).encode()


def no_such_path() -> RefusedError:
    return RefusedError(404, Problem(code="not_found", detail="There is no such resource."))


def no_such_policy(number: str) -> RefusedError:
    detail = f"There is no policy {number[:40]!r}."
    return RefusedError(404, Problem(code="not_found", detail=detail))


def method_not_allowed(allowed: Sequence[str]) -> RefusedError:
    told = ", ".join(allowed)
    problem = Problem(code="method_not_allowed", detail=f"Only {told} is served here.")
    return RefusedError(405, problem, headers={"Allow": told})


def unsupported_media_type(told: str) -> RefusedError:
    detail = f"The body must be {MEDIA_TYPE} without parameters, and is {told[:80]!r}."
    return RefusedError(
        415, Problem(code="unsupported_media_type", detail=detail, header="Content-Type")
    )


def not_acceptable() -> RefusedError:
    detail = f"{MEDIA_TYPE} is answered without parameters, and Accept wants it with some."
    return RefusedError(406, Problem(code="not_acceptable", detail=detail, header="Accept"))


def too_large(limit_bytes: int) -> RefusedError:
    detail = f"The body is larger than {limit_bytes} bytes."
    return RefusedError(413, Problem(code="too_large", detail=detail))


def malformed(detail: str) -> RefusedError:
    return RefusedError(400, Problem(code="malformed", detail=detail))


def conflict(pointer: str, detail: str) -> RefusedError:
    return RefusedError(409, Problem(code="conflict", detail=detail, pointer=pointer))


def invalid(problems: Sequence[Problem]) -> RefusedError:
    return RefusedError(422, *problems)


def bad_credentials() -> RefusedError:
    detail = "Unable to log in with the provided credentials."
    return RefusedError(401, Problem(code="authentication_failed", detail=detail))


def no_session(detail: str) -> RefusedError:
    return RefusedError(401, Problem(code="not_authenticated", detail=detail))


def _error(status: int, problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": str(status),
        "code": problem.code,
        "title": TITLES[status],
        "detail": problem.detail,
    }
    if problem.pointer:
        told["source"] = {"pointer": problem.pointer}
    elif problem.header:
        told["source"] = {"header": problem.header}
    return told
