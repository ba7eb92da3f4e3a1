"""The sandbox as one server: every world, every fake, the control API and the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from sandbox.fakes import FAKES, Fake, load
from sandbox.faults import FaultyAnswer
from sandbox.world.binding import WORLD_KEY
from sandbox.world.registry import DEFAULT_WORLD, WORLDS_KEY, UnknownWorldError, Worlds
from sandbox.world.world import World

if TYPE_CHECKING:
    from flask import Flask

    from sandbox.hosting import HostedServer

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Body = Iterable[bytes]

# Under this path worlds are grown and ended, so it is served without a world too.
WORLDS_PATH = "/_sandbox/worlds"
_PREFIX = re.compile(r"/w/([^/]*)(/.*)?", re.DOTALL)
_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # compared with, not bound to


class Sandbox:
    """All worlds behind one WSGI callable, on a socket once it is started.

    `base_url` is where clients reach it; without it, the address that it listens on. With a
    `control_token` the control API and the console want it; without, they answer the loopback.
    """

    def __init__(self, *, base_url: str | None = None, control_token: str | None = None) -> None:
        self._told_url = base_url.rstrip("/") if base_url else None
        self._control_token = control_token
        self._server: HostedServer | None = None
        self._app: Flask | None = None
        self._lock = Lock()
        self.listens_at = "http://127.0.0.1:8100"
        self.url = self._told_url or self.listens_at
        self.worlds = Worlds(self.url)

    def create_world(
        self,
        name: str = DEFAULT_WORLD,
        *,
        seed: int = 1,
        start: datetime | None = None,
        billers: int = 1,
        open_invoices: int = 25,
    ) -> World:
        """Grow a world; with `start` (UTC) its time is virtual, without it runs in real time."""
        return self.worlds.create(
            name, seed=seed, start=start, billers=billers, open_invoices=open_invoices
        )

    def delete_world(self, name: str) -> None:
        self.worlds.delete(name)

    def world(self, name: str = DEFAULT_WORLD) -> World:
        return self.worlds.get(name)

    def start(self, host: str = "127.0.0.1", port: int = 8100) -> Self:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        from sandbox.hosting import HostedServer

        self._server = HostedServer(self.wsgi, host=host, port=port)
        self.listens_at = _url(host, self._server.port)
        self.url = self._told_url or self.listens_at
        self.worlds.move(self.url)
        self._application()
        return self

    def stop(self) -> None:
        """Close the socket and end every world."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.worlds.delete_all()

    def wsgi(self, environ: Environ, start_response: StartResponse) -> Body:
        """Serve one request in its world; without a socket, a severed connection is raised."""
        environ, name = _bind(environ)
        environ[WORLDS_KEY] = self.worlds
        path = environ["PATH_INFO"]
        world = self.worlds.find(name)
        if world is not None:
            environ[WORLD_KEY] = world
            start_response = _dated(world, start_response)
        elif not path.startswith(WORLDS_PATH):
            return self._refuse_world(name, environ, start_response)
        try:
            return self._application_for(path)(environ, start_response)
        except FaultyAnswer as answer:
            return _answer(answer, start_response)

    def _application_for(self, path: str) -> Callable[[Environ, StartResponse], Body]:
        for fake in FAKES.values():
            if fake.application and path.startswith(fake.prefix):
                application: Callable[[Environ, StartResponse], Body] = load(fake.application)
                return application
        return self._application()

    def _application(self) -> Flask:
        with self._lock:
            if self._app is None:
                self._app = _build(FAKES, self._control_token)
            return self._app

    def _refuse_world(self, name: str, environ: Environ, start_response: StartResponse) -> Body:
        from sandbox.control.errors import answer_refusal, unknown

        with self._application().app_context():
            message = str(UnknownWorldError(name, self.worlds.names()))
            return answer_refusal(unknown("world", message))(environ, start_response)


def _build(fakes: Mapping[str, Fake], control_token: str | None) -> Flask:
    """Put every blueprint into one Flask application, which serves all worlds."""
    from flask import Flask, request
    from flask.json.provider import DefaultJSONProvider
    from werkzeug.exceptions import HTTPException

    from sandbox import console, control
    from sandbox.control.errors import RefusedError, answer_http_error, answer_refusal
    from sandbox.control.guard import check_access
    from sandbox.fakes import chrome

    app = Flask("sandbox", static_folder=None)
    app.url_map.merge_slashes = False  # no redirect to whatever Host the client named
    app.config["PROPAGATE_EXCEPTIONS"] = True  # our own bugs show themselves to tests
    app.json = provider = DefaultJSONProvider(app)
    provider.sort_keys = False
    app.register_blueprint(chrome.blueprint)
    for fake in fakes.values():
        for blueprint in fake.blueprints:
            app.register_blueprint(load(blueprint))

    guarded = {control.blueprint.name, console.blueprint.name}
    app.register_blueprint(control.blueprint)
    app.register_blueprint(console.blueprint)

    @app.before_request
    def guard() -> None:
        if guarded.intersection(request.blueprints):
            check_access(control_token)

    app.register_error_handler(RefusedError, answer_refusal)
    app.register_error_handler(HTTPException, answer_http_error)
    return app


def _bind(environ: Environ) -> tuple[Environ, str]:
    """Return the request below its world's prefix, and the world's name."""
    path = environ.get("PATH_INFO", "")
    prefixed = _PREFIX.fullmatch(path)
    if prefixed is None:
        return {**environ, "PATH_INFO": path or "/"}, DEFAULT_WORLD
    name, rest = prefixed.group(1), prefixed.group(2) or "/"
    script = f"{environ.get('SCRIPT_NAME', '')}/w/{name}"
    return {**environ, "SCRIPT_NAME": script, "PATH_INFO": rest}, name


def _dated(world: World, start_response: StartResponse) -> StartResponse:
    """Let every answer of a world say the world's time, as far as its partners know it.

    A fault may have said another.
    """

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        if any(name.lower() == "date" for name, _ in headers):
            return start_response(status, headers, *rest)
        ahead = timedelta(seconds=world.behaviours.partners_clock_ahead_seconds)
        told = ("Date", format_datetime(world.clock.now() + ahead, usegmt=True))
        return start_response(status, [*headers, told], *rest)

    return start


def _answer(answer: FaultyAnswer, start_response: StartResponse) -> Body:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Faulty"
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    start_response(f"{answer.status} {phrase}", list(headers.items()))
    return [answer.body]


def _url(host: str, port: int) -> str:
    reached = "127.0.0.1" if host in _ANY_ADDRESS else host
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
