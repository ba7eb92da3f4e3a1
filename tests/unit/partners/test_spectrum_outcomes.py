"""What each answer to a receipt proves (decision 0031)."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.domain.payment import (
    ReceiptApplied,
    ReceiptEmpty,
    ReceiptPending,
)
from adapter.errors import (
    CredentialsRefusedError,
    OutcomeUnknownError,
    PartnerError,
    RejectedError,
    RetryableError,
)
from adapter.partners.spectrum import RECEIPT_REFUSALS
from tests.unit.partners.conftest import echo

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
APPLIED = ReceiptApplied(receipt_id="1001")
PENDING = "Receipt Can Be Obtained By Scheduled Service or maybe already was"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"receiptID": 1001}, APPLIED),
        ({"receiptID": "R-1001"}, ReceiptApplied(receipt_id="R-1001")),
        ({"ReceiptId": 1001}, APPLIED),
        ({"receiptID": 1001, "message": "thanks"}, APPLIED),
        ({"receiptID": 1001, "referenceNumber": GUID.upper()}, APPLIED),
        ({"receiptID": 1001, "invoiceNumber": 30254}, APPLIED),
        ({"receiptID": 1001, "referenceNumber": None}, APPLIED),
        ({"message": PENDING}, ReceiptPending(message=PENDING)),
        ({"receiptID": None, "message": PENDING}, ReceiptPending(message=PENDING)),
        ({"receiptID": ""}, ReceiptPending(message="")),
        ({"receiptID": 0}, ReceiptPending(message="")),
        ({"receiptID": "0"}, ReceiptPending(message="")),
        ({"receiptID": "null"}, ReceiptPending(message="")),
        ({"receiptID": " "}, ReceiptPending(message="")),
        ({"receiptID": -1}, ReceiptPending(message="")),
        ({"receiptID": "00000000-0000-0000-0000-000000000000"}, ReceiptPending(message="")),
        ({"message": None}, ReceiptPending(message="")),
        ({}, ReceiptPending(message="")),
    ],
)
def test_a_receipt_id_says_applied_and_success_without_one_pending(
    client, spectrum, payment, fields, outcome
):
    spectrum.answer = echo(payment, **fields)
    assert client.post_receipt(payment) == outcome


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_success_without_data_says_not_applied(client, spectrum, payment, body):
    spectrum.answer = httpx.Response(200, content=body)
    assert client.post_receipt(payment) == ReceiptEmpty()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>An error occurred</html>"),
        httpx.Response(404, text="<html>a gateway's page</html>"),
        httpx.Response(200, text='{"receiptID": 10'),
        httpx.Response(200, text="[]"),
        httpx.Response(200, text="null"),
        httpx.Response(200, json={"receiptID": {"id": 1}}),
        httpx.Response(200, json={"receiptID": True}),
        httpx.Response(200, json={"receiptID": "x" * 101}),
        httpx.Response(200, json={"receiptID": 1, "invoiceNumber": "30255"}),
        httpx.Response(200, json={"receiptID": 1, "referenceNumber": "another"}),
        httpx.Response(500, json={"title": "An error occurred"}),
        httpx.Response(503, headers={"Retry-After": "60"}),
        httpx.Response(503, json={"title": "busy"}, headers={"Retry-After": "60"}),
        httpx.Response(302, headers={"Location": "/error"}),
        httpx.Response(404, text="404"),
        httpx.Response(404, text='{"title": "Not Fou'),
        httpx.Response(400),
        httpx.Response(204, json={"receiptID": 1, "amount": "731.38"}),
        httpx.ReadTimeout("silence"),
        httpx.RemoteProtocolError("disconnected"),
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_believed_leaves_doubt(client, spectrum, payment, answer):
    spectrum.answer = answer
    with pytest.raises(OutcomeUnknownError):
        client.post_receipt(payment)
    assert spectrum.paths() == ["Token", "OnlineReceipt"]


@pytest.mark.parametrize("status", sorted(RECEIPT_REFUSALS))
def test_a_refused_receipt_is_rejected_with_the_reason(client, spectrum, payment, status):
    spectrum.answer = httpx.Response(status, json={"errors": {"amount": ["too much"]}})
    with pytest.raises(RejectedError, match="too much"):
        client.post_receipt(payment)


def test_what_surely_never_left_can_be_tried_again(client, spectrum, payment):
    spectrum.answer = httpx.ConnectError("refused")
    with pytest.raises(RetryableError):
        client.post_receipt(payment)


PAGES = st.one_of(
    st.sampled_from([b"", b"<html>blocked</html>", b'{"title": "Fou', b"404", b"null", b"\xff{}"]),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5)).map(
        lambda d: json.dumps(d).encode()
    ),
)


@given(status=st.integers(300, 599), page=PAGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_a_refusal_in_json_is_believed_of_a_receipt(client, spectrum, payment, status, page):
    """Whatever else comes may follow a receipt: a second one would be somebody's money."""
    spectrum.answer = httpx.Response(status, content=page, headers={"Location": "/elsewhere"})
    with pytest.raises(PartnerError) as caught:
        client.post_receipt(payment)
    believed = status in {400, 404, 405, 413, 415, 422} and page[:1] == b"{" and page[-1:] == b"}"
    expected = RejectedError if believed else OutcomeUnknownError
    assert type(caught.value) is (CredentialsRefusedError if status == 401 else expected)
    assert caught.value.status == status


def test_errors_show_neither_token_nor_credentials(client, spectrum, payment, access):
    echoed = f'{{"echo": "token-1 {access.key} {access.password}"}}'
    spectrum.answer = httpx.Response(400, text=echoed)
    with pytest.raises(RejectedError) as caught:
        client.post_receipt(payment)
    for secret in ("token-1", access.key, access.password):
        assert secret not in str(caught.value) + caught.value.excerpt
