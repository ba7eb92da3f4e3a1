"""The enrolment doors: on disk before the answer, the same again, other content refused."""

import json

import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.work_item import Source, State
from adapter.kinds import ENROLLMENTS

BILLER_GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
EVENT_GUID = "7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9"
DOORS = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}


def notice(switch="Paperless", **changes):
    whole = {
        "BillerGUID": BILLER_GUID,
        "EventGUID": EVENT_GUID,
        "AccountNumber": "1204117",
        switch: True,
        "ChangeDate": "2026-01-05T03:04:05.1234567-06:00",
    }
    return {name: v for name, v in {**whole, **changes}.items() if v is not None}


@pytest.fixture
def items(adapter):
    return adapter.ledger.items(ENROLLMENTS.item)


@pytest.fixture
def send(client, credentials):
    def send_notice(body, door="paperless", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body)
        content = {"Content-Type": "application/json"}
        return client.post(
            f"/billers/alpha-mutual/{door}",
            data=data,
            headers={**credentials, **content, **headers},
        )

    return send_notice


@pytest.mark.parametrize(("kind", "switch"), DOORS.items())
def test_a_change_is_on_disk_before_its_answer_and_the_engine_is_woken(
    adapter, items, send, kind, switch
):
    answer = send(notice(switch), door=kind.value)
    assert answer.status_code == 202
    assert answer.get_json() == {
        "eventGuid": EVENT_GUID,
        "accountNumber": "1204117",
        "state": "waiting",
        "repeated": False,
    }
    found = items.find("alpha-mutual", EVENT_GUID)
    assert (found.payload.kind, found.payload.enrolled) == (kind, True)
    assert (found.source, found.state) == (Source.DATA_PUMP, State.WAITING)
    assert found.correlation_id == answer.headers["X-Correlation-Id"]
    assert adapter.engine.woken == ["push_enrollments"]


def test_the_same_event_again_answers_the_same(items, send):
    send(notice())
    answer = send(notice(Paperless="True", EventGUID=EVENT_GUID.upper()))
    assert (answer.status_code, answer.get_json()["repeated"]) == (202, True)
    assert len(items.page(limit=9)) == 1


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("paperless", notice(Paperless=False)),
        ("paperless", notice(AccountNumber="7")),
        ("paperless", notice(ChangeDate="2026-01-05T03:04:06-06:00")),
        ("autopay", notice("AutoPay")),
    ],
)
def test_the_same_event_with_other_content_is_refused(items, send, door, body):
    send(notice())
    answer = send(body, door=door)
    assert answer.status_code == 409
    assert answer.get_json()["error"]["field"] == "EventGUID"
    assert len(items.page(limit=9)) == 1


def test_a_change_that_comes_too_late_is_accepted_and_superseded(send):
    send(notice())
    late = notice(
        EventGUID="00000000-0000-4000-8000-000000000001", ChangeDate="2026-01-04T00:00:00Z"
    )
    answer = send(late)
    assert (answer.status_code, answer.get_json()["state"]) == (202, "superseded")


def test_bad_input_reaches_neither_ledger_nor_engine(adapter, items, send):
    for body in (
        notice(Paperless="yes"),
        notice(Surprise=1),
        notice(EventGUID=None),
        notice("AutoPay"),
        [notice()],
        b"{",
        b'{"EventGUID": 1, "EventGUID": 2}',
    ):
        answer = send(body)
        assert answer.status_code == 400
        assert answer.get_json()["error"]["code"] == "bad_input"
    assert items.page(limit=1) == ()
    assert adapter.engine.wakes == 0


def test_the_doors_ask_for_credentials_json_and_post(client, send, credentials):
    url = "/billers/alpha-mutual/paperless"
    headers = {"Content-Type": "application/json"}
    assert client.post(url, data=json.dumps(notice()), headers=headers).status_code == 401
    assert send(notice(), **{"Content-Type": "text/plain"}).status_code == 415
    assert client.get(url, headers=credentials).status_code == 405


def test_a_change_is_accepted_whatever_its_billers_settings_are(adapter, send):
    adapter.change(biller={"time_zone": "Mars/Olympus"})
    assert send(notice()).status_code == 202


def test_a_ledger_that_fails_accepts_nothing(adapter, broken_ledger, open_doors, credentials):
    adapter.ledger = broken_ledger
    answer = open_doors(adapter).post(
        "/billers/alpha-mutual/autopay", json=notice("AutoPay"), headers=credentials
    )
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert adapter.engine.wakes == 0
