"""Serving on a real socket: waitress in a thread, able to reset or withhold an answer."""

from __future__ import annotations

import math
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from sandbox.faults import AnswerDripped, AnswerWithheld, ConnectionSevered

WsgiApplication = Callable[..., Any]

# While one request advances the clock, the calls it causes need threads of their own: the pool
# grows as long as requests wait, so that many advances at once cannot starve each other.
THREADS_MIN = 8
THREADS_MAX = 128
CONNECTIONS_MAX = 1_000
# Beyond every limit of the fakes, so that each refuses a large body in its own words.
BODY_BYTES_MAX = 256 * 1024 * 1024
STOP_SECONDS_MAX = 5
# SO_LINGER on, for zero seconds: closing sends a reset.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HostedServer:
    """A WSGI application listening on one port until it is stopped; port 0 takes a free one."""

    def __init__(self, application: WsgiApplication, *, host: str, port: int) -> None:
        """Bind and listen; raises OSError when the port is taken, or the host is none of ours."""
        settings = _settings(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        self._channels: dict[int, Any] = {}
        self._threads = _GrowingThreads()
        self._server = self._listen(application, settings)
        self._threads.set_thread_count(THREADS_MIN)
        self._loop = threading.Thread(target=self._server.run, name="sandbox-server", daemon=True)
        self._loop.start()

    @property
    def port(self) -> int:
        return int(self._server.effective_port)

    def stop(self) -> None:
        """Let the open requests end, within bounds, then close every connection."""
        for channel in list(self._server.active_channels.values()):
            channel.ended.set()
        self._threads.shutdown(timeout=STOP_SECONDS_MAX)
        self._server.trigger.pull_trigger(self._close_all)
        self._loop.join()

    def _listen(self, application: WsgiApplication, settings: Adjustments) -> Any:
        address: Any = settings.listen[0]
        try:
            return _Server(
                application,
                map=self._channels,
                dispatcher=self._threads,
                adj=settings,
                sockinfo=address,
            )
        except OSError:
            wasyncore.close_all(self._channels, ignore_all=True)
            raise

    def _close_all(self) -> None:
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # wakes a thread that waits for a client to read on
        wasyncore.close_all(self._channels, ignore_all=True)


def _settings(listen: str) -> Adjustments:
    try:
        return Adjustments(
            listen=listen,
            ident="sandbox",
            threads=THREADS_MIN,
            connection_limit=CONNECTIONS_MAX,
            max_request_body_size=BODY_BYTES_MAX,
            asyncore_use_poll=True,
            log_socket_errors=False,
        )
    except ValueError as error:  # a name that leads nowhere
        raise OSError(str(error)) from None


class _Parser(HTTPRequestParser):
    """Refuses a length of thousands of digits, over which waitress would drop the connection."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("a figure of the header is invalid") from None


class _Task(WSGITask):
    """Serves one request; a fault that struck it leaves the answer unwritten."""

    channel: _Channel
    unanswered = False

    def execute(self) -> None:
        try:
            super().execute()
        except ConnectionSevered:
            self.unanswered = True
            self.channel.sever()
        except AnswerWithheld:
            self.unanswered = True
            self.channel.withhold()
        except AnswerDripped as dripped:
            self.unanswered = True
            self.channel.drip(dripped.lines, dripped.interval_seconds)

    def finish(self) -> None:
        if not self.unanswered:
            super().finish()


class _Channel(HTTPChannel):
    """One client's connection."""

    parser_class = _Parser
    task_class = _Task
    withheld = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ended = threading.Event()

    def sever(self) -> None:
        """Have the loop close the connection with a reset, before anything is written."""
        if self.socket is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.will_close = True

    def drip(self, lines: int, interval_seconds: float) -> None:
        """Send a header line after each pause while the client listens, and then reset."""
        self.write_soon(b"HTTP/1.1 200 OK\r\n")
        for number in range(lines):
            if self.ended.wait(interval_seconds):
                return
            self.write_soon(b"X-Drip: %d\r\n" % number)
        self.sever()

    def handle_close(self) -> None:
        self.ended.set()
        super().handle_close()

    def withhold(self) -> None:
        """Answer nothing from now on; the loop notices when the client hangs up."""
        self.withheld = True

    def received(self, data: bytes) -> bool:
        return False if self.withheld else bool(super().received(data))

    def service(self) -> None:
        super().service()
        if self.withheld:
            self.last_activity = math.inf  # silence is no idleness to be tidied up


class _Server(TcpWSGIServer):
    """Accepts the connections."""

    channel_class = _Channel


class _GrowingThreads(ThreadedTaskDispatcher):
    """A pool that starts another thread when a request would have to wait, up to a bound."""

    def add_task(self, task: Any) -> None:
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()
            threads = len(self.threads) - self.stop_count
            waits = len(self.queue) > threads - self.active_count
        if waits and threads < THREADS_MAX:
            self.set_thread_count(threads + 1)
