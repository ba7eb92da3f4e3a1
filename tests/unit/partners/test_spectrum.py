"""Spectrum's token, balance and receipt: what goes out, and what each answer means."""

import json
from decimal import Decimal

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.domain.payment import (
    PaymentMethod,
    ReceiptApplied,
    ReceiptNotApplied,
    ReceiptPending,
)
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.http import Call
from adapter.partners.spectrum import receipt_json

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
APPLIED = ReceiptApplied(receipt_id="1001")
PENDING = "Receipt Can Be Obtained By Scheduled Service or maybe already was"


def balance(told: object, number: object = "30254") -> httpx.Response:
    attributes = {"balanceDue": told}
    document = {"data": {"id": number, "type": "invoiceNumber", "attributes": attributes}}
    return httpx.Response(200, json=document)


def balance_number(digits: str) -> httpx.Response:
    """Answer with a number where a text is usual."""
    return httpx.Response(200, text=balance("?").text.replace('"?"', digits))


def echo(payment, **more) -> httpx.Response:
    return httpx.Response(200, json={**json.loads(receipt_json(payment)), **more})


# The token


def test_token_is_asked_with_the_three_values_and_borne(client, spectrum, access):
    spectrum.answer = balance("731.3700")
    client.balance_due("30254")
    asked, used = spectrum.requests
    assert asked.method == "POST"
    assert str(asked.url) == "https://spectrum.example/wsSpectrumAPICore/api/Token"
    assert json.loads(asked.content) == {
        "token": access.key,
        "username": access.username,
        "password": access.password,
    }
    assert used.headers["Authorization"] == "Bearer token-1"


def test_token_is_kept_between_calls_and_renewed_when_it_ages(client, spectrum, clock):
    spectrum.answer = balance("1.0000")
    client.balance_due("30254")
    client.balance_due("30254")
    clock.advance(days=1)
    client.balance_due("30254")
    assert spectrum.paths() == ["Token", *["InvoiceBalanceDue"] * 2, "Token", "InvoiceBalanceDue"]


def test_a_401_renews_the_token_and_repeats_the_call_once(client, spectrum, payment):
    """Even a receipt: what was refused with 401 was surely not applied."""
    spectrum.refused = {"token-1"}
    spectrum.answer = echo(payment, receiptID=1001)
    assert client.post_receipt(payment) == APPLIED
    assert spectrum.paths() == ["Token", "OnlineReceipt", "Token", "OnlineReceipt"]
    assert spectrum.requests[1].content == spectrum.requests[3].content


@pytest.mark.parametrize(("status", "tokens"), [(401, 2), (403, 1)])
def test_a_refused_fresh_token_is_a_wrong_setting(client, spectrum, payment, status, tokens):
    """With a 403 at once."""
    spectrum.answer = httpx.Response(status)
    with pytest.raises(ConfigurationError, match=r"advanced_settings\.11, 12 and 13"):
        client.post_receipt(payment)
    assert spectrum.tokens == tokens


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 415])
def test_a_refused_token_is_a_wrong_setting_and_shows_no_value(client, spectrum, access, status):
    spectrum.token_answer = httpx.Response(status, json={"title": access.password})
    with pytest.raises(ConfigurationError, match=r"advanced_settings\.11, 12 and 13") as caught:
        client.balance_due("30254")
    assert access.password not in str(caught.value)
    assert access.key not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(429),
        httpx.Response(408),
        httpx.Response(200, text="<html>maintenance</html>"),
        httpx.Response(200, json={"data": {}}),
        httpx.Response(200),
    ],
    ids=str,
)
def test_a_token_that_does_not_come_can_be_tried_again(client, spectrum, payment, answer):
    """Also before a receipt: nothing was sent that could have been applied."""
    spectrum.token_answer = answer
    with pytest.raises(RetryableError):
        client.post_receipt(payment)
    assert spectrum.paths() == ["Token"]


def test_a_renewal_that_fails_after_a_401_leaves_the_receipt_surely_unapplied(
    client, spectrum, payment
):
    spectrum.refused = {"token-1"}
    spectrum.tokens_max = 1
    with pytest.raises(RetryableError):
        client.post_receipt(payment)
    assert spectrum.paths() == ["Token", "OnlineReceipt", "Token"]


# The balance


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (balance("731.3700"), "731.37"),
        (balance("0.0000"), "0.00"),
        (balance("-12.5000"), "-12.50"),
        (balance(731), "731.00"),
        (balance("731.3700", number=30254), "731.37"),
        (balance_number("900719925474099.3100"), "900719925474099.31"),
    ],
)
def test_balance_is_read_exactly(client, spectrum, answer, due):
    spectrum.answer = answer
    assert str(client.balance_due("30254")) == due
    asked = spectrum.requests[-1]
    assert asked.method == "GET"
    assert asked.url.path == "/wsSpectrumAPICore/api/Invoice/InvoiceBalanceDue"
    assert dict(asked.url.params) == {"invoiceNumber": "30254"}


@pytest.mark.parametrize(
    "answer",
    [
        balance("731.3700", number="30255"),
        balance("731.3700", number=True),
        balance("731.3750"),
        balance_number("9007199254740993.0100"),
        balance("seven"),
        balance(None),
        balance(True),
        balance([1]),
        httpx.Response(200, text="<html></html>"),
        httpx.Response(404, text="<html>a gateway's page</html>"),
        httpx.Response(200),
        httpx.Response(200, json=[]),
        httpx.Response(503),
        httpx.ReadTimeout("silence"),
    ],
    ids=str,
)
def test_a_balance_that_cannot_be_believed_can_be_asked_again(client, spectrum, answer):
    """Above all not RejectedError, which would say that the invoice is unknown."""
    spectrum.answer = answer
    with pytest.raises(RetryableError):
        client.balance_due("30254")


def test_an_unknown_invoice_is_rejected(client, spectrum):
    spectrum.answer = httpx.Response(404, json={"title": "Not Found", "status": 404})
    with pytest.raises(RejectedError, match="404"):
        client.balance_due("99")


# The receipt as it goes out


def test_receipt_says_every_field_in_spectrum_s_words(client, spectrum, payment):
    spectrum.answer = echo(payment, receiptID="R-1")
    client.post_receipt(payment)
    sent = spectrum.requests[-1]
    assert str(sent.url) == "https://spectrum.example/wsSpectrumAPICore/api/OnlineReceipt"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["X-Correlation-Id"] == payment.payment_guid
    assert json.loads(sent.content, parse_float=Decimal) == {
        "invoiceNumber": "30254",
        "policyNumber": "900100",
        "fullName": "Dana Smith",
        "datePaid": "2026-01-05T14:30:00Z",
        "referenceNumber": GUID,
        "amount": Decimal("731.37"),
        "fee": Decimal("2.50"),
        "transactionID": "ref-1",
        "transactionMessage": "approved",
        "paymentType": "CreditCard",
        "approved": True,
        "onlineVendor": "InvoiceCloud",
    }
    assert b'"amount": 731.37, "fee": 2.50' in sent.content


def test_receipt_of_an_ach_payment_and_odd_texts(changed):
    payment = changed(method=PaymentMethod.ACH, approved=False, customer_name='Zoë "Z" \n\u2028')
    document = json.loads(receipt_json(payment))
    assert document["paymentType"] == "ACH"
    assert document["approved"] is False
    assert document["fullName"] == 'Zoë "Z" \n\u2028'


@given(
    cents=st.integers(1, 99_999_999_999_999_999), shape=st.sampled_from(["0.01", "1", "1.0000"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_amounts_are_written_digit_by_digit(changed, cents, shape):
    """Whatever the amount, its digits stand in the JSON with two decimals: no float between."""
    amount = Decimal(cents).scaleb(-2)
    if shape == "1.0000":
        amount = amount.quantize(Decimal("0.0001"))
    elif shape == "1" and amount == amount.to_integral_value():
        amount = amount.normalize()
    dollars, rest = divmod(cents, 100)
    written = f'"amount": {dollars}.{rest:02}, "fee": {dollars}.{rest:02},'
    assert written.encode() in receipt_json(changed(amount=amount, fee=amount))


@pytest.mark.parametrize(
    "fields",
    [
        {"payment_reference": "x" * 51},
        {"amount": Decimal("10.005")},
        {"amount": Decimal("NaN")},
        {"amount": Decimal("1e20")},
        {"fee": Decimal("Infinity")},
    ],
    ids=str,
)
def test_what_spectrum_cannot_take_unchanged_is_refused_before_sending(
    client, spectrum, changed, fields
):
    with pytest.raises(RejectedError):
        client.post_receipt(changed(**fields))
    assert spectrum.requests == []


def test_the_refusal_names_field_value_and_rule(changed):
    with pytest.raises(BadInputError, match=r"PaymentReference.*50 characters"):
        receipt_json(changed(payment_reference="x" * 51))
    assert receipt_json(changed(payment_reference="x" * 50))


# The receipt's outcomes


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
    assert client.post_receipt(payment) == ReceiptNotApplied()


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
        httpx.Response(302, headers={"Location": "/error"}),
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


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_a_refused_receipt_is_rejected_with_the_reason(client, spectrum, payment, status):
    spectrum.answer = httpx.Response(status, json={"errors": {"amount": ["too much"]}})
    with pytest.raises(RejectedError, match="too much"):
        client.post_receipt(payment)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (httpx.Response(429, headers={"Retry-After": "60"}), 60),
        (httpx.ConnectError("refused"), None),
    ],
    ids=str,
)
def test_what_surely_was_not_applied_can_be_tried_again(
    client, spectrum, payment, answer, seconds
):
    spectrum.answer = answer
    with pytest.raises(RetryableError) as caught:
        client.post_receipt(payment)
    assert caught.value.retry_after_seconds == seconds


def test_errors_show_neither_token_nor_credentials(client, spectrum, payment, access):
    echoed = f'{{"echo": "token-1 {access.key} {access.password}"}}'
    spectrum.answer = httpx.Response(400, text=echoed)
    with pytest.raises(RejectedError) as caught:
        client.post_receipt(payment)
    for secret in ("token-1", access.key, access.password):
        assert secret not in str(caught.value) + caught.value.excerpt


def test_other_calls_of_the_biller_bear_the_same_token(client, spectrum):
    """The extract is opened with it (decision 0001)."""
    spectrum.answer = httpx.Response(200, content=b"rows")
    call = Call(operation="Extract", method="GET", url="https://spectrum.example/x", settings="")
    assert client.send(call).content == b"rows"
    with client.stream(call) as answer:
        assert b"".join(answer.chunks) == b"rows"
    assert spectrum.paths() == ["Token", "x", "x"]
