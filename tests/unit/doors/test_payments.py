"""The payment door: on disk before the answer, the same again, other content refused."""

import json

import pytest

from adapter.domain.work_item import Source, State
from adapter.doors.requests import BODY_BYTES_MAX
from adapter.kinds import PAYMENTS
from tests.unit.doors.conftest import BILLER

URL = "/billers/alpha-mutual/payments"
GUID = "9f2c4b6e-0000-4000-8000-0123456789ab"
REFERENCE = f"{GUID}:30254"


@pytest.fixture
def items(adapter):
    return adapter.ledger.items(PAYMENTS.item)


@pytest.fixture
def send(client, credentials):
    def send_notice(body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body)
        content = {"Content-Type": "application/json"}
        return client.post(URL, data=data, headers={**credentials, **content, **headers})

    return send_notice


def test_a_payment_is_on_disk_before_its_answer_and_the_engine_is_woken(
    items, adapter, send, notice
):
    answer = send(notice())
    assert answer.status_code == 202
    assert answer.get_json() == {
        "paymentGuid": GUID,
        "invoiceNumber": "30254",
        "state": "accepted",
        "repeated": False,
    }
    item = items.find(BILLER, REFERENCE)
    assert (item.state, item.source) == (State.WAITING, Source.DATA_PUMP)
    assert item.correlation_id == answer.headers["X-Correlation-Id"]
    assert adapter.engine.woken == ["post_payments"]


def test_the_same_payment_again_answers_the_same(items, send, notice):
    send(notice())
    answer = send(notice(PaymentAmount=731.37, PaymentGUID=GUID.upper()))
    assert answer.status_code == 202
    assert answer.get_json()["repeated"] is True
    assert len(items.page(limit=10)) == 1


def test_the_same_payment_with_other_content_is_refused(items, send, notice):
    send(notice())
    answer = send(notice(PaymentAmount="731.38"))
    assert answer.status_code == 409
    assert answer.get_json()["error"]["field"] == "PaymentGUID"
    assert str(items.find(BILLER, REFERENCE).payload.amount) == "731.37"


def test_one_payment_may_pay_several_invoices(items, send, notice):
    assert send(notice()).status_code == 202
    assert send(notice(InvoiceNumber="30255")).get_json()["repeated"] is False
    assert len(items.page(limit=10)) == 2


def test_digits_are_taken_as_they_are(items, send, notice):
    """As a float, this figure would lose its cents."""
    body = json.dumps(notice(PaymentAmount="PLACE")).replace('"PLACE"', "999999999999999.99")
    assert send(body.encode()).status_code == 202
    assert str(items.find(BILLER, REFERENCE).payload.amount) == "999999999999999.99"


def test_bad_input_reaches_neither_ledger_nor_engine(items, adapter, send, notice):
    for body in (
        notice(PaymentAmount=True),
        notice(Approved="False"),
        notice(Surprise=1),
        notice(PaymentGUID=None),
        [notice()],
        b"{",
        b"[" * 50_000,
        b'{"PaymentGUID": 1, "PaymentGUID": 2}',
        b"\xff",
    ):
        answer = send(body)
        assert answer.status_code == 400
        assert answer.get_json()["error"]["code"] == "bad_input"
    assert items.page(limit=10) == ()
    assert adapter.engine.wakes == 0


def test_a_body_beyond_the_limit_is_refused_and_one_at_it_is_read(send, notice):
    body = json.dumps(notice())
    assert send(body.ljust(BODY_BYTES_MAX).encode()).status_code == 202
    answer = send(body.ljust(BODY_BYTES_MAX + 1).encode())
    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "too_large"


def test_another_media_type_is_refused(send, notice):
    answer = send(notice(), **{"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_credentials_come_before_everything_else(client):
    answer = client.post(URL, data=b"x" * (BODY_BYTES_MAX + 1), content_type="text/plain")
    assert answer.status_code == 401


def test_a_ledger_that_cannot_be_written_accepts_nothing(
    adapter, open_doors, broken_ledger, credentials, notice
):
    adapter.ledger = broken_ledger
    answer = open_doors(adapter).post(URL, json=notice(), headers=credentials)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "/some/where" not in answer.get_data(as_text=True)
    assert adapter.engine.wakes == 0


def test_a_payment_is_accepted_whatever_its_billers_settings_are(items, adapter, send, notice):
    """Posting waits for the settings; the payment is on disk meanwhile (F2)."""
    adapter.change(biller={"time_zone": "Nowhere", "door_key": "short"})
    assert "alpha-mutual" not in adapter.source.current().billers
    assert send(notice()).status_code == 202
    assert items.find(BILLER, REFERENCE) is not None


def test_a_changed_door_key_opens_at_once_and_the_old_one_no_more(adapter, send, notice):
    adapter.change(biller={"door_key": "another-door-key"})
    assert send(notice()).status_code == 401
