"""The one shape of every error answer, and which error becomes which answer."""

from __future__ import annotations

import math

import structlog
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from adapter.errors import (
    AdapterError,
    BadInputError,
    ConfigurationError,
    ContentConflictError,
    LedgerError,
    NotFoundError,
    PartnerError,
)
from adapter.redaction import redacted

# What a caller waits when nobody told a better figure: the first delay of most retries.
RETRY_AFTER_SECONDS = 30
RETRY_AFTER_SECONDS_MAX = 3600
_REMEDIES = {
    400: ("bad_input", "Send a request as the contract says"),
    404: ("not_found", "Look the path up in the contract of the doors"),
    405: ("method_not_allowed", "Use a method of the Allow header"),
    413: ("too_large", "Send at most 64 KiB"),
    415: ("unsupported_media_type", "Send application/json in UTF-8"),
}
# What is wrong when no field of a body can be named.
BODY = "body"
_log = structlog.get_logger(__name__)


class UnauthorizedError(AdapterError):
    """The credentials are missing or wrong; which one is not told."""

    def __init__(self, challenge: str, remedy: str) -> None:
        super().__init__("the credentials are missing or wrong")
        self.challenge = challenge
        self.remedy = remedy


class ForbiddenError(AdapterError):
    """The door is open to clients on the loopback only."""


class NotSetUpError(NotFoundError):
    """The biller exists, and has no settings for what is asked of it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class MediaTypeError(AdapterError):
    """The body is not announced as JSON in UTF-8."""


def envelope(
    status: int,
    code: str,
    message: str,
    remedy: str,
    *,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error answer."""
    body = {"error": {"code": code, "message": message, "field": field, "remedy": remedy}}
    text = current_app.json.dumps(body)
    return Response(text, status=status, headers=headers, mimetype="application/json")


def install_error_answers(app: Flask) -> None:
    """Let every error, foreseen or not, leave in the envelope; the closest class answers."""
    app.register_error_handler(BadInputError, _from_bad_input)
    app.register_error_handler(UnauthorizedError, _from_unauthorized)
    app.register_error_handler(ForbiddenError, _from_forbidden)
    app.register_error_handler(NotFoundError, _from_not_found)
    app.register_error_handler(MediaTypeError, _from_media_type)
    app.register_error_handler(ConfigurationError, _from_configuration)
    app.register_error_handler(LedgerError, _from_ledger)
    app.register_error_handler(PartnerError, _from_partner)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_bug)


def _from_bad_input(error: BadInputError) -> Response:
    field = redacted(error.field)
    subject = f"{field} = {redacted(error.value)!r}" if error.value else field
    conflict = isinstance(error, ContentConflictError)
    return envelope(
        409 if conflict else 400,
        "conflict" if conflict else "bad_input",
        f"{subject}: {error.rule}",
        error.remedy,
        field=None if error.field == BODY else field,
    )


def _from_unauthorized(error: UnauthorizedError) -> Response:
    headers = {"WWW-Authenticate": error.challenge}
    return envelope(401, "unauthorized", str(error), error.remedy, headers=headers)


def _from_forbidden(error: ForbiddenError) -> Response:
    return envelope(403, "forbidden", str(error), "Set ops_key in the settings and send it")


def _from_not_found(error: NotFoundError) -> Response:
    remedy = "Ask for something that exists"
    remedy = error.remedy if isinstance(error, NotSetUpError) else remedy
    return envelope(404, "not_found", str(error), remedy)


def _from_media_type(error: MediaTypeError) -> Response:
    code, remedy = _REMEDIES[415]
    return envelope(415, code, str(error), remedy)


def _from_configuration(error: ConfigurationError) -> Response:
    _log.error("a setting is wrong", problems=list(error.problems))
    return _unavailable(
        "a setting of this biller is wrong", "The operator finds it at /ops/configuration"
    )


def _from_ledger(error: LedgerError) -> Response:
    _log.error("the ledger fails", reason=str(error))
    return _unavailable("the ledger cannot be used now", "Send the same request again later")


def _from_partner(error: PartnerError) -> Response:
    _log.warning("a partner fails", partner=error.partner, reason=str(error))
    return _unavailable(f"{error.partner} fails now", "Try again later", error.retry_after_seconds)


def _unavailable(message: str, remedy: str, seconds: float | None = None) -> Response:
    wait = RETRY_AFTER_SECONDS if seconds is None else min(seconds, RETRY_AFTER_SECONDS_MAX)
    headers = {"Retry-After": str(max(1, math.ceil(wait)))}
    return envelope(503, "unavailable", message, remedy, headers=headers)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    code, remedy = _REMEDIES.get(status, (f"http_{status}", "Send a request as the contract says"))
    if status not in _REMEDIES:
        code = "_".join(error.name.lower().split())
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    message = f"{request.method} of this path: {error.name.lower()}"
    return envelope(status, code, message, remedy, headers=headers)


def _from_bug(error: Exception) -> Response:
    _log.error("a request failed unexpectedly", exc_info=error)
    return envelope(
        500,
        "internal",
        "the adapter failed unexpectedly; its log tells more under the correlation id",
        "Try again later, and tell the operator the X-Correlation-Id of this answer",
    )
