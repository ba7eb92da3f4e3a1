"""IMT over real sockets: B1 to B3 against the contract, and every way it says no."""

import json

import httpx
import jsonschema_rs
import pytest

from contracts.loader import schema, vectors
from sandbox.fakes.imt.book import ImtBook
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

JSON_API = "application/vnd.api+json"
# The vectors speak of this policy; the world's own is put in its place.
VECTORS_POLICY = "1004587"
ROWS = {"Sessions": "B1", "SetPaperless": "B2", "SetBillMode": "B3"}
ANSWERS = {"Sessions": "SessionAnswer"}


class ImtCaller:
    """A client that knows what the world document tells about IMT, and nothing else."""

    def __init__(self, world: World, index: int = 0) -> None:
        document = httpx.get(f"{world.base_url}/_sandbox/worlds/{world.name}").json()
        self.access = document["billers"][index]["imt"]
        self.base = f"{self.access['base_url']}/{self.access['company_id']}/api"
        self.account = world.book(ImtBook).as_json()["settings"][0]["account_number"]
        self.client = httpx.Client(headers={"Content-Type": JSON_API}, trust_env=False)

    def open(self, **change) -> httpx.Response:
        told = {name: self.access[name] for name in ("username", "password")} | change
        data = {"id": "1", "type": "sessions", "attributes": told}
        return self.client.post(f"{self.base}/sessions/", content=json.dumps({"data": data}))

    def set(self, method, attributes, *, account=None, cookie=None, **change) -> httpx.Response:
        account = account or self.account
        data = {"type": "policy-settings", "id": account, "attributes": attributes, **change}
        headers = {} if cookie is None else {"Cookie": f"authorization={cookie}"}
        self.client.cookies.clear()
        return self.client.request(
            method,
            f"{self.base}/settings/{account}/",
            content=json.dumps({"data": data}),
            headers=headers,
        )

    def cookie(self) -> str:
        return self.open().cookies[self.access["cookie_name"]]

    def replay(self, told) -> httpx.Response:
        """Send a vector's request, with this world's values in the places of its stand-ins."""
        cookies = self.open().cookies
        self.client.cookies.clear()
        values = {
            "{company}": self.access["company_id"],
            "{username}": self.access["username"],
            "{password}": self.access["password"],
            "{cookie}": cookies["authorization"],
            "{csrf}": cookies["csrftoken"],
            "{visitor}": cookies["imt_visitor"],
            VECTORS_POLICY: self.account,
        }
        request = json.dumps(told["request"])
        for stand_in, value in values.items():
            request = request.replace(stand_in, value)
        request = json.loads(request)
        return httpx.request(
            request["method"],
            self.access["base_url"] + request["path"],
            headers=request["headers"],
            content=json.dumps(request["body"]) if "body" in request else request.get("text", ""),
        )


@pytest.fixture
def imt(world):
    caller = ImtCaller(world)
    yield caller
    caller.client.close()


def fits(name, answer):
    assert answer.headers["Content-Type"] == JSON_API
    return jsonschema_rs.validator_for(schema("imt", name)).is_valid(answer.json())


def refused(answer, status):
    """Return the one error object of a refusal."""
    assert answer.status_code == status, answer.text
    assert fits("Errors", answer)
    [error] = answer.json()["errors"]
    assert error["status"] == str(status)
    return error


@pytest.mark.requirement("B1")
def test_a_session_sets_several_cookies_of_which_one_counts(imt, world):
    answer = imt.open()
    assert answer.status_code == 201
    assert fits("SessionAnswer", answer)
    assert set(answer.cookies) == {"csrftoken", "authorization", "imt_visitor"}
    for name, value in answer.cookies.items():
        status = imt.set("POST", {"paperless": True}, cookie=value).status_code
        assert status == (200 if name == "authorization" else 401)
    lines = answer.headers.get_list("Set-Cookie")
    assert all(f"Path=/w/{world.name}/imt/300/" in line for line in lines)
    [line] = [line for line in lines if line.startswith("authorization=")]
    assert "HttpOnly" in line
    assert "Max-Age=1800" in line


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}])
def test_refused_credentials_are_an_error_object(imt, change):
    answer = imt.open(**change)
    assert refused(answer, 401)["code"] == "authentication_failed"
    assert not answer.cookies


@pytest.mark.requirement("B1")
def test_a_session_expires_with_the_worlds_clock(imt, world):
    cookie = imt.cookie()
    world.clock.advance_to(DEMO_START.replace(minute=29, second=59))
    assert imt.set("POST", {"paperless": True}, cookie=cookie).status_code == 200
    world.clock.advance_to(DEMO_START.replace(minute=30))
    answer = imt.set("POST", {"paperless": False}, cookie=cookie)
    assert refused(answer, 401)["detail"] == "The session has expired."
    assert imt.set("POST", {"paperless": False}, cookie=imt.cookie()).status_code == 200


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("cookie", [None, "", "made-up"])
def test_settings_want_a_session(imt, cookie):
    answer = imt.set("PATCH", {"bill_mode": "autopay"}, cookie=cookie)
    assert refused(answer, 401)["code"] == "not_authenticated"


@pytest.mark.requirement("B2")
def test_paperless_is_set_by_post(imt, world):
    cookie = imt.cookie()
    for value in (True, False, True):
        answer = imt.set("POST", {"paperless": value}, cookie=cookie)
        assert answer.status_code == 200
        assert fits("SettingsAnswer", answer)
        assert answer.json()["data"]["attributes"] == {"paperless": value, "bill_mode": "direct"}
    settings = world.book(ImtBook).settings[world.billers[0].slug, imt.account]
    assert settings.paperless is True


@pytest.mark.requirement("B3")
def test_the_bill_mode_is_set_by_patch(imt):
    cookie = imt.cookie()
    for mode in ("autopay", "direct"):
        answer = imt.set("PATCH", {"bill_mode": mode}, cookie=cookie)
        assert answer.json()["data"]["attributes"] == {"paperless": False, "bill_mode": mode}


@pytest.mark.requirement("B2", "B3")
@pytest.mark.parametrize(
    ("method", "attributes", "pointer"),
    [
        ("POST", {"paperless": "true"}, "/data/attributes/paperless"),
        ("POST", {}, "/data/attributes/paperless"),
        ("POST", {"paperless": True, "bill_mode": "direct"}, "/data/attributes/bill_mode"),
        ("PATCH", {"bill_mode": "monthly"}, "/data/attributes/bill_mode"),
        ("PATCH", {"bill_mode": None}, "/data/attributes/bill_mode"),
    ],
)
def test_a_wrong_attribute_is_pointed_at(imt, method, attributes, pointer):
    answer = imt.set(method, attributes, cookie=imt.cookie())
    assert refused(answer, 422)["source"] == {"pointer": pointer}


@pytest.mark.requirement("B2", "B3")
def test_type_and_id_must_be_the_endpoints(imt):
    cookie = imt.cookie()
    answer = imt.set("POST", {"paperless": True}, cookie=cookie, type="policies")
    assert refused(answer, 409)["source"] == {"pointer": "/data/type"}
    answer = imt.set("POST", {"paperless": True}, cookie=cookie, id="1")
    assert refused(answer, 409)["source"] == {"pointer": "/data/id"}


@pytest.mark.requirement("B2", "B3")
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_unknown_policy_is_not_found(imt, method):
    attributes = {"paperless": True} if method == "POST" else {"bill_mode": "direct"}
    answer = imt.set(method, attributes, account="1", cookie=imt.cookie())
    assert "'1'" in refused(answer, 404)["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_verbs_are_refused(imt, method):
    answer = imt.set(method, {"paperless": True}, cookie=imt.cookie())
    assert refused(answer, 405)["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "POST, PATCH"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": f"{JSON_API}; charset=utf-8"}, 415),
        ({"Content-Type": f'{JSON_API}; profile="http://a.test"'}, 201),
        ({"Accept": f"{JSON_API}; charset=utf-8"}, 406),
        ({"Accept": f"{JSON_API}; charset=utf-8, {JSON_API}"}, 201),
        ({"Accept": "*/*"}, 201),
        ({"Accept": "text/html"}, 201),
    ],
)
def test_media_types_are_judged_as_json_api_says(imt, headers, status):
    imt.client.headers.update(headers)
    assert imt.open().status_code == status


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'{"data": null}',
        b"\xff",
        b"[" * 5000,
        b'{"data": {"id": "1", "type": "sessions", "attributes": {"username": "\\ud800"}}}',
        b'{"data": {"id": "1", "id": "2"}}',
        b'{"data": {"id": NaN}}',
    ],
)
def test_a_malformed_document_is_refused(imt, content):
    answer = imt.client.post(f"{imt.base}/sessions/", content=content)
    assert refused(answer, 400)["code"] == "malformed"


def test_a_large_body_is_refused(imt):
    answer = imt.client.post(f"{imt.base}/sessions/", content=b" " * (64 * 1024 + 1))
    assert refused(answer, 413)["code"] == "too_large"


@pytest.mark.parametrize("path", ["", "policies/", "settings/", "sessions/1/"])
def test_other_paths_are_not_found(imt, path):
    assert refused(imt.client.post(f"{imt.base}/{path}"), 404)["code"] == "not_found"


@pytest.mark.requirement("B1")
def test_another_companys_session_opens_nothing(sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    ours, theirs = ImtCaller(world), ImtCaller(world, 1)
    answer = ours.set("POST", {"paperless": True}, cookie=theirs.cookie())
    assert refused(answer, 401)["detail"] == "The session is unknown."
    assert theirs.set("POST", {"paperless": True}, cookie=theirs.cookie()).status_code == 404
    for caller in (ours, theirs):
        caller.client.close()
    sandbox_server.delete_world(world.name)


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(("moment", "is_set"), [("before", False), ("after", True)])
def test_a_fault_strikes_before_or_after_the_setting(imt, world, moment, is_set):
    cookie = imt.cookie()
    fault = {
        "fault": "status",
        "partner": "imt",
        "operation": "Settings",
        "moment": moment,
        "count": 1,
        "match": {"account_number": imt.account},
    }
    httpx.post(f"{world.base_url}/_sandbox/faults", json=fault).raise_for_status()
    assert imt.set("POST", {"paperless": True}, cookie=cookie).status_code == 503
    settings = world.book(ImtBook).settings[world.billers[0].slug, imt.account]
    assert settings.paperless is is_set


def test_the_journal_holds_no_password_and_no_cookie(imt, world):
    cookie = imt.cookie()
    imt.set("POST", {"paperless": True}, cookie=cookie)
    imt.open(password="wrong-password")
    told = httpx.get(f"{world.base_url}/_sandbox/journal").text
    state = httpx.get(f"{world.base_url}/_sandbox/state").text
    assert f"policy {imt.account}: paperless is true" in told
    for secret in (cookie, imt.access["password"], "wrong-password"):
        assert secret not in told + state


def replayable(*, valid):
    return [
        pytest.param(
            vector.document,
            id=vector.name,
            marks=pytest.mark.requirement(ROWS[vector.document["operation"]]),
        )
        for vector in vectors("imt/vectors")
        if vector.valid is valid
    ]


@pytest.mark.parametrize("told", replayable(valid=True))
def test_a_right_request_is_answered_as_its_vector_says(imt, told):
    answer = imt.replay(told)
    assert answer.status_code == told["response"]["status"]
    assert fits(ANSWERS.get(told["operation"], "SettingsAnswer"), answer)
    attributes = told["request"]["body"]["data"]["attributes"]
    if "username" not in attributes:
        assert attributes.items() <= answer.json()["data"]["attributes"].items()


@pytest.mark.parametrize("told", replayable(valid=False))
def test_a_wrong_request_is_refused_as_its_vector_says(imt, world, told):
    before = world.book(ImtBook).as_json()["settings"]
    error = refused(imt.replay(told), told["breaks"]["status"])
    [expected] = told["response"]["body"]["errors"]
    assert {**error, "detail": ""} == {**expected, "detail": ""}
    assert error.get("source", {}).get("pointer") == told["breaks"]["field"]
    assert world.book(ImtBook).as_json()["settings"] == before
