"""Spectrum's token, balance and receipt: what goes out, and what each answer means."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.domain.payment import (
    PaymentMethod,
    ReceiptApplied,
)
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    CredentialsRefusedError,
    RejectedError,
    RetryableError,
)
from adapter.partners.clock_watch import ClockWatch
from adapter.partners.http import Call
from adapter.partners.spectrum import SpectrumClient, receipt_json
from tests.unit.partners.conftest import UTC_ZONE, echo

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


def test_a_401_renews_the_token_and_repeats_a_question_once(client, spectrum):
    spectrum.refused = {"token-1"}
    spectrum.answer = balance("1.0000")
    assert client.balance_due("30254").balance == Decimal("1.00")
    assert spectrum.paths() == ["Token", "InvoiceBalanceDue"] * 2


def test_a_401_to_a_receipt_is_not_repeated_and_the_next_call_bears_a_new_token(
    client, spectrum, payment
):
    """It may have been applied first, and the answer lost to whatever answered 401."""
    spectrum.refused = {"token-1"}
    with pytest.raises(CredentialsRefusedError, match="401") as caught:
        client.post_receipt(payment)
    assert not isinstance(caught.value, ConfigurationError)
    assert spectrum.paths() == ["Token", "OnlineReceipt"]
    spectrum.answer = echo(payment, receiptID=1001)
    assert client.post_receipt(payment) == APPLIED
    assert spectrum.paths() == ["Token", "OnlineReceipt"] * 2


@pytest.mark.parametrize(("status", "tokens"), [(401, 2), (403, 1)])
def test_a_refused_fresh_token_is_a_wrong_setting(client, spectrum, status, tokens):
    """With a 403 at once."""
    spectrum.answer = httpx.Response(status)
    with pytest.raises(ConfigurationError, match=r"advanced_settings\.11, 12 and 13"):
        client.balance_due("30254")
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
    assert str(client.balance_due("30254").balance) == due
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


def test_a_balance_is_asked_of_spectrum_itself_and_says_who_kept_it(client, spectrum):
    told = balance("731.3700")
    spectrum.answer = told
    assert client.balance_due("30254").stale == ""
    assert spectrum.requests[-1].headers["Cache-Control"] == "no-cache"
    told.headers["Age"] = "290"
    assert client.balance_due("30254").stale == "Age: 290"


def test_a_balance_is_dated_in_our_time_by_the_clock_that_gave_the_token(
    wire, spectrum, access, clock
):
    """A page of five minutes ago is one, though Spectrum's clock runs ten minutes ahead."""
    ahead = timedelta(minutes=10)

    def dated(answer):
        answer.headers["Date"] = format_datetime(clock.now() + ahead, usegmt=True)
        return answer

    issue = spectrum._issue
    spectrum._issue = lambda: dated(issue())
    http = wire(spectrum, watch=ClockWatch(clock))
    client = SpectrumClient(http, access, clock)
    spectrum.answer = dated(balance("731.3700"))
    assert client.balance_due("30254").dated_at == clock.now()
    asked_at = clock.now()
    clock.advance(minutes=5)
    assert client.balance_due("30254").dated_at == asked_at
    del spectrum.answer.headers["Date"]
    assert client.balance_due("30254").dated_at is None


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


@pytest.mark.parametrize(
    ("paid_at", "zone", "written"),
    [
        (datetime(2026, 1, 6, 2, 30, tzinfo=UTC), "America/Chicago", "2026-01-05T20:30:00-06:00"),
        (datetime(2026, 7, 6, 2, 30, tzinfo=UTC), "America/Chicago", "2026-07-05T21:30:00-05:00"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/Chicago", "2026-11-01T01:30:00-05:00"),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), "America/Chicago", "2026-11-01T01:30:00-06:00"),
        (datetime(2026, 1, 6, 2, 30, tzinfo=UTC), "UTC", "2026-01-06T02:30:00Z"),
    ],
)
def test_an_evening_s_payment_is_dated_today(changed, paid_at, zone, written):
    """In UTC it would be tomorrow's, and on the last day of grace too late."""
    document = json.loads(receipt_json(changed(paid_at=paid_at), ZoneInfo(zone)))
    assert document["datePaid"] == written


def test_receipt_of_an_ach_payment_and_odd_texts(changed):
    payment = changed(method=PaymentMethod.ACH, approved=False, customer_name='Zoë "Z" \n\u2028')
    document = json.loads(receipt_json(payment, UTC_ZONE))
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
    assert written.encode() in receipt_json(changed(amount=amount, fee=amount), UTC_ZONE)


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
        receipt_json(changed(payment_reference="x" * 51), UTC_ZONE)
    assert receipt_json(changed(payment_reference="x" * 50), UTC_ZONE)


def test_other_calls_of_the_biller_bear_the_same_token(client, spectrum):
    """The extract is opened with it (decision 0001)."""
    spectrum.answer = httpx.Response(200, content=b"rows")
    call = Call(operation="Extract", method="GET", url="https://spectrum.example/x", settings="")
    assert client.send(call).content == b"rows"
    with client.stream(call) as answer:
        assert b"".join(answer.chunks) == b"rows"
    assert spectrum.paths() == ["Token", "x", "x"]
