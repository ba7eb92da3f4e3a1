"""One payment of several invoices: one GUID, one fee, and a row, a notice and a bill for each."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.audit.evidence import gather
from sandbox.fakes.invoice_cloud.book import PumpState
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, PaymentRefusedError, pay
from sandbox.fakes.invoice_cloud.reports import payment_report
from sandbox.world.clock import DEMO_START

NUMBERS = ("30254", "30261", "30263")
AMOUNTS = {"30254": Decimal("731.37"), "30261": Decimal("0.10"), "30263": Decimal("9.90")}


@pytest.fixture
def order(cloud):
    """Post three bills; return an order that pays them together."""
    for number, due in AMOUNTS.items():
        cloud.bill(number, f"{due}")
    return PaymentOrder(
        biller=cloud.billers[0].slug,
        invoice_number=NUMBERS[0],
        instrument=CARDS[0],
        further=NUMBERS[1:],
    )


def balances(cloud):
    return [bill.balance for bill in cloud.book.bills.values()]


def told_numbers(adapter):
    return [call["body"]["InvoiceNumber"] for call in adapter.calls if call["body"]]


def test_every_bill_is_paid_whole_and_the_fee_is_charged_once(cloud, order):
    made = pay(cloud.world, order)
    assert {share.invoice_number: share.amount for share in made.shares} == AMOUNTS
    assert [f"{share.fee}" for share in made.shares] == ["3.00", "0.00", "0.00"]
    assert balances(cloud) == [0, 0, 0]
    assert list(cloud.book.payments) == [made.payment_guid]


def test_the_report_has_a_row_for_each_invoice_under_one_guid(cloud, order):
    made = pay(cloud.world, order)
    window = (DEMO_START, DEMO_START + timedelta(hours=1))
    rows = payment_report(cloud.world, cloud.billers[0], *window).rows
    assert {row["PaymentGUID"] for row in rows} == {made.payment_guid}
    assert {row["InvoiceNumber"]: row["PaymentAmount"] for row in rows} == AMOUNTS
    assert sum(row["ConvenienceFee"] for row in rows) == Decimal("3.00")


def test_the_state_and_the_auditor_are_told_each_share(cloud, order):
    made = pay(cloud.world, order)
    rows = cloud.book.as_json()["payments"]
    assert {row["invoice_number"]: Decimal(row["amount"]) for row in rows} == AMOUNTS
    assert {row["payment_guid"] for row in rows} == {made.payment_guid}
    assert "further" not in rows[0]
    seen = gather(cloud.world).payments
    assert {row.invoice_number: row.amount for row in seen} == AMOUNTS


def test_the_journal_names_every_invoice(cloud, order):
    pay(cloud.world, order)
    for number in NUMBERS:
        [entry] = cloud.world.journal.entries(operation="Pay", invoice_number=number)
        assert entry.outcome == f"invoice {number}: {AMOUNTS[number]} by VISA, approved"


def test_the_data_pump_tells_each_invoice_once(cloud, adapter, order):
    made = pay(cloud.world, order)
    cloud.world.clock.advance(5)
    assert told_numbers(adapter) == list(NUMBERS)
    told = [call["body"] for call in adapter.calls if call["body"]]
    assert {notice["PaymentGUID"] for notice in told} == {made.payment_guid}
    assert [notice["PaymentAmount"] for notice in told] == ["731.37", "0.10", "9.90"]
    assert cloud.delivery(made).pump is PumpState.DELIVERED


def test_what_was_not_taken_is_told_again_and_the_rest_with_it(cloud, adapter, order):
    made = pay(cloud.world, order)
    adapter.planned.extend([(202, {}), (503, {}), (202, {})])
    cloud.world.clock.advance(5)
    assert cloud.delivery(made).pump is PumpState.RETRYING
    assert cloud.delivery(made).last_outcome == "HTTP 503"
    cloud.world.clock.advance(60)
    assert told_numbers(adapter) == [*NUMBERS, *NUMBERS]
    assert cloud.delivery(made).pump is PumpState.DELIVERED


def test_a_declined_card_pays_none_of_them(cloud, order):
    made = pay(cloud.world, replace(order, instrument=CARDS[3]))
    assert not made.approved
    assert balances(cloud) == list(AMOUNTS.values())
    assert cloud.delivery(made).pump is PumpState.NOT_PUMPED


@pytest.mark.parametrize(
    ("further", "words"),
    [
        (("30261", "999"), "no bill 999"),
        (("30261", "30261"), "stands twice in 30254, 30261, 30261"),
        (("30254",), "stands twice"),
        (("30300",), "nothing is due on invoice 30300"),
    ],
)
def test_one_invoice_that_cannot_be_paid_refuses_them_all(cloud, order, further, words):
    cloud.bill("30300", "0.00")
    with pytest.raises(PaymentRefusedError, match=words):
        pay(cloud.world, replace(order, further=further))
    assert cloud.book.payments == {}
    assert sum(balances(cloud)) == sum(AMOUNTS.values())
