"""Who may control: the loopback, or whoever bears the token; the fakes are open to all."""

import httpx
import pytest

from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START

TOKEN = "let-me-in"
WRONG = (None, "Bearer wrong", "Bearer", "Basic bGV0LW1lLWlu", "Digest x", TOKEN)
GUARDED = ("/", "/_sandbox/worlds/default", "/_sandbox/clock", "/w/default/_sandbox/clock")


@pytest.fixture
def client_from():
    """Make a client at an address for a sandbox with or without a token."""
    sandboxes = []

    def make(address, token=None):
        sandbox = Sandbox(base_url="http://sandbox.test", control_token=token)
        sandboxes.append(sandbox)
        sandbox.create_world(start=DEMO_START)
        transport = httpx.WSGITransport(app=sandbox.wsgi, remote_addr=address)
        return httpx.Client(transport=transport, base_url=sandbox.url)

    yield make
    for sandbox in sandboxes:
        sandbox.stop()


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "", "unix:"])
def test_without_a_token_other_machines_are_refused(client_from, path, address):
    answer = client_from(address).get(path)
    assert answer.status_code == 403
    assert "--control-token" in answer.json()["error"]["remedy"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_without_a_token_the_loopback_controls(client_from, address):
    assert client_from(address).get("/_sandbox/clock").status_code == 200


def test_partners_are_open_to_other_machines(client_from):
    """A fake guards itself, as its partner does."""
    answer = client_from("192.0.2.7").post("/spectrum/wsSpectrumAPICore/api/Token", json={})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7"])
@pytest.mark.parametrize("authorization", WRONG)
def test_with_a_token_everybody_needs_it(client_from, path, address, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client_from(address, TOKEN).get(path, headers=headers)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert TOKEN not in answer.text


@pytest.mark.parametrize("path", GUARDED[1:])
def test_bearer_controls_from_anywhere(client_from, path):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client_from("192.0.2.7", TOKEN).get(path, headers=headers).status_code == 200


def test_browser_may_send_the_token_as_a_password(client_from):
    client = client_from("192.0.2.7", TOKEN)
    assert client.get("/_sandbox/clock", auth=("anyone", TOKEN)).status_code == 200
    assert client.get("/_sandbox/clock", auth=(TOKEN, "wrong")).status_code == 401
