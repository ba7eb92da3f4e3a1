"""Invoice Cloud's book: every event changes what it should, and the state is told as text."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.book import (
    BalanceRefreshed,
    InvoiceCloudBook,
    PumpAttempted,
    PumpDelivered,
    PumpGaveUp,
    PumpState,
    is_within,
)
from sandbox.fakes.invoice_cloud.instruments import CARDS

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_bill_remembers_its_payment_and_its_refresh_under_a_newer_file(cloud):
    bill = cloud.bill()
    cloud.book.record(
        BalanceRefreshed(biller=bill.biller, invoice_number="30254", balance=Decimal("5.00"))
    )
    cloud.pay()
    newer = cloud.bill(due="1.00")
    assert newer.balance == Decimal("1.00")
    assert newer.paid_at == newer.refreshed_at == cloud.world.clock.now()


def test_a_payment_takes_its_amount_from_the_balance_and_not_its_fee(cloud):
    cloud.bill(allow_partial=True)
    made = cloud.pay(amount="0.10")
    assert cloud.book.bill(made.biller, "30254").balance == Decimal("731.27")


def test_the_pumps_events_are_the_payments_state(cloud):
    made = cloud.pay_new()
    states = []
    for event in (
        PumpAttempted(payment_guid=made.payment_guid, attempt=1, outcome="HTTP 503"),
        PumpDelivered(payment_guid=made.payment_guid),
        PumpGaveUp(payment_guid=made.payment_guid, reason="enough"),
    ):
        cloud.book.record(event)
        states.append((cloud.delivery(made).pump, cloud.delivery(made).last_outcome))
    assert states == [
        (PumpState.RETRYING, "HTTP 503"),
        (PumpState.DELIVERED, "HTTP 503"),
        (PumpState.FAILED, "enough"),
    ]


def test_the_state_follows_from_the_events_alone(cloud, make_cloud):
    cloud.bill("30255", due="9.99")
    cloud.pay_new()
    cloud.pay_new("30256", CARDS[3])
    cloud.world.clock.advance(5)
    again = make_cloud().book
    for recorded in cloud.book.events:
        again.record(recorded.event, at=recorded.at)
    assert again.as_json() == cloud.book.as_json()


def test_the_state_is_told_with_money_and_moments_as_text(cloud):
    cloud.pay_new()
    told = cloud.book.as_json()
    assert told["bills"] == [
        {
            "biller": "camp-point-mutual",
            "invoice_number": "30254",
            "account_number": "1004587",
            "customer_name": "Dana Whitfield",
            "due_date": "01/20/2026",
            "total_due": "731.37",
            "balance_due": "0.00",
            "file_name": "a.BIF",
        }
    ]
    (payment,) = told["payments"]
    assert (payment["amount"], payment["fee"], payment["pump"]) == ("731.37", "3.00", "waiting")
    assert payment["made_at"] == "2026-01-05T08:00:00Z"
    assert told["files"] == []


def test_a_book_refuses_what_it_does_not_know(cloud):
    with pytest.raises(TypeError, match="knows no str"):
        cloud.book.record("something")


def test_each_world_has_a_book_of_its_own(make_cloud):
    one, other = make_cloud(name="one"), make_cloud(name="other")
    one.bill()
    assert other.world.book(InvoiceCloudBook).bills == {}


@pytest.mark.parametrize(
    ("ago", "within"),
    [(timedelta(hours=6) - timedelta(seconds=1), True), (timedelta(hours=6), False)],
)
def test_a_moment_lies_within_hours_until_they_have_passed(ago, within):
    assert is_within(NOW - ago, 6, NOW) is within
    assert not is_within(None, 6, NOW)
