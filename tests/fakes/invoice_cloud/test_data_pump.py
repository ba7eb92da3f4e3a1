"""The data pump: soon after the payment, once when it is taken over, five times when it is not."""

import pytest

from sandbox.fakes.invoice_cloud.book import PumpState
from sandbox.fakes.invoice_cloud.data_pump import LABEL
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.pump import RETRY_SECONDS

ALL_RETRIES = 5 + sum(RETRY_SECONDS)


def posts(adapter):
    return [call for call in adapter.calls if call["line"].startswith("POST")]


def test_the_payment_comes_five_seconds_later_in_the_post_backs_words(cloud, adapter):
    made = cloud.pay_new(instrument=BANK_ACCOUNTS[0])
    cloud.world.clock.advance(4)
    assert posts(adapter) == []
    cloud.world.clock.advance(1)
    biller = cloud.billers[0]
    assert posts(adapter) == [
        {
            "line": "POST /billers/camp-point-mutual/payments",
            "credentials": ("Basic", biller.biller_guid, biller.door_key),
            "body": {
                "BillerGUID": biller.biller_guid,
                "PaymentGUID": made.payment_guid,
                "InvoiceNumber": "30254",
                "AccountNumber": "1004587",
                "CustomerName": "Dana Whitfield",
                "PaymentDate": "2026-01-05T08:00:00Z",
                "PaymentAmount": "731.37",
                "ConvenienceFee": "0.00",
                "PaymentReference": made.reference,
                "PaymentMessage": "Approved",
                "PaymentType": "ACH",
                "Approved": "True",
            },
        }
    ]
    assert cloud.delivery(made).pump is PumpState.DELIVERED
    assert LABEL not in {event.label for event in cloud.world.clock.pending()}


def test_the_delay_is_a_behaviour(cloud, adapter):
    cloud.world.behaviours.change({"data_pump_delay_seconds": 600})
    cloud.pay_new()
    cloud.world.clock.advance(599)
    assert posts(adapter) == []
    cloud.world.clock.advance(1)
    assert len(posts(adapter)) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_success_ends_it(cloud, adapter, status):
    made = cloud.pay_new()
    adapter.planned.append((status, b"whatever"))
    cloud.world.clock.advance(ALL_RETRIES)
    assert len(posts(adapter)) == 1
    assert cloud.delivery(made).pump is PumpState.DELIVERED


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((301, {}, ("Location", "/elsewhere")), "HTTP 301"),
        ((400, {}), "HTTP 400"),
        ((409, {}), "HTTP 409"),
        ((503, {}), "HTTP 503"),
        (None, "no answer (ConnectorError)"),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) else "",
)
def test_anything_else_is_tried_five_times_and_then_given_up(cloud, adapter, answer, outcome):
    """One, five, fifteen and sixty minutes after the try before, always the same content."""
    made = cloud.pay_new()
    adapter.usual = answer
    moments = []
    for wait in (5, *RETRY_SECONDS):
        cloud.world.clock.advance(wait - 1)
        before = len(posts(adapter))
        cloud.world.clock.advance(1)
        moments.append(len(posts(adapter)) - before)
        assert cloud.delivery(made).last_outcome.endswith(outcome)
    assert moments == [1, 1, 1, 1, 1]
    assert cloud.delivery(made).pump is PumpState.FAILED
    assert cloud.delivery(made).attempts == 5
    assert cloud.delivery(made).last_outcome == f"gave up after attempt 5: {outcome}"
    assert len({str(call["body"]) for call in posts(adapter)}) == 1
    assert LABEL not in {event.label for event in cloud.world.clock.pending()}


def test_a_retry_that_is_taken_over_ends_it(cloud, adapter):
    made = cloud.pay_new()
    adapter.planned.extend([(200, {}), (503, {}), None, (202, {})])  # the balance comes first
    cloud.pay_new("30255")
    cloud.world.clock.advance(ALL_RETRIES)
    assert cloud.delivery(made).pump is PumpState.DELIVERED
    outcomes = [e.outcome for e in cloud.world.journal.entries(payment_guid=made.payment_guid)]
    assert outcomes == [
        "invoice 30254: 731.37 by VISA, approved",
        "attempt 1: HTTP 503",
        "731.37 taken over",
    ]


@pytest.mark.usefixtures("nobody")
def test_a_refused_connection_is_tried_again(cloud):
    made = cloud.pay_new()
    cloud.world.clock.advance(5)
    assert cloud.delivery(made).pump is PumpState.RETRYING
    assert cloud.delivery(made).last_outcome == "no answer (ConnectorError)"


def test_without_a_connector_it_waits_and_comes_when_one_joins(cloud, adapter):
    url = cloud.world.connectors["camp-point-mutual"].url
    cloud.world.connectors["camp-point-mutual"].url = None
    made = cloud.pay_new()
    cloud.world.clock.advance(5)
    assert cloud.delivery(made).last_outcome == "no connector"
    cloud.world.connectors["camp-point-mutual"].url = url
    cloud.world.clock.advance(60)
    assert cloud.delivery(made).pump is PumpState.DELIVERED
    assert len(posts(adapter)) == 1


def test_without_any_connector_it_is_given_up_like_any_other(cloud):
    made = cloud.pay_new()
    cloud.world.clock.advance(ALL_RETRIES)
    assert cloud.delivery(made).pump is PumpState.FAILED
    assert cloud.world.journal.entries(operation="DataPump")[0].outcome == (
        "gave up after attempt 5: no connector"
    )


def test_a_declined_payment_is_not_pumped(cloud, adapter):
    cloud.pay_new(instrument=CARDS[3])
    cloud.world.clock.advance(ALL_RETRIES)
    assert posts(adapter) == []


@pytest.mark.parametrize(("moment", "received"), [("before", 1), ("after", 2)])
def test_a_severed_delivery_comes_again_whether_it_arrived_or_not(
    cloud, adapter, moment, received
):
    cloud.arm("sever", "DataPump", moment)
    made = cloud.pay_new()
    cloud.world.clock.advance(65)
    assert len(posts(adapter)) == received
    assert cloud.delivery(made).pump is PumpState.DELIVERED
    assert cloud.delivery(made).attempts == 2


def test_each_billers_payments_go_to_its_own_door(cloud, adapter):
    cloud.bill(biller=1)
    cloud.pay(biller=1)
    cloud.world.clock.advance(5)
    biller = cloud.billers[1]
    assert posts(adapter)[0]["line"] == f"POST /billers/{biller.slug}/payments"
    assert posts(adapter)[0]["credentials"] == ("Basic", biller.biller_guid, biller.door_key)
