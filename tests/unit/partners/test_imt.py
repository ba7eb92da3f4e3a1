"""IMT's sessions and settings: which cookie counts, what goes out, what each answer means."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx
import pytest

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.imt import (
    ImtClient,
    MissingImt,
    cookie_of,
    require_taken,
)
from adapter.settings import ImtAccess
from tests.unit.partners.conftest import Partner

MEDIA_TYPE = "application/vnd.api+json"
ACCESS = ImtAccess(
    base_url="https://auth.example", company_id="300", username="alpha-ic", password="p4ss!imt"
)


class Imt(Partner):
    """An IMT that opens sessions, some of which it refuses later."""

    def __init__(self):
        super().__init__()
        self.sessions = 0
        self.refused = {}  # status by cookie value
        self.session_answer = None
        self.answer = httpx.Response(200, json={"data": {"attributes": {}}})

    def __call__(self, request):
        if request.url.path.endswith("/sessions/"):
            self.requests.append(request)
            return self.session_answer or self._issue()
        status = self.refused.get(request.headers["Cookie"].partition("=")[2])
        if status is not None:
            self.requests.append(request)
            headers = {"Location": "/login"} if status in {302, 303} else {}
            return httpx.Response(status, headers=headers)
        return super().__call__(request)

    def _issue(self):
        self.sessions += 1
        return httpx.Response(
            201,
            headers=[
                ("Set-Cookie", "csrftoken=c5rf; Path=/"),
                ("Set-Cookie", f"authorization=s-{self.sessions}; Path=/; HttpOnly; SameSite=Lax"),
                ("Set-Cookie", "imt_visitor=v; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
            ],
            text="no JSON at all",
        )


def change(kind=EnrollmentKind.PAPERLESS, *, enrolled=True, account="1204117"):
    return EnrollmentChange(
        biller="alpha",
        event_guid="7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9",
        account_number=account,
        kind=kind,
        enrolled=enrolled,
        changed_at=datetime(2026, 1, 5, 8, tzinfo=UTC),
    )


@pytest.fixture
def imt():
    return Imt()


@pytest.fixture
def client(imt, wire, clock):
    return ImtClient(wire(imt, partner="imt"), ACCESS, clock, settings="billers.alpha.imt")


def refusal(status=404, detail="There is no policy 1204117"):
    error = {"status": str(status), "title": "No such policy", "detail": detail}
    return httpx.Response(status, json={"errors": [error]})


def taken(paperless):
    return httpx.Response(200, json={"data": {"attributes": {"paperless": paperless}}})


# The session


def test_a_session_is_opened_and_its_one_cookie_goes_along(client, imt):
    client.push(change())
    asked, used = imt.requests
    assert (asked.method, str(asked.url)) == ("POST", "https://auth.example/300/api/sessions/")
    assert asked.headers["Content-Type"] == asked.headers["Accept"] == MEDIA_TYPE
    data = json.loads(asked.content)["data"]
    assert data["type"] == "sessions"
    assert data["attributes"] == {"username": "alpha-ic", "password": "p4ss!imt"}
    assert "Cookie" not in asked.headers
    assert used.headers["Cookie"] == "authorization=s-1"


def test_a_session_is_kept_between_calls(client, imt):
    for _ in range(3):
        client.push(change())
    assert imt.sessions == 1


@pytest.mark.parametrize("status", [401, 403, 302, 303])
def test_a_refused_session_is_renewed_once_and_the_call_repeated(client, imt, status):
    client.push(change())
    imt.refused = {"s-1": status}
    client.push(change(enrolled=False))
    assert imt.sessions == 2
    assert imt.requests[-1].headers["Cookie"] == "authorization=s-2"
    assert imt.requests[-1].content == imt.requests[-3].content


@pytest.mark.parametrize("status", [401, 403])
def test_a_fresh_session_that_is_refused_is_a_wrong_setting(client, imt, status):
    imt.refused = {"s-1": status, "s-2": status}
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.imt"):
        client.push(change())
    assert imt.sessions == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 415, 422])
def test_refused_credentials_are_a_wrong_setting_and_show_no_value(client, imt, status):
    imt.session_answer = httpx.Response(status, json={"errors": [{"detail": "p4ss!imt"}]})
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.imt") as caught:
        client.push(change())
    assert "p4ss!imt" not in str(caught.value)
    assert [request.url.path for request in imt.requests] == ["/300/api/sessions/"]


@pytest.mark.parametrize("status", [500, 429, 408])
def test_a_session_that_does_not_open_can_be_tried_again(client, imt, status):
    imt.session_answer = httpx.Response(status)
    with pytest.raises(RetryableError):
        client.push(change())


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([], "without any cookie"),
        ([("Set-Cookie", "csrftoken=x"), ("Set-Cookie", "visitor=y")], "csrftoken, visitor"),
    ],
)
def test_without_the_cookie_that_counts_its_name_is_a_wrong_setting(client, imt, headers, told):
    imt.session_answer = httpx.Response(201, headers=headers)
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.imt\.cookie_name") as caught:
        client.push(change())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["authorization=abc; Path=/"], "abc"),
        (["csrftoken=x", "authorization=abc"], "abc"),
        (["Authorization=abc"], None),
        (["authorization=a=b==; Secure"], "a=b=="),
        (["authorization=old", "authorization=new"], "new"),
        (["authorization=; Max-Age=0"], None),
        (["authorization=abc; Max-Age=0; Path=/"], None),
        (["authorization=abc; max-age=-1"], None),
        (["authorization=abc; Max-Age=1800"], "abc"),
        (["authorization=a b"], None),
        (["authorization=" + "x" * 5000], None),
        (["authorization"], None),
        ([], None),
    ],
)
def test_the_one_cookie_that_counts(lines, value):
    assert cookie_of(lines, "authorization") == value


# The settings


@pytest.mark.parametrize(
    ("told", "method", "attributes"),
    [
        (change(), "POST", {"paperless": True}),
        (change(enrolled=False), "POST", {"paperless": False}),
        (change(EnrollmentKind.AUTOPAY), "PATCH", {"bill_mode": "autopay"}),
        (change(EnrollmentKind.AUTOPAY, enrolled=False), "PATCH", {"bill_mode": "direct"}),
    ],
)
def test_each_setting_has_its_method_and_attribute(client, imt, told, method, attributes):
    client.push(told)
    sent = imt.requests[-1]
    address = "https://auth.example/300/api/settings/1204117/"
    assert (sent.method, str(sent.url)) == (method, address)
    assert sent.headers["Content-Type"] == sent.headers["Accept"] == MEDIA_TYPE
    resource = {"type": "policy-settings", "id": "1204117", "attributes": attributes}
    assert json.loads(sent.content) == {"data": resource}


def test_an_account_number_stays_one_segment_of_the_path(client, imt):
    client.push(change(account="1/../2"))
    raw = imt.requests[-1].url.raw_path.decode()
    assert raw == "/300/api/settings/1%2F..%2F2/"
    assert unquote(raw).count("1/../2") == 1


@pytest.mark.parametrize("status", [400, 404, 405, 409, 422])
def test_a_refusal_in_json_is_final(client, imt, status):
    imt.answer = refusal(status)
    with pytest.raises(RejectedError, match="There is no policy") as caught:
        client.push(change())
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (OutcomeUnknownError, httpx.Response(500, text="Server Error")),
        (OutcomeUnknownError, httpx.Response(502)),
        (OutcomeUnknownError, httpx.Response(503, json={"errors": [{"detail": "later"}]})),
        (OutcomeUnknownError, httpx.ReadTimeout("silence")),
        (OutcomeUnknownError, httpx.RemoteProtocolError("disconnected")),
        (OutcomeUnknownError, httpx.Response(200, text="<html>please sign in</html>")),
        (OutcomeUnknownError, httpx.Response(200, json=[])),
        (OutcomeUnknownError, httpx.Response(200, json={"errors": [{"detail": "no"}]})),
        (OutcomeUnknownError, taken(False)),
        (OutcomeUnknownError, taken("true")),
        (OutcomeUnknownError, httpx.Response(200, text="{")),
        (RetryableError, httpx.ConnectError("refused")),
        (RetryableError, httpx.Response(429)),
        (RetryableError, httpx.Response(408)),
        (RetryableError, httpx.Response(404, text="<html>no such site</html>")),
    ],
    ids=str,
)
def test_what_may_have_been_taken_is_unknown_and_the_rest_can_be_tried_again(
    client, imt, kind, answer
):
    """The unknown is sent again too, and what is newer waits until it has settled."""
    imt.answer = answer
    with pytest.raises(kind):
        client.push(change())


def test_no_error_shows_the_password_or_the_cookie(client, imt):
    imt.answer = refusal(422, "authorization=s-1 and p4ss!imt are no attributes; s-1")
    with pytest.raises(RejectedError) as caught:
        client.push(change())
    for secret in ("p4ss!imt", "authorization=s-1"):
        assert secret not in str(caught.value)
        assert secret not in caught.value.excerpt
    assert "p4ss!imt" not in repr(ACCESS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{}",
        b'{"data": null}',
        b'{"data": {"attributes": {"paperless": true, "bill_mode": "direct"}}}',
        b'{"meta": {}, "errors": []}',
    ],
)
def test_answers_that_say_it_was_taken(content):
    require_taken(content, change())


def test_without_settings_every_push_names_what_is_missing():
    with pytest.raises(ConfigurationError, match=r"^billers\.alpha\.imt: is missing"):
        MissingImt("billers.alpha.imt").push(change())
