"""The resource `connector`: where Invoice Cloud reaches the adapter."""

import pytest


def test_connects_with_the_billers_own_credentials(world, control_of):
    biller = world.billers[0]
    told = control_of(world)("PUT", "connector", {"url": "http://127.0.0.1:8200/"})
    assert told.json() == {
        "biller": biller.slug,
        "url": "http://127.0.0.1:8200",
        "mode": "adapter",
    }
    connector = world.connectors[biller.slug]
    assert connector.url == "http://127.0.0.1:8200"
    assert (connector.username, connector.password) == (biller.biller_guid, biller.door_key)


def test_connects_with_other_credentials_and_disconnects(world, control_of):
    biller = world.billers[0]
    wanted = {"biller": biller.slug, "url": None, "username": "me", "password": "hush"}
    answer = control_of(world)("PUT", "connector", wanted)
    assert answer.json() == {"biller": biller.slug, "url": None, "mode": "adapter"}
    assert "hush" not in answer.text
    assert world.connectors[biller.slug].password == "hush"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "127.0.0.1:8200"}, "url"),
        ({"url": "ftp://127.0.0.1"}, "url"),
        ({"url": "http://"}, "the base URL of an adapter"),
        ({"url": "http://a:99999"}, "the base URL of an adapter"),
        ({"url": "http://a/?b"}, "the base URL of an adapter"),
        ({"url": "http://a b"}, "the base URL of an adapter"),
        ({"url": "http://[::1"}, "the base URL of an adapter"),
        ({"password": 1}, "password: it is not of type"),
        ({"password": "x" * 201}, "longer than 200"),
        ({"key": ""}, "'key': no such field"),
        ({"mode": "direct"}, "calls no adapter in mode direct"),
        ({"mode": "by pigeon"}, "mode = "),
    ],
)
def test_wrong_connector_is_named(refusal, change, told):
    wanted = {"url": "http://127.0.0.1:8200", **change}
    assert told in refusal(400, "PUT", "connector", wanted)["message"]


def test_unknown_biller_lists_the_known(refusal):
    wanted = {"url": None, "biller": "acme"}
    assert "there are: camp-point-mutual" in refusal(404, "PUT", "connector", wanted)["message"]


def test_calls_directly_and_back(world, control_of):
    connector = world.connectors[world.billers[0].slug]
    told = control_of(world)("PUT", "connector", {"mode": "direct"}).json()
    assert (told["url"], told["mode"], connector.direct) == (None, "direct", True)
    control_of(world)("PUT", "connector", {"url": "http://127.0.0.1:8200"})
    assert not connector.direct


def test_a_connector_leads_somewhere(refusal):
    assert refusal(400, "PUT", "connector", {})["message"].startswith("url: missing")
