"""The doors of notices: on disk before the answer, the same again, other content refused.

The enrolment doors are held to the same; test_enrollments.py has what is theirs alone.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from adapter.domain.work_item import Source, State
from adapter.doors.requests import BODY_BYTES_MAX
from adapter.kinds import ENROLLMENTS, PAYMENTS
from tests.unit.doors.conftest import BILLER, BILLER_GUID, NOTICE, PAYMENT_GUID

GUID = PAYMENT_GUID
CHANGE = {
    "BillerGUID": BILLER_GUID,
    "EventGUID": GUID,
    "AccountNumber": "1204117",
    "ChangeDate": "2026-01-05T03:04:05.1234567-06:00",
}
ENROLLED = {"eventGuid": GUID, "accountNumber": "1204117", "state": "waiting", "repeated": False}
OTHER_CHANGE = ({"AccountNumber": "7"}, {"ChangeDate": "2026-01-05T03:04:06-06:00"})


@dataclass(frozen=True, kw_only=True)
class Door:
    """A door, a whole notice, and what follows from it and from changes of it."""

    path: str
    kind: Any
    whole: dict
    answer: dict
    reference: str = GUID
    guid: str = "EventGUID"
    same: dict
    other: tuple
    bad: tuple

    @property
    def url(self):
        return f"/billers/{BILLER}/{self.path}"

    def notice(self, **changes):
        """Return a whole notice; a field changed to None is left out."""
        return {n: value for n, value in {**self.whole, **changes}.items() if value is not None}


def enrollment_door(path, switch):
    return Door(
        path=path,
        kind=ENROLLMENTS,
        whole={**CHANGE, switch: True},
        answer=ENROLLED,
        same={switch: "True"},
        other=({switch: False}, *OTHER_CHANGE),
        bad=({switch: "yes"}, {switch: None}),
    )


DOORS = (
    Door(
        path="payments",
        kind=PAYMENTS,
        whole=NOTICE,
        answer={
            "paymentGuid": GUID,
            "invoiceNumber": "30254",
            "state": "accepted",
            "repeated": False,
        },
        reference=f"{GUID}:30254",
        guid="PaymentGUID",
        same={"PaymentAmount": 731.37},
        other=({"PaymentAmount": "731.38"}, {"AccountNumber": "7"}),
        bad=({"PaymentAmount": True}, {"Approved": "False"}),
    ),
    enrollment_door("paperless", "Paperless"),
    enrollment_door("autopay", "AutoPay"),
)


@pytest.fixture(params=DOORS, ids=lambda door: door.path)
def door(request):
    return request.param


@pytest.fixture
def items(adapter, door):
    return adapter.ledger.items(door.kind.item)


@pytest.fixture
def send(client, credentials, door):
    def send_notice(body=None, **headers):
        told = door.notice() if body is None else body
        data = told if isinstance(told, bytes) else json.dumps(told)
        content = {"Content-Type": "application/json"}
        return client.post(door.url, data=data, headers={**credentials, **content, **headers})

    return send_notice


payments_only = pytest.mark.parametrize("door", DOORS[:1], indirect=True, ids=["payments"])


def test_a_notice_is_on_disk_before_its_answer_and_the_engine_is_woken(adapter, items, send, door):
    answer = send()
    assert (answer.status_code, answer.get_json()) == (202, door.answer)
    item = items.find(BILLER, door.reference)
    assert (item.state, item.source) == (State.WAITING, Source.DATA_PUMP)
    assert item.correlation_id == answer.headers["X-Correlation-Id"]
    assert adapter.engine.woken == [door.kind.job]


def test_the_same_again_answers_the_same(items, send, door):
    send()
    answer = send(door.notice(**door.same, **{door.guid: GUID.upper()}))
    assert (answer.status_code, answer.get_json()) == (202, {**door.answer, "repeated": True})
    assert len(items.page(limit=10)) == 1


def test_the_same_with_other_content_is_refused(items, send, door):
    send()
    first = items.find(BILLER, door.reference)
    for changes in door.other:
        answer = send(door.notice(**changes))
        assert answer.status_code == 409
        assert answer.get_json()["error"]["field"] == door.guid
    assert items.page(limit=10) == (first,)


def test_bad_input_reaches_neither_ledger_nor_engine(adapter, items, send, door):
    for body in (
        *(door.notice(**changes) for changes in door.bad),
        door.notice(Surprise=1),
        door.notice(**{door.guid: None}),
        [door.notice()],
        b"{",
        b"[" * 50_000,
        b'{"AccountNumber": 1, "AccountNumber": 2}',
        b"\xff",
    ):
        answer = send(body)
        assert answer.status_code == 400
        assert answer.get_json()["error"]["code"] == "bad_input"
    assert items.page(limit=10) == ()
    assert adapter.engine.wakes == 0


def test_a_body_beyond_the_limit_is_refused_and_one_at_it_is_read(send, door):
    body = json.dumps(door.notice())
    assert send(body.ljust(BODY_BYTES_MAX).encode()).status_code == 202
    answer = send(body.ljust(BODY_BYTES_MAX + 1).encode())
    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "too_large"


def test_credentials_come_before_everything_else_and_only_json_is_posted(client, send, door):
    too_large = b"x" * (BODY_BYTES_MAX + 1)
    assert client.post(door.url, data=too_large, content_type="text/plain").status_code == 401
    assert send(**{"Content-Type": "text/plain"}).status_code == 415
    assert client.get(door.url).status_code == 405


def test_a_ledger_that_cannot_be_written_accepts_nothing(
    adapter, open_doors, broken_ledger, credentials, door
):
    adapter.ledger, kept = broken_ledger, adapter.ledger
    answer = open_doors(adapter).post(door.url, json=door.notice(), headers=credentials)
    adapter.ledger = kept
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "/some/where" not in answer.get_data(as_text=True)
    assert adapter.engine.wakes == 0


def test_a_notice_is_accepted_whatever_its_billers_other_settings_are(adapter, items, send, door):
    """Sending waits for the settings; the notice is on disk meanwhile (F2)."""
    adapter.change(biller={"time_zone": "Nowhere", "door_key": "short"})
    assert BILLER not in adapter.source.current().billers
    assert send().status_code == 202
    assert items.find(BILLER, door.reference) is not None


def test_a_changed_door_key_opens_at_once_and_the_old_one_no_more(adapter, send):
    adapter.change(biller={"door_key": "another-door-key"})
    assert send().status_code == 401


@payments_only
def test_one_payment_may_pay_several_invoices(items, send, door):
    assert send().status_code == 202
    assert send(door.notice(InvoiceNumber="30255")).get_json()["repeated"] is False
    assert len(items.page(limit=10)) == 2


@payments_only
def test_digits_are_taken_as_they_are(items, send, door):
    """As a float, this figure would lose its cents."""
    body = json.dumps(door.notice(PaymentAmount="PLACE")).replace('"PLACE"', "999999999999999.99")
    assert send(body.encode()).status_code == 202
    item = items.find(BILLER, door.reference)
    assert str(item.payload.amount) == "999999999999999.99"
