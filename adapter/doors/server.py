"""Hosts the doors on a socket: waitress in a thread of its own, with a clean start and stop."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from adapter.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
# The doors take 64 KiB and say so themselves; beyond this waitress refuses before reading on.
RECEIVED_BYTES_MAX = 1024 * 1024
HEADER_BYTES_MAX = 16 * 1024
IDLE_SECONDS_MAX = 60
CONNECTIONS_MAX = 200
# What runs when the server stops is waited for: longer than the ledger waits for another writer,
# so that a payment which comes to disk is answered too.
STOP_SECONDS_MAX = 20
# An answer that is written when the server stops gets this many rounds to leave.
DRAINING_ROUNDS_MAX = 50
DRAINING_ROUND_SECONDS = 0.1

# As the doors say it; any other code is waitress's reason.
_CODES = {400: "bad_input", 413: "too_large"}


class _DoorParser(HTTPRequestParser):
    """Refuses a length of thousands of digits, over which waitress would drop the connection."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("a figure of the header is invalid") from None


class _DoorErrorTask(ErrorTask):
    """Says in the doors' own envelope what waitress refuses before the doors see it."""

    def execute(self) -> None:
        error: Any = self.request.error  # type: ignore[attr-defined]  # the stubs say Error
        self.status = f"{error.code} {error.reason}"
        code = _CODES.get(error.code) or "_".join(error.reason.lower().split())
        envelope = {
            "error": {
                "code": code,
                "message": f"this is no request that the doors can read: {error.reason}",
                "field": None,
                "remedy": "Send a well-formed HTTP request within the limits",
            }
        }
        body = json.dumps(envelope).encode()
        self.response_headers = [("Content-Type", "application/json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _DoorChannel(HTTPChannel):
    parser_class = _DoorParser
    error_task_class = _DoorErrorTask


class DoorServer:
    """Serves a WSGI application at host and port; port 0 takes a free one."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = THREADS,
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self._stopping = threading.Event()
        try:
            self._server: Any = create_server(
                app,
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                ident=None,
                channel_timeout=IDLE_SECONDS_MAX,
                connection_limit=CONNECTIONS_MAX,
                max_request_body_size=RECEIVED_BYTES_MAX,
                max_request_header_size=HEADER_BYTES_MAX,
                # The ops door knows a proxy by them; nothing else reads them.
                clear_untrusted_proxy_headers=False,
            )
        except (OSError, ValueError) as error:
            self._close_all()
            raise ConfigurationError(
                f"adapter.listen: {host}:{port} cannot be listened on ({error}). Give a free one"
            ) from error
        for listener in self._listeners():
            listener.channel_class = _DoorChannel
        self.host, self.port = self._address()
        self._thread = threading.Thread(target=self._run, name="adapter-doors", daemon=True)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Answer requests from now on; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Take no new request, let those that run answer, and close every socket."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread.is_alive():
            with contextlib.suppress(OSError, IndexError):  # the loop saw it and closed all
                self._listeners()[0].pull_trigger()
            self._thread.join()
        else:
            self._server.task_dispatcher.shutdown()
            self._close_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        for listener in self._listeners():
            # Whoever comes now is refused at once; the channels that are open stay so.
            wasyncore.dispatcher.close(listener)
        self._server.task_dispatcher.shutdown(timeout=STOP_SECONDS_MAX)
        for _ in range(DRAINING_ROUNDS_MAX):
            channels = [c for c in self._sockets.values() if isinstance(c, HTTPChannel)]
            if not any(channel.total_outbufs_len for channel in channels):
                break
            wasyncore.loop(
                timeout=DRAINING_ROUND_SECONDS, use_poll=True, map=self._sockets, count=1
            )
        self._close_all()

    def _listeners(self) -> list[BaseWSGIServer]:
        return [s for s in list(self._sockets.values()) if isinstance(s, BaseWSGIServer)]

    def _address(self) -> tuple[str, int]:
        listener: Any = self._listeners()[0]
        address = listener.socket.getsockname()
        return str(address[0]), int(address[1])

    def _close_all(self) -> None:
        wasyncore.close_all(self._sockets, ignore_all=True)
