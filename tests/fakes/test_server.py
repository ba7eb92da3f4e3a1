"""The sandbox's server: worlds by prefix, fakes by path, faults carried out on the wire."""

import httpx
import pytest

from sandbox.faults import FAULTS, AnswerWithheld, ConnectionSevered
from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START

TOKEN_PATH = "/spectrum/wsSpectrumAPICore/api/Token"


def values_of(world):
    credentials = world.billers[0].payment_credentials
    return {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }


def arm(world, kind, **parameters):
    world.faults.arm(
        kind=kind,
        effect=FAULTS[kind](parameters),
        partner="spectrum",
        operation="Token",
        moment="before",
        count=1,
        match={},
        parameters=parameters,
    )


@pytest.fixture
def sandbox():
    sandbox = Sandbox(base_url="http://sandbox.test/")
    sandbox.create_world(start=DEMO_START)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(sandbox):
    transport = httpx.WSGITransport(app=sandbox.wsgi)
    with httpx.Client(transport=transport, base_url=sandbox.url) as client:
        yield client


def test_default_world_is_served_without_a_prefix_and_with_one(sandbox, client):
    body = values_of(sandbox.world())
    for prefix in ("", "/w/default"):
        assert client.post(f"{prefix}{TOKEN_PATH}", json=body).status_code == 200


def test_each_world_has_its_own_keys_and_books(sandbox, client):
    """One world's values open nothing in another, and what happens stays in its journal."""
    other = sandbox.create_world("other", seed=2, start=DEMO_START)
    body = values_of(other)
    assert client.post(f"/w/other{TOKEN_PATH}", json=body).status_code == 200
    assert client.post(TOKEN_PATH, json=body).status_code == 401
    assert len(other.journal.entries()) == 1
    assert len(sandbox.world().journal.entries()) == 1
    assert other.base_url == "http://sandbox.test/w/other"


def test_token_of_one_world_is_refused_by_another_of_the_same_seed(sandbox, client):
    """Worlds share nothing, even where they grow from one seed."""
    sandbox.create_world("twin", start=DEMO_START)
    answer = client.post(TOKEN_PATH, json=values_of(sandbox.world())).json()
    headers = {"Authorization": f"Bearer {answer['data']['attributes']['token']}"}
    path = "/spectrum/wsSpectrumAPICore/api/Invoice/InvoiceBalanceDue?invoiceNumber=30254"
    assert client.get(path, headers=headers).status_code == 200
    assert client.get(f"/w/twin{path}", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/w/nowhere/", "/w/nowhere", "/w//x", "/w/%F0%9F%92%B6/x"])
def test_unknown_world_lists_the_known_ones(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_world"
    assert "default" in answer.json()["error"]["message"]


def test_path_that_nobody_serves_is_not_found(client):
    answer = client.get("/bank/company/api/sessions/")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "remedy"}


def test_started_server_tells_its_real_address(sandbox_server, world):
    """What a world hands out is where it is reached."""
    assert world.base_url == f"{sandbox_server.url}/w/{world.name}"
    answer = httpx.post(f"{world.base_url}{TOKEN_PATH}", json=values_of(world))
    assert answer.status_code == 200


def test_faulty_answer_replaces_the_partners_own(sandbox, client):
    arm(sandbox.world(), "status", status=429, headers={"Retry-After": "7"}, body="later")
    answer = client.post(TOKEN_PATH, json=values_of(sandbox.world()))
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (429, "7", "later")
    assert client.post(TOKEN_PATH, json=values_of(sandbox.world())).status_code == 200


@pytest.mark.parametrize(
    ("kind", "raised"), [("sever", ConnectionSevered), ("silence", AnswerWithheld)]
)
def test_without_a_socket_a_lost_answer_is_raised(sandbox, client, kind, raised):
    arm(sandbox.world(), kind)
    with pytest.raises(raised):
        client.post(TOKEN_PATH, json=values_of(sandbox.world()))


def test_severed_over_a_socket_is_a_read_error(world):
    arm(world, "sever")
    with pytest.raises(httpx.ReadError):
        httpx.post(f"{world.base_url}{TOKEN_PATH}", json=values_of(world))


def test_withheld_over_a_socket_is_a_timeout(world):
    arm(world, "silence")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{world.base_url}{TOKEN_PATH}", json=values_of(world), timeout=0.2)


def test_stopping_ends_every_world():
    """A stopped sandbox holds no world, and stopping it again does no harm."""
    sandbox = Sandbox().start(port=0)
    sandbox.create_world()
    sandbox.stop()
    assert sandbox.worlds.names() == []
    sandbox.stop()


def test_every_answer_bears_the_worlds_time_as_its_partners_know_it(world):
    def told():
        answers = [
            httpx.get(f"{world.base_url}/_sandbox/clock"),
            httpx.post(f"{world.base_url}{TOKEN_PATH}", json=values_of(world)),
        ]
        assert len({answer.headers["Date"] for answer in answers}) == 1
        assert [len(answer.headers.get_list("Date")) for answer in answers] == [1, 1]
        return answers[0].headers["Date"]

    assert told() == "Mon, 05 Jan 2026 08:00:00 GMT"
    world.behaviours.change({"partners_clock_ahead_seconds": 90})
    assert told() == "Mon, 05 Jan 2026 08:01:30 GMT"
