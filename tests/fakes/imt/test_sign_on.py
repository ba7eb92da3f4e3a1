"""IMT's call of the adapter: what goes out, what each answer comes to, and no token kept."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.sign_on import SignOnFailedError, sign_on
from sandbox.world.world import World

WAY_IN = {
    "url": "http://127.0.0.1:1/cloudsso.aspx?RemoteAuthenticationToken=8f2c41",
    "branch": "registered",
    "passwordUpdated": True,
}


class Adapter(BaseHTTPRequestHandler):
    """An adapter that answers as it is told."""

    status, body, asked = 200, b"", None

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked = (self.path, self.headers, json.loads(content))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_told):
        """Say nothing."""


@pytest.fixture
def adapter():
    """Serve an adapter's answers on a port; return its handler class and its URL."""
    handler = type("OneAdapter", (Adapter,), {"body": json.dumps(WAY_IN).encode()})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(adapter):
    world = World()
    world.connectors[world.billers[0].slug].url = adapter.url

    def ask_for(**changes):
        biller = world.billers[0]
        policy = next(iter(world.book(ImtBook).policies.values()))
        told = {"email": "pat@example.com", "redirect_id": 2, **changes}
        return sign_on(world, biller, policy, **told)

    ask_for.world = world
    return ask_for


def test_the_door_is_asked_in_its_words(ask, adapter):
    signed_on = ask(return_url="http://imt.example/policy")
    assert (signed_on.url, signed_on.branch) == (WAY_IN["url"], "registered")
    assert signed_on.password_updated
    path, headers, body = adapter.asked
    assert path == "/billers/camp-point-mutual/sign-on"
    assert headers["Authorization"].startswith("Basic ")
    assert body["ownerConfirmed"] is True
    assert (body["redirectId"], body["returnUrl"]) == (2, "http://imt.example/policy")
    assert set(body["customer"]) == {"name", "address1", "address2", "city", "state", "zip"}
    ask()
    assert "returnUrl" not in adapter.asked[2]


def test_the_journal_tells_the_call_without_the_way_in(ask):
    ask()
    (entry,) = ask.world.journal.entries(target="adapter", operation="SignOn")
    assert (entry.source, entry.status) == ("imt", 200)
    assert entry.response == {"branch": "registered", "passwordUpdated": True}
    assert "8f2c41" not in ask.world.journal.as_lines()


def refusal(**changes):
    error = {"code": "x", "message": "it is wrong", "field": None, "remedy": "Mend it", **changes}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("answered", "shown"),
    [
        ((400, refusal(field="emailAddress")), (502, "email")),
        ((400, refusal(field="customer.zip")), (502, "")),
        ((401, refusal()), (502, "")),
        ((404, refusal()), (502, "")),
        ((422, refusal()), (502, "")),
        ((503, refusal()), (503, "")),
        ((500, b"{}"), (503, "")),
        ((200, b"<html>"), (503, "")),
        ((200, b"[]"), (502, "")),
    ],
)
def test_a_refusal_is_told_with_its_remedy(ask, adapter, answered, shown):
    adapter.status, adapter.body = answered
    with pytest.raises(SignOnFailedError) as caught:
        ask()
    assert (caught.value.status, caught.value.field) == shown
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    if b"Mend it" in adapter.body:
        assert "Mend it" in caught.value.remedy
    (entry,) = ask.world.journal.entries(operation="SignOn")
    assert entry.outcome == caught.value.message


def test_without_an_adapter_it_says_what_to_do(ask):
    ask.world.connectors[ask.world.billers[0].slug].url = None
    with pytest.raises(SignOnFailedError, match="No adapter has joined") as caught:
        ask()
    assert "adapter.toml" in caught.value.remedy
    assert "/_sandbox/connector" in caught.value.remedy
    assert ask.world.journal.entries(operation="SignOn") == []


def test_an_adapter_that_is_gone_is_told(ask):
    ask.world.connectors[ask.world.billers[0].slug].url = "http://127.0.0.1:9"
    with pytest.raises(SignOnFailedError, match="does not answer") as caught:
        ask()
    assert caught.value.status == 503
