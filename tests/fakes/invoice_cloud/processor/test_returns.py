"""ACH returns: on their banking day the money goes back, and the bill is due again."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook
from sandbox.fakes.invoice_cloud.processor.nacha import RETURN_CODES
from sandbox.world.clock import DEMO_START

RETURNED = {a.return_code.code: a for a in BANK_ACCOUNTS if a.return_code}
KEPT = [account for account in BANK_ACCOUNTS if account.return_code is None]
DAY = 24 * 3600


def rejects(cloud):
    told = cloud.world.book(ProcessorBook).rejects.values()
    return {reject.event.payment_guid: reject for reject in told}


def test_there_is_an_account_for_every_code_and_its_number_ends_in_it():
    assert set(RETURNED) == set(RETURN_CODES)
    for code, account in RETURNED.items():
        assert account.account_number.endswith(code[1:])
        assert f"returned {code} " in account.holder


@pytest.mark.parametrize(
    ("code", "returned_at"),
    [
        ("R01", datetime(2026, 1, 8, 10, tzinfo=UTC)),  # 05:00 in New York
        ("R02", datetime(2026, 1, 7, 10, tzinfo=UTC)),
        ("R03", datetime(2026, 1, 7, 10, tzinfo=UTC)),
        ("R10", datetime(2026, 2, 3, 10, tzinfo=UTC)),  # over Martin Luther King's day
    ],
)
def test_a_payment_is_returned_on_the_banking_day_of_its_code(cloud, code, returned_at):
    made = cloud.pay_new(instrument=RETURNED[code])
    assert made.approved
    cloud.world.clock.advance(40 * DAY)
    reject = rejects(cloud)[made.payment_guid]
    assert reject.rejected_at == returned_at
    assert (reject.event.code, reject.event.reason) == (code, RETURN_CODES[code].reason)


@pytest.mark.parametrize(
    ("paid_at", "returned_at"),
    [
        (datetime(2026, 1, 9, 18, tzinfo=UTC), datetime(2026, 1, 14, 10, tzinfo=UTC)),  # Friday
        (datetime(2026, 1, 10, 18, tzinfo=UTC), datetime(2026, 1, 14, 10, tzinfo=UTC)),
        (datetime(2026, 1, 13, 0, 59, 59, tzinfo=UTC), datetime(2026, 1, 15, 10, tzinfo=UTC)),
        (datetime(2026, 1, 13, 1, tzinfo=UTC), datetime(2026, 1, 16, 10, tzinfo=UTC)),  # late
        (datetime(2026, 3, 6, 18, tzinfo=UTC), datetime(2026, 3, 11, 9, tzinfo=UTC)),  # summer
    ],
    ids=["Friday", "Saturday", "before the close", "after the close", "summer time"],
)
def test_three_banking_days_pass_over_weekends_closes_and_summer_time(cloud, paid_at, returned_at):
    cloud.world.clock.advance_to(paid_at)
    made = cloud.pay_new(instrument=RETURNED["R01"])
    cloud.world.clock.advance(10 * DAY)
    assert rejects(cloud)[made.payment_guid].rejected_at == returned_at


def test_a_returned_payment_makes_the_bill_due_again_and_says_when(cloud):
    made = cloud.pay_new(instrument=RETURNED["R02"])
    assert cloud.book.bill("camp-point-mutual", "30254").balance == 0
    cloud.world.clock.advance(3 * DAY)
    assert cloud.book.bill("camp-point-mutual", "30254").balance == Decimal("731.37")
    assert cloud.delivery(made).returned_at == datetime(2026, 1, 7, 10, tzinfo=UTC)
    [row] = cloud.book.as_json()["payments"]
    assert row["returned_at"] == "2026-01-07T10:00:00Z"


def test_a_payment_of_several_invoices_is_returned_whole_under_one_guid(cloud):
    for number, due in (("1", "10.00"), ("2", "20.50")):
        cloud.bill(number, due)
    order = PaymentOrder(
        biller=cloud.billers[0].slug,
        invoice_number="1",
        instrument=RETURNED["R01"],
        further=("2",),
    )
    made = pay(cloud.world, order)
    cloud.world.clock.advance(4 * DAY)
    rows = cloud.world.book(ProcessorBook).as_json()["ach_rejects"]
    assert [(row["invoice_number"], row["amount"]) for row in rows] == [
        ("1", "10.00"),
        ("2", "20.50"),
    ]
    assert {row["reject_guid"] for row in rows} == {
        rejects(cloud)[made.payment_guid].event.reject_guid
    }
    assert [bill.balance for bill in cloud.book.bills.values()] == [
        Decimal("10.00"),
        Decimal("20.50"),
    ]
    events = cloud.world.journal.entries(operation="AchReturn")
    assert [(entry.tags["invoice_number"], entry.outcome) for entry in events] == [
        ("1", "invoice 1: 10.00 returned, R01 Insufficient Funds"),
        ("2", "invoice 2: 20.50 returned, R01 Insufficient Funds"),
    ]


@pytest.mark.parametrize("instrument", [*KEPT, *CARDS], ids=lambda how: repr(how)[:60])
def test_no_other_account_and_no_card_is_ever_returned(cloud, instrument):
    cloud.pay_new(instrument=instrument)
    assert "ach_returns" not in {event.label for event in cloud.world.clock.pending()}


def test_the_same_seed_returns_under_the_same_guid(make_cloud):
    told = []
    for _ in range(2):
        cloud = make_cloud()
        cloud.pay_new(instrument=RETURNED["R01"])
        cloud.world.clock.advance(4 * DAY)
        told.append(cloud.world.book(ProcessorBook).as_json())
    assert told[0] == told[1]
    assert told[0]["ach_rejects"][0]["paid_at"] == f"{DEMO_START:%Y-%m-%dT%H:%M:%SZ}"
