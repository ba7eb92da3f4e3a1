"""The server on a real socket: starts on a free port, answers in the envelope, stops cleanly."""

import json
import socket
import threading

import pytest

from adapter.doors.server import RECEIVED_BYTES_MAX, DoorServer
from adapter.errors import ConfigurationError


def hello(_environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def talk(server: DoorServer, request: bytes) -> tuple[bytes, bytes]:
    """Send raw bytes and return the answer's head and body, once the server hangs up."""
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


@pytest.fixture
def server():
    server = DoorServer(hello)
    server.start()
    yield server
    server.stop()


def test_a_free_port_is_taken_and_told(server):
    assert server.url == f"http://127.0.0.1:{server.port}"
    head, body = talk(server, b"GET / HTTP/1.0\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert body == b"hello"
    assert b"waitress" not in head


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"nonsense\r\n\r\n", b"400", "bad_input"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400", "bad_input"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400", "bad_input"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (RECEIVED_BYTES_MAX + 1),
            b"413",
            "too_large",
        ),
    ],
)
def test_what_is_no_request_is_answered_in_the_envelope(server, request_bytes, status, code):
    """Waitress refuses these before any door sees them; the shape of the answer is the doors'."""
    head, body = talk(server, request_bytes)
    assert head.split()[1] == status
    assert json.loads(body)["error"]["code"] == code


def test_an_application_that_fails_leaks_nothing():
    def broken(_environ, _start_response):
        raise RuntimeError("a secret of the process")

    server = DoorServer(broken)
    server.start()
    try:
        head, body = talk(server, b"GET / HTTP/1.0\r\n\r\n")
    finally:
        server.stop()
    assert head.split()[1] == b"500"
    assert b"secret" not in body
    assert set(json.loads(body)["error"]) == {"code", "message", "field", "remedy"}


def test_a_request_that_runs_is_answered_before_the_server_stops():
    entered, proceed = threading.Event(), threading.Event()

    def slow(environ, start_response):
        entered.set()
        proceed.wait(30)
        return hello(environ, start_response)

    server = DoorServer(slow)
    server.start()
    answers = []
    client = threading.Thread(
        target=lambda: answers.append(talk(server, b"GET / HTTP/1.0\r\n\r\n"))
    )
    client.start()
    assert entered.wait(30)
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    proceed.set()
    stopper.join(30)
    client.join(30)
    assert answers[0][1] == b"hello"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((server.host, server.port), timeout=30)


def test_stopping_twice_or_without_a_start_is_harmless():
    server = DoorServer(hello)
    server.stop()
    server.stop()


def test_a_port_in_use_is_a_wrong_setting(server):
    with pytest.raises(ConfigurationError, match=r"adapter\.listen"):
        DoorServer(hello, port=server.port)
