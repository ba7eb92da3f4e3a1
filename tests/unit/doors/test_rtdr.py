"""The balance door: Spectrum's answer passed on, and what a payer's page is told otherwise."""

from decimal import Decimal

import pytest

from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)

URL = "/billers/alpha-mutual/balance"
PARTNER = {"partner": "spectrum", "operation": "InvoiceBalanceDue"}


def test_the_balance_is_told_with_two_decimals(adapter, client, credentials):
    adapter.billers.rtdr.outcome = Decimal("731.3")
    answer = client.get(f"{URL}?invoiceNumber=30254", headers=credentials)
    assert answer.status_code == 200
    assert answer.get_json() == {"invoiceNumber": "30254", "balanceDue": "731.30"}
    assert adapter.billers.rtdr.asked == ["30254"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (RejectedError("answered 404", status=404, **PARTNER), (404, None)),
        (RetryableError("answered 503", retry_after_seconds=7, **PARTNER), (503, "7")),
        (RetryableError("no connection", **PARTNER), (503, "30")),
        (OutcomeUnknownError("silence", **PARTNER), (503, "30")),
        (ConfigurationError("billers.alpha-mutual.advanced_settings.10: wrong"), (503, "30")),
    ],
)
def test_a_failure_is_told_as_what_can_be_done(adapter, client, credentials, outcome, told):
    adapter.billers.rtdr.outcome = outcome
    answer = client.get(f"{URL}?invoiceNumber=30254", headers=credentials)
    assert (answer.status_code, answer.headers.get("Retry-After")) == told
    assert "advanced_settings" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "query",
    [
        *("", "?invoiceNumber=", "?invoiceNumber=0", "?invoiceNumber=abc", "?invoiceNumber=1%0a"),
        *("?invoiceNumber=-1", "?invoiceNumber=1&invoiceNumber=2", "?invoiceNumber=1&x=1"),
        *(f"?invoiceNumber={'1' * 19}", "?InvoiceNumber=1", "?invoiceNumber=%D9%A3"),
    ],
)
def test_anything_but_one_invoice_number_is_bad_input(adapter, client, credentials, query):
    answer = client.get(f"{URL}{query}", headers=credentials)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"]
    assert adapter.billers.rtdr.asked == []


def test_nobody_asks_without_credentials(adapter, client):
    answer = client.get(f"{URL}?invoiceNumber=30254")
    assert answer.status_code == 401
    assert adapter.billers.rtdr.asked == []
