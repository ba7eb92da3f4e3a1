"""The one envelope in which the sandbox itself says no: code, message, remedy."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from sandbox.world.redaction import redact_text

_WORDS = {
    404: ("not_found", "nothing is served at this path", "See the links of the page at /"),
    405: ("method_not_allowed", "this path takes another method", "Use one that Allow names"),
}


class RefusedError(Exception):
    """A request to the sandbox is refused; the message names field, value and rule."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        remedy: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.headers = dict(headers or {})


def bad_input(message: str, *, remedy: str) -> RefusedError:
    """Refuse a value; a card number that came with it is not told again."""
    return RefusedError(400, "bad_input", redact_text(message), remedy=remedy)


def unknown(what: str, message: str) -> RefusedError:
    """There is no such thing; the message lists those there are."""
    remedy = "Choose one of those there are"
    return RefusedError(404, f"unknown_{what}", redact_text(message), remedy=remedy)


def answer_refusal(refused: RefusedError) -> Response:
    told = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
    response = jsonify({"error": told})
    response.status_code = refused.status
    response.headers.update(refused.headers)
    return response


def answer_http_error(error: HTTPException) -> Response:
    """Say what the framework refused in our envelope."""
    status = error.code or 500
    fallback = (error.name.lower().replace(" ", "_"), error.description or error.name, "Mend it")
    code, message, remedy = _WORDS.get(status, fallback)
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer_refusal(RefusedError(status, code, message, remedy=remedy, headers=headers))
