"""Who may pass a door, and that nothing tells an outsider why not."""

import base64
from types import SimpleNamespace

import pytest
from flask import Flask, request

from adapter.doors.envelope import ForbiddenError, UnauthorizedError
from adapter.doors.requests import require_biller, require_operator
from adapter.settings import DoorAccess

GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"


SETTINGS = SimpleNamespace(
    doors={"alpha": DoorAccess(biller_guid=GUID, door_key="kéy:with:colons")}
)


def basic(username: str, password: str) -> dict[str, str]:
    joined = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {joined}"}


def enter(biller, headers):
    with Flask(__name__).test_request_context(headers=headers):
        return require_biller(request, SETTINGS, biller)


@pytest.mark.parametrize("username", [GUID, GUID.upper()])
def test_a_biller_passes_with_its_guid_and_door_key(username):
    assert enter("alpha", basic(username, "kéy:with:colons")).biller_guid == GUID


@pytest.mark.parametrize(
    ("biller", "headers"),
    [
        ("alpha", {}),
        ("alpha", {"Authorization": "Basic"}),
        ("alpha", {"Authorization": "Basic !!!"}),
        ("alpha", {"Authorization": "Basic /////w=="}),
        ("alpha", {"Authorization": "Bearer kéy:with:colons".encode().decode("latin-1")}),
        ("alpha", {"Authorization": 'Digest username="x"'}),
        ("alpha", basic(GUID, "")),
        ("alpha", basic(GUID, "wrong")),
        ("alpha", basic("", "kéy:with:colons")),
        ("alpha", basic(GUID[:-1], "kéy:with:colons")),
        ("beta", basic(GUID, "kéy:with:colons")),
        ("beta", basic("", "")),
        ("beta", {}),
    ],
)
def test_everybody_else_gets_the_same_refusal(biller, headers):
    with pytest.raises(UnauthorizedError) as refusal:
        enter(biller, headers)
    assert str(refusal.value) == "the credentials are missing or wrong"
    assert refusal.value.challenge.startswith("Basic ")


def operate(ops_key, *, host="127.0.0.1:8200", address="127.0.0.1", **headers):
    context = Flask(__name__).test_request_context(
        base_url=f"http://{host}", headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    with context:
        require_operator(request, ops_key)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:8200", "127.0.0.1"),
        ("localhost", "127.8.8.8"),
        ("localhost:8200", "::1"),
        ("[::1]:8200", "::ffff:127.0.0.1"),
    ],
)
def test_without_an_ops_key_the_loopback_passes(host, address):
    operate(None, host=host, address=address)


@pytest.mark.parametrize(
    ("host", "address", "headers"),
    [
        ("127.0.0.1:8200", "10.0.0.7", {}),
        ("127.0.0.1:8200", "", {}),
        ("adapter.example", "127.0.0.1", {}),
        ("127.0.0.1.example:8200", "127.0.0.1", {}),
        ("127.0.0.1:8200", "127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1:8200", "127.0.0.1", {"Forwarded": "for=10.0.0.7"}),
    ],
)
def test_without_an_ops_key_nobody_else_passes(host, address, headers):
    """A proxy on this machine and a name that points here speak for somebody elsewhere."""
    with pytest.raises(ForbiddenError):
        operate(None, host=host, address=address, **headers)


def test_with_an_ops_key_it_alone_opens_the_door():
    operate("an-ops-key", address="10.0.0.7", Authorization="Bearer an-ops-key")
    for wrong in ({}, {"Authorization": "Bearer other"}, basic("an-ops-key", "an-ops-key")):
        with pytest.raises(UnauthorizedError) as refusal:
            operate("an-ops-key", **wrong)
        assert refusal.value.challenge.startswith("Bearer ")
