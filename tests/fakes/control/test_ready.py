"""The resource `ready`: what it waits for, and what an advance does meanwhile."""

import threading

import pytest

from sandbox.control import clock as clock_resource
from sandbox.server import Sandbox


def test_a_world_without_an_announced_adapter_is_ready(world, control_of):
    answer = control_of(world)("GET", "ready")
    assert answer.status_code == 200
    assert answer.json() == {"world": world.name, "ready": True, "reasons": []}


def test_an_announced_adapter_is_waited_for(world, control_of):
    world.adapter_joined.clear()
    answer = control_of(world)("GET", "ready")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "has not joined" in answer.json()["reasons"][0]
    world.adapter_joined.set()
    assert control_of(world)("GET", "ready").status_code == 200


def test_an_advance_runs_once_the_adapter_has_joined(world, control_of):
    """Whatever the adapter schedules as it joins is run by an advance that came before."""
    world.adapter_joined.clear()
    asked, answers = threading.Event(), []

    def advance():
        asked.set()
        answers.append(control_of(world)("POST", "clock/advance", {"seconds": 3600}).json())

    thread = threading.Thread(target=advance)
    thread.start()
    asked.wait()
    world.clock.call_in(60, "adapter.send_invoices", lambda: None)
    world.adapter_joined.set()
    thread.join()
    assert answers[0]["events"] == {"adapter.send_invoices": 1}


def test_an_advance_is_refused_where_the_adapter_does_not_join(world, control_of, monkeypatch):
    monkeypatch.setattr(clock_resource, "JOIN_SECONDS_MAX", 0)
    world.adapter_joined.clear()
    before = world.clock.now()
    answer = control_of(world)("POST", "clock/advance", {"seconds": 3600})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "adapter_not_joined"
    assert world.clock.now() == before


@pytest.mark.parametrize("path", ["/_sandbox/ready", "/w/default/_sandbox/ready"])
def test_readiness_wants_the_control_token(path):
    import httpx

    sandbox = Sandbox(base_url="http://sandbox.test", control_token="let-me-in")
    sandbox.create_world()
    transport = httpx.WSGITransport(app=sandbox.wsgi)
    with httpx.Client(transport=transport, base_url=sandbox.url) as client:
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": "Bearer let-me-in"}).status_code == 200
    sandbox.stop()
