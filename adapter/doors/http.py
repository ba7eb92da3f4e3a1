"""The doors as one WSGI application: every route, every error in the envelope, nothing cached."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response, g, request

from adapter.correlation import HEADER, present_correlation_id
from adapter.doors.correlation import correlation_id_of
from adapter.doors.enrollments import enrollments_door
from adapter.doors.envelope import install_error_answers
from adapter.doors.health import health_door
from adapter.doors.ops import ops_door
from adapter.doors.payments import payments_door
from adapter.doors.requests import BODY_BYTES_MAX
from adapter.doors.rtdr import rtdr_door
from adapter.doors.sign_on import sign_on_door

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

_DOORS = (
    rtdr_door,
    payments_door,
    enrollments_door,
    sign_on_door,
    ops_door,
    health_door,
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger(__name__)


def create_app(adapter: Adapter) -> Flask:
    """Return the application that serves every door of an adapter."""
    return _with_doors(adapter, *_DOORS)


def create_watch_app(adapter: Adapter) -> Flask:
    """Return the application of a process without doors: its health, readiness and figures."""
    return _with_doors(adapter, health_door)


def _with_doors(adapter: Adapter, *doors: Callable[[Adapter], Blueprint]) -> Flask:
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
    for door in doors:
        app.register_blueprint(door(adapter))
    app.before_request(partial(_begin, adapter))
    app.after_request(_finish)
    app.teardown_request(_end)
    return app


def _begin(adapter: Adapter) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        correlation_id=correlation_id_of(request), method=request.method, path=request.path[:200]
    )
    # A path that is no route's gets no label of its own: callers could make any number of them.
    route = request.url_rule.rule if request.url_rule is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    g.observation = ExitStack()
    g.observed = g.observation.enter_context(adapter.watch.door_request(method, route))


def _finish(answer: Response) -> Response:
    answer.headers[HEADER] = present_correlation_id()
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    g.observed.status = answer.status_code
    _log.info("request answered", status=answer.status_code)
    return answer


def _end(_error: BaseException | None) -> None:
    if "observation" in g:
        g.pop("observation").close()
    structlog.contextvars.clear_contextvars()  # the thread may call a partner for somebody else
