"""The doors as one WSGI application: every route, every error in the envelope, nothing cached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from adapter.doors.enrollments import enrollments_door
from adapter.doors.envelope import install_error_answers
from adapter.doors.health import health_door
from adapter.doors.ops import ops_door
from adapter.doors.payments import payments_door
from adapter.doors.requests import BODY_BYTES_MAX, begin, end, finish
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
    app.before_request(partial(begin, adapter))
    app.after_request(finish)
    app.teardown_request(end)
    return app
