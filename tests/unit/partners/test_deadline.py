"""Each call has a total time, over real connections: whoever drips holds nobody up.

Real sockets, short limits; nothing here waits but for the call itself, and that a test ends at all
is what is tested.
"""

import itertools
import socket
import threading
from contextlib import contextmanager, suppress

import httpcore
import httpx
import pytest

from adapter.errors import OutcomeUnknownError, RejectedError, RetryableError
from adapter.partners.deadline import _Backend, timeouts_until
from adapter.partners.http import Call, PartnerHttp, open_client

LIMIT_SECONDS = 0.5
DRIP_SECONDS = 0.05
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
# More than the buffers of both ends of a loopback connection take.
LARGE = b"x" * (64 * 1024 * 1024)


def call(url, **changes):
    fields = {"operation": "OnlineReceipt", "method": "POST", "settings": "settings"}
    return Call(url=url, **fields | {"content": b"{}", "repeatable": False} | changes)


@contextmanager
def partner(serve):
    """Listen on loopback; `serve` gets each connection and an event that is set at the end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):  # the caller hangs up: what this is about
                    serve(connection, over)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def read_request(connection):
    """Read all of a request: what is left of it at the end would reset the connection."""
    with connection.makefile("rb") as stream:
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        stream.read(length)


def dripping(first: bytes, drop: bytes):
    """Read a request, say the first words, and then a drop again and again, for ever."""

    def serve(connection, over):
        read_request(connection)
        connection.sendall(first)
        while not over.wait(DRIP_SECONDS):
            connection.sendall(drop)

    return serve


def deaf(_connection, over):
    """Take the connection and read nothing of it."""
    over.wait()


@pytest.mark.parametrize(
    ("serve", "changes"),
    [
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"), {}),
        (dripping(b"HTTP", b"/"), {}),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), {}),
        (dripping(HEADERS, b"x"), {}),
        (deaf, {"content": LARGE}),
        (deaf, {}),
    ],
    ids=["header lines", "status line", "interim", "body", "unread", "silence"],
)
@pytest.mark.parametrize(
    ("repeatable", "kind"), [(True, RetryableError), (False, OutcomeUnknownError)]
)
def test_a_partner_that_drips_does_not_hold_a_call_beyond_its_time(
    serve, changes, repeatable, kind
):
    with partner(serve) as url, open_client(timeout_seconds=LIMIT_SECONDS) as client:
        http = PartnerHttp("spectrum", client)
        with pytest.raises(kind):
            http.send(call(url, repeatable=repeatable, **changes))


@pytest.mark.parametrize(
    ("refusals", "kind"), [(None, RejectedError), (frozenset({400}), OutcomeUnknownError)]
)
def test_a_refusal_that_drips_is_no_whole_document(refusals, kind):
    """Where money may have moved it is doubt; elsewhere an excerpt of it will do."""
    serve = dripping(HEADERS.replace(b"200 OK", b"400 Bad Request"), b" ")
    with partner(serve) as url, open_client(timeout_seconds=LIMIT_SECONDS) as client:
        http = PartnerHttp("spectrum", client)
        with pytest.raises(kind):
            http.send(call(url, refusals=refusals))


def test_a_call_may_have_more_time_in_all_than_one_wait():
    """An extract of many rows takes minutes, and no single wait may."""
    seconds = itertools.count()

    def serve(connection, _over):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n" + b"x" * 600_000)

    with partner(serve) as url, open_client(timeout_seconds=9) as client:
        http = PartnerHttp("spectrum", client, monotonic=lambda: next(seconds))
        answer = http.send(call(url, seconds_max=100_000.0))
    assert len(answer.content) == 600_000
    assert next(seconds) > 9


def test_two_answers_that_are_read_in_turns_keep_their_own_times():
    """A report is read row by row while other calls are made between its rows."""
    asked = threading.Event()

    def slow(connection, _over):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        asked.wait()
        connection.sendall(b"b")

    with (
        partner(slow) as row_by_row,
        partner(dripping(HEADERS, b"x")) as drips,
        open_client(timeout_seconds=30) as client,
    ):
        http = PartnerHttp("spectrum", client)
        with http.stream(call(row_by_row)) as answer:
            chunks = iter(answer.chunks)
            assert next(chunks) == b"a"
            with pytest.raises(OutcomeUnknownError):
                http.send(call(drips, seconds_max=LIMIT_SECONDS))
            asked.set()
            assert b"".join(chunks) == b"b"


class Network(httpcore.NetworkBackend):
    """Hosts none of whose addresses answers; each try takes its whole timeout of the clock."""

    def __init__(self):
        self.now = 0.0
        self.tried = []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ARG002
        self.tried.append((host, timeout))
        self.now += timeout
        raise httpcore.ConnectTimeout


def test_a_host_of_many_addresses_takes_no_longer_than_one(monkeypatch):
    found = [(2, 1, 6, "", (f"192.0.2.{number}", 80)) for number in range(1, 9)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    network = Network()
    timeout = httpx.Timeout(30, connect=10)
    timeouts = timeouts_until(25.0, timeout, lambda: network.now)
    with pytest.raises(httpcore.ConnectTimeout):
        _Backend(network).connect_tcp("partner.example", 80, timeouts["connect"])
    assert network.tried == [("192.0.2.1", 10), ("192.0.2.2", 10), ("192.0.2.3", 5)]


def test_a_host_without_an_address_was_surely_not_reached(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with open_client(timeout_seconds=5) as client, pytest.raises(RetryableError):
        PartnerHttp("spectrum", client).send(call("http://127.0.0.1:9/"))


def test_the_connections_of_a_proxy_keep_to_the_time_too(monkeypatch):
    """A proxy that drips its answer to CONNECT holds nobody up; nothing has left by then."""
    serve = dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n")
    with partner(serve) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        with open_client(timeout_seconds=LIMIT_SECONDS) as client:
            http = PartnerHttp("spectrum", client)
            with pytest.raises((RetryableError, OutcomeUnknownError)):
                http.send(call("https://partner.example/"))
