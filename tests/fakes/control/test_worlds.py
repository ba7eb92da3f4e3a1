"""The resource `worlds`: growing, listing, connecting to and ending worlds."""

import tomllib

import pytest


def test_new_world_answers_how_to_connect(control):
    answer = control("POST", "worlds", {"name": "mine", "seed": 7, "billers": 2})
    assert answer.status_code == 201
    told = answer.json()
    assert told["base_url"] == "http://sandbox.test/w/mine"
    assert told["virtual"] is False
    assert len(told["billers"]) == 2
    first = told["billers"][0]
    assert first["spectrum"]["base_url"].startswith(told["base_url"])
    assert first["spectrum"]["token"] != first["spectrum"]["rtdr"]["token"]
    assert all(url.startswith(told["base_url"]) for url in wsdl_urls(first))
    assert control("GET", "worlds/mine").json()["billers"] == told["billers"]


def wsdl_urls(biller):
    return biller["invoice_cloud"]["wsdl_urls"].values()


def test_start_makes_time_virtual(control):
    start = "2026-03-08T07:59:59.5Z"
    told = control("POST", "worlds", {"name": "mine", "start": start}).json()
    assert (told["virtual"], told["now"]) == (True, "2026-03-08T07:59:59.500000Z")


def test_worlds_are_listed_by_name(control):
    control("POST", "worlds", {"name": "b", "start": "2026-01-05T08:00:00Z"})
    control("POST", "worlds", {"name": "a", "start": "2026-01-05T08:00:00Z"})
    listed = control("GET", "worlds").json()["worlds"]
    assert [world["name"] for world in listed] == ["a", "b", "default"]


def test_taken_name_is_409(refusal):
    assert "'default'" in refusal(409, "POST", "worlds", {"name": "default"})["message"]


def test_ended_world_is_gone(control, refusal, in_process):
    control("POST", "worlds", {"name": "mine"})
    assert control("DELETE", "worlds/mine").status_code == 204
    assert "there are: default" in refusal(404, "DELETE", "worlds/mine")["message"]
    assert in_process.get("/w/mine/_sandbox/clock").status_code == 404


def test_worlds_are_reached_even_when_there_is_none(control):
    """The last world may be ended, and a new one grown."""
    assert control("DELETE", "worlds/default").status_code == 204
    assert control("GET", "clock").status_code == 404
    assert control("GET", "worlds").json() == {"worlds": []}
    assert control("POST", "worlds", {"name": "default"}).status_code == 201
    assert control("GET", "clock").status_code == 200


@pytest.mark.parametrize("receipts", [True, False])
def test_adapter_settings_are_ready_made(control, receipts):
    """They parse as TOML, hold every biller, and follow the receipts feed."""
    control("PATCH", "behaviours", {"spectrum_receipts_feed": receipts})
    answer = control("GET", "worlds/default/adapter.toml")
    assert answer.headers["Content-Type"].startswith("application/toml")
    settings = tomllib.loads(answer.text)
    told = control("GET", "worlds/default").json()["billers"][0]
    biller = settings["billers"][told["slug"]]
    assert biller["biller_guid"] == told["invoice_cloud"]["biller_guid"]
    assert biller["feed"]["receipts"] is receipts
    key = f"{told['spectrum']['password']}|{told['spectrum']['token']}"
    assert biller["advanced_settings"]["13"] == key


@pytest.mark.parametrize(
    ("url", "listen"),
    [
        (None, "127.0.0.1:8200"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("http://adapter:9000", "127.0.0.1:8200"),
        ("http://localhost", "127.0.0.1:8200"),
    ],
)
def test_adapter_listens_where_it_is_expected(control, url, listen):
    control("PUT", "connector", {"url": url})
    settings = tomllib.loads(control("GET", "worlds/default/adapter.toml").text)
    assert settings["adapter"]["listen"] == listen


@pytest.mark.parametrize("path", ["worlds/nowhere", "worlds/nowhere/adapter.toml"])
def test_unknown_world_lists_the_known(refusal, path):
    assert "there are: default" in refusal(404, "GET", path)["message"]
