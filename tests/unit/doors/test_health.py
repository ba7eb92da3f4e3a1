"""Health, readiness and metrics: who may ask, and what they say when something is wrong."""

import pytest

from adapter.ledger import Ledger
from adapter.settings import FileSettings


def test_health_is_alive_whatever_the_ledger_does(adapter, client):
    adapter.ledger = None
    answer = client.get("/health", headers={"X-Forwarded-For": "192.0.2.7"})
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_while_payments_can_be_taken_over(adapter, client):
    adapter.change(adapter={"ops_key": "ops-s3cret"})
    answer = client.get("/ready")
    assert (answer.status_code, answer.get_json()) == (200, {"ready": True, "reasons": []})


def test_a_ledger_that_cannot_be_written_is_told_without_its_place(
    client, broken_ledger, monkeypatch
):
    monkeypatch.setattr(Ledger, "check_writable", lambda _: broken_ledger.check_writable())
    assert reasons(client) == ["the ledger cannot be written"]
    told = client.get("/ops/ready").get_json()
    assert told == {"ready": False, "problems": ["the disk is full"]}


def test_not_ready_while_stopping_before_the_start_or_without_a_door(
    adapter, client, settings_file
):
    adapter.stopping.set()
    adapter.engine.is_started = False
    adapter.source = FileSettings(settings_file(door_key="short"))
    assert reasons(client) == [
        "the adapter is stopping",
        "the engine has not started",
        "no biller's settings open a door",
    ]


def reasons(client):
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.get_json()["ready"] is False
    return answer.get_json()["reasons"]


def test_metrics_are_for_operators_only(adapter, client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    adapter.change(adapter={"ops_key": "ops-s3cret"})
    assert client.get("/metrics").status_code == 401
    told = client.get("/metrics", headers={"Authorization": "Bearer ops-s3cret"})
    assert told.status_code == 200
    assert told.content_type.startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("path", ["/nowhere", "/billers/alpha-mutual/anything"])
def test_a_strange_path_or_method_makes_no_figure_of_its_own(client, path):
    client.open(path, method="BREW")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'adapter_door_requests_total{method="other",route="none",status="404"} 1.0' in told
    client.get("/ops/deliveries")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'method="GET",route="/ops/deliveries",status="200"} 1.0' in told
    assert 'adapter_door_request_seconds_count{route="/metrics"} 1.0' in told
