"""Hosting on a real socket: answers, resets, silence, many calls within calls, and stopping."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from sandbox.faults import AnswerDripped, AnswerWithheld, ConnectionSevered
from sandbox.hosting import THREADS_MIN, HostedServer

PATIENCE_SECONDS = 30


class Bench:
    """A small application: each path does what its name says."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.gathered = threading.Barrier(3 * THREADS_MIN, timeout=PATIENCE_SECONDS)

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        self.served.append(path)
        if path == "/sever":
            raise ConnectionSevered
        if path.startswith("/drip"):
            raise AnswerDripped(int(path.removeprefix("/drip/")), 0.01)
        if path == "/withhold":
            raise AnswerWithheld
        if path == "/gather":
            self.gathered.wait()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read() or b"served"]


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def server(bench):
    server = HostedServer(bench, host="127.0.0.1", port=0)
    yield server
    server.stop()


def get(server, path="/"):
    answer = httpx.get(f"http://127.0.0.1:{server.port}{path}", timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200
    return answer.text


def call_silence(server):
    """Ask for an answer that never comes, and leave the connection open."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)
    client.sendall(b"GET /withhold HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def test_port_zero_takes_a_free_one(server):
    assert server.port > 0
    assert get(server) == "served"


def test_taken_port_is_an_error_at_once(server, bench):
    with pytest.raises(OSError, match="use"):
        HostedServer(bench, host="127.0.0.1", port=server.port)


def test_severed_connection_is_reset_without_a_byte(server, bench):
    """The caller sees a reset, never an empty or half answer; the next call is served."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert client.get("/").text == "served"
        with pytest.raises(httpx.ReadError, match="reset"):
            client.get("/sever")
        assert client.get("/").text == "served"
    assert bench.served == ["/", "/sever", "/"]


def test_withheld_answer_stays_away_until_the_caller_hangs_up(server, bench):
    """Nothing comes, not even to a second request on the connection, and others are served."""
    with call_silence(server) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert get(server) == "served"
    assert bench.served == ["/withhold", "/"]


def test_hanging_up_ends_the_silence(server):
    """The server lets go of a withheld connection as soon as its client has."""
    with call_silence(server) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_many_silences_starve_nobody(server):
    """A withheld answer holds no thread."""
    with ExitStack() as open_clients:
        for _ in range(50):
            open_clients.enter_context(call_silence(server))
        assert get(server) == "served"


def test_stopping_ends_the_silence_too(bench):
    server = HostedServer(bench, host="127.0.0.1", port=0)
    with call_silence(server) as client:
        assert get(server) == "served"
        server.stop()
        assert client.recv(1) == b""


def test_dripping_answer_is_all_header_and_ends_in_a_reset(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(b"GET /drip/3 HTTP/1.1\r\nHost: x\r\n\r\n")
        told: list[bytes] = []
        with pytest.raises(ConnectionResetError):
            told.extend(iter(lambda: client.recv(1000), b""))
    assert b"".join(told).startswith(b"HTTP/1.1 200 OK\r\nX-Drip: 0\r\n")
    assert b"\r\n\r\n" not in b"".join(told)
    assert get(server) == "served"


def test_stopping_does_not_wait_for_a_dripping_answer(bench):
    """A hundred seconds of it would outlast the test."""
    server = HostedServer(bench, host="127.0.0.1", port=0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(b"GET /drip/10000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(8) == b"HTTP/1.1"
        server.stop()
        list(iter(lambda: client.recv(1000), b""))


def test_pool_grows_while_requests_wait_for_each_other(server):
    """Requests that can only end together all get a thread, more than the pool starts with."""
    together = 3 * THREADS_MIN
    with ThreadPoolExecutor(together) as clients:
        answers = clients.map(lambda _: get(server, "/gather"), range(together))
        assert list(answers) == ["served"] * together


def test_body_of_a_megabyte_arrives_whole(server):
    body = bytes(range(256)) * 4096
    answer = httpx.post(f"http://127.0.0.1:{server.port}/", content=body)
    assert answer.content == body
