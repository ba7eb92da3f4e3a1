"""The control API over real sockets, held to its contract, right and wrong requests alike."""

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.loader import openapi
from sandbox.control.body import BODY_BYTES_MAX
from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START

CONTRACT = openapi("sandbox")
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
WITH_BODY = [name for name, (_, _, told) in OPERATIONS.items() if "requestBody" in told]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def fits(schema: dict[str, Any], document: Any) -> None:
    jsonschema_rs.validate({**schema, "components": CONTRACT["components"]}, document)


def body_schema(name: str) -> dict[str, Any]:
    reference = OPERATIONS[name][2]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return CONTRACT["components"]["schemas"][reference.rpartition("/")[2]]


class Controller:
    """Calls operations by their names in the contract, and checks each answer against it."""

    def __init__(self, world, client: httpx.Client) -> None:
        self.world = world
        self.client = client

    def call(self, name: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        answer = self.raw(name, json=body, **kwargs)
        responses = OPERATIONS[name][2]["responses"]
        told = responses.get(str(answer.status_code), responses["default"])
        if "$ref" in told:
            told = CONTRACT["components"]["responses"][told["$ref"].rpartition("/")[2]]
        content = told.get("content", {})
        if "application/json" in content:
            fits(content["application/json"]["schema"], answer.json())
        elif not content:
            assert answer.content == b""
        return answer

    def raw(self, name: str, world: str = "", **kwargs: Any) -> httpx.Response:
        method, path, _ = OPERATIONS[name]
        url = path.replace("{name}", world or self.world.name)
        return self.client.request(method, f"{self.world.base_url}{url}", **kwargs)


@pytest.fixture
def controller(world):
    with httpx.Client(timeout=60) as client:
        yield Controller(world, client)


def test_what_is_served_is_what_is_promised(sandbox_server):
    """Every path and method of the contract, and no other."""
    promised = {(method, path) for method, path, _ in OPERATIONS.values()}
    served = {
        (method, rule.rule.replace("<name>", "{name}"))
        for rule in sandbox_server._application().url_map.iter_rules()
        if rule.rule.startswith("/_sandbox")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert served == promised


@pytest.mark.parametrize(
    "name",
    ["Worlds", "World", "Ready", "Clock", "Journal", "Faults", "Behaviours", "State", "Audit"],
)
def test_every_view_answers_as_its_schema_says(controller, name):
    assert controller.call(name).status_code == 200


def test_state_tells_every_invoice_of_the_carrier(controller):
    state = controller.call("State").json()
    assert len(state["spectrum"]["invoices"]) == 25
    first = state["spectrum"]["invoices"][0]
    assert (first["invoice_number"], first["balance_due"]) == ("30254", "731.37")


def test_world_is_grown_used_and_ended(controller):
    name = f"{controller.world.name}-child"
    created = controller.call("CreateWorld", {"name": name, "start": "2026-01-05T08:00:00Z"})
    assert created.status_code == 201
    assert controller.call("CreateWorld", {"name": name}).status_code == 409
    assert controller.call("AdapterSettings", world=name).status_code == 200
    assert controller.call("DeleteWorld", world=name).status_code == 204
    assert controller.call("DeleteWorld", world=name).status_code == 404


def test_clock_is_advanced_and_told(controller):
    done = controller.call("Advance", {"seconds": 90}).json()
    assert done["end"] == controller.call("Clock").json()["now"] == "2026-01-05T08:01:30Z"


def test_fault_is_armed_struck_told_and_disarmed(controller):
    """From the control API to the wire: Spectrum's next answer is replaced."""
    wanted = {
        "fault": "status",
        "partner": "spectrum",
        "operation": "Token",
        "parameters": {"status": 503},
    }
    assert controller.call("ArmFault", wanted).status_code == 201
    url = f"{controller.world.base_url}/spectrum/wsSpectrumAPICore/api/Token"
    assert controller.client.post(url, json=credentials_of(controller.world)).status_code == 503
    assert controller.call("Faults").json()["faults"][0]["struck"] == 1
    kinds = [entry["kind"] for entry in controller.call("Journal").json()["entries"]]
    assert sorted(kinds) == ["call", "fault"]
    assert controller.call("DisarmFaults").json() == {"disarmed": 1}
    assert controller.client.post(url, json=credentials_of(controller.world)).status_code == 200


def credentials_of(world):
    credentials = world.billers[0].payment_credentials
    return {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }


def test_behaviours_are_changed_and_told(controller):
    changed = controller.call("ChangeBehaviours", {"spectrum_deduplicates": False}).json()
    assert changed == controller.call("Behaviours").json()
    assert set(changed) == set(CONTRACT["components"]["schemas"]["Behaviours"]["properties"])


def test_connector_is_set(controller):
    told = controller.call("Connect", {"url": "http://127.0.0.1:1"}).json()
    biller = controller.world.billers[0].slug
    assert told == {"biller": biller, "url": "http://127.0.0.1:1", "mode": "adapter"}
    told = controller.call("Connect", {"mode": "direct"}).json()
    assert told == {"biller": biller, "url": None, "mode": "direct"}


@pytest.mark.parametrize("name", WITH_BODY)
def test_malformed_oversized_and_foreign_bodies_are_refused(controller, name):
    """In the one envelope, and with the status that says what is wrong."""
    as_json = {"Content-Type": "application/json"}
    wrong = [
        (400, {"content": b"{", "headers": as_json}),
        (400, {"content": b"[]", "headers": as_json}),
        (400, {"content": b"", "headers": as_json}),
        (400, {"json": {"no such field": 1}}),
        (413, {"json": {"x": "x" * BODY_BYTES_MAX}}),
        (415, {"content": b"{}", "headers": {"Content-Type": "text/xml"}}),
        (415, {"content": b"{}"}),
    ]
    for status, request in wrong:
        answer = controller.raw(name, **request)
        assert answer.status_code == status, (request, answer.text)
        fits({"$ref": "#/components/schemas/Error"}, answer.json())


@pytest.mark.parametrize("name", WITH_BODY)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_is_a_500(controller, name, data):
    """Whatever stands in the known fields, the answer is one that the contract knows."""
    fields = list(body_schema(name).get("properties", {})) or ["spectrum_deduplicates"]
    known = st.dictionaries(st.sampled_from(fields), JSON_VALUES)
    body = data.draw(known | st.dictionaries(st.text(), JSON_VALUES))
    content = json.dumps(body).encode()  # NaN and half surrogate pairs included
    answer = controller.raw(name, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, answer.text
    if answer.is_error:
        fits({"$ref": "#/components/schemas/Error"}, answer.json())


@pytest.mark.parametrize("name", OPERATIONS)
def test_other_methods_are_405_and_told_which_are_not(controller, name):
    _, path, _ = OPERATIONS[name]
    allowed = {method.upper() for method in CONTRACT["paths"][path] if method in METHODS}
    url = f"{controller.world.base_url}{path.replace('{name}', controller.world.name)}"
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        answer = controller.client.request(method, url)
        assert answer.status_code == 405
        assert allowed <= set(answer.headers["Allow"].split(", "))
        fits({"$ref": "#/components/schemas/Error"}, answer.json())


@pytest.fixture(scope="module")
def locked_sandbox():
    """Serve a sandbox that wants a control token."""
    sandbox = Sandbox(control_token="let-me-in")
    sandbox.create_world(start=DEMO_START)
    sandbox.start(port=0)
    yield sandbox
    sandbox.stop()


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_its_token_nothing_is_controlled(locked_sandbox, name):
    method, path, _ = OPERATIONS[name]
    url = f"{locked_sandbox.url}{path.replace('{name}', 'default')}"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = httpx.request(method, url, json={}, headers=headers)
        assert answer.status_code == 401
        fits({"$ref": "#/components/schemas/Error"}, answer.json())
    assert locked_sandbox.worlds.names() == ["default"]


def test_with_its_token_everything_is(locked_sandbox):
    headers = {"Authorization": "Bearer let-me-in"}
    answer = httpx.get(f"{locked_sandbox.url}/_sandbox/clock", headers=headers)
    assert answer.status_code == 200
