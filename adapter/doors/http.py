"""The doors as one WSGI application: every route, every error in the envelope, nothing cached."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, request

from adapter.doors.enrollments import enrollments_door
from adapter.doors.envelope import install_error_answers
from adapter.doors.ops import ops_door
from adapter.doors.payments import payments_door
from adapter.doors.requests import BODY_BYTES_MAX
from adapter.doors.rtdr import rtdr_door
from adapter.doors.sign_on import sign_on_door

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

_log = structlog.get_logger(__name__)


def create_app(adapter: Adapter) -> Flask:
    """Return the application that serves every door of an adapter."""
    app = Flask("adapter.doors", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        PROPAGATE_EXCEPTIONS=False,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    # A path is served as it is written: no redirect ever leads a body elsewhere.
    app.url_map.merge_slashes = False
    install_error_answers(app)
    for door in (rtdr_door, payments_door, enrollments_door, sign_on_door, ops_door):
        app.register_blueprint(door(adapter))
    app.before_request(_begin)
    app.after_request(_finish)
    return app


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        correlation_id=str(uuid.uuid4()), method=request.method, path=request.path[:200]
    )


def _finish(answer: Response) -> Response:
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id", "")
    answer.headers["X-Correlation-Id"] = correlation_id
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    _log.info("request answered", status=answer.status_code)
    return answer
