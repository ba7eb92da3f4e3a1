"""A call's total time: no wait on its connection goes on beyond it, however often a byte comes.

httpx bounds each wait alone, so a partner that drips one header line each half second would hold a
call for ever. httpcore hands a request's timeouts, as they were given, to every operation on its
connection. They are given as floats that know besides when the whole call ends, and a network
backend of ours, which httpcore lets one choose, cuts every wait to what is left of the call. So
nothing is kept beside the request, and streams that are read in turns keep their own times.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

# The largest TLS record; a socket that has become writable takes it in a send or two.
_PIECE_BYTES = 16 * 1024


class TimeLeft(float):
    """The seconds that one wait may take, and besides when the whole call ends."""

    seconds_to_end: Callable[[], float]

    def now(self) -> float:
        """Return the seconds that a wait may take now; at or below 0 the call is over."""
        return min(float(self), self.seconds_to_end())


def timeouts_until(
    ends_at: float, timeout: httpx.Timeout, monotonic: Callable[[], float]
) -> dict[str, float | None]:
    """Return a client's timeouts as a request carries them, none beyond the end of its call."""

    def seconds_to_end() -> float:
        return ends_at - monotonic()

    timeouts: dict[str, float | None] = {}
    for name, seconds in timeout.as_dict().items():
        left = TimeLeft(max(0.0, seconds_to_end()) if seconds is None else seconds)
        left.seconds_to_end = seconds_to_end
        timeouts[name] = left
    return timeouts


def count_down(client: httpx.Client) -> None:
    """Have every connection of a client, through a proxy or not, keep to its calls' time.

    httpcore takes a network backend from outside and httpx does not hand one on: hence the
    private names, which the tests with real connections watch.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001


class _Backend(httpcore.NetworkBackend):
    """Opens connections that cut every wait to what is left of the call."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try each of the host's addresses in turn; the time left is looked at before each."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(
                    self._backend.connect_tcp(address, port, left, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write piece by piece, because within one write each send would wait anew."""
        for start in range(0, len(buffer), _PIECE_BYTES):
            piece = buffer[start : start + _PIECE_BYTES]
            self._stream.write(piece, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left = _left(timeout, httpcore.ConnectTimeout)
        except httpcore.ConnectTimeout:
            self.close()
            raise
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, over: type[Exception]) -> float | None:
    if not isinstance(timeout, TimeLeft):
        return timeout
    left = timeout.now()
    if left <= 0:
        raise over("the call's time is over")
    return left


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(address[0]) for *_, address in found]
