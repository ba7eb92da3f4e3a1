"""The HTTP client that a partner calls others with."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sandbox.fakes.outgoing import outgoing


def test_it_says_who_calls():
    assert outgoing("Spectrum", 5.0).headers["User-Agent"] == "Spectrum-sandbox"


def test_it_is_opened_once_for_a_caller():
    assert outgoing("IMT", 5.0) is outgoing("IMT", 5.0)


@pytest.fixture
def peers():
    """Yield a server's address, and the list of ports that it was called from."""
    seen = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.append(self.client_address)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", seen
        server.shutdown()
        thread.join()


def test_no_connection_outlives_its_call(peers):
    """A client that lives as long as the process would hold it open to the very end."""
    url, seen = peers
    for _ in range(2):
        outgoing("IMT", 5.0).get(url)
    assert len(set(seen)) == 2
