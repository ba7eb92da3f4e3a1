"""Settlement: which payments settle when, whole to the cent, and nothing twice."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchSettled,
    BatchType,
    PaymentReturned,
    ProcessorBook,
    TransactionType,
)
from sandbox.fakes.invoice_cloud.processor.calendar import is_banking_day
from sandbox.fakes.invoice_cloud.processor.settlement import processing_day

RETURNED = {a.return_code.code: a for a in BANK_ACCOUNTS if a.return_code}
DAY = 24 * 3600


def batches(cloud):
    return list(cloud.world.book(ProcessorBook).batches.values())


def settled_at(cloud):
    book = cloud.world.book(ProcessorBook)
    return [recorded.at for recorded in book.events if isinstance(recorded.event, BatchSettled)]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 5, 8, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 1, 6, 0, 59, 59, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 1, 6, 1, tzinfo=UTC), date(2026, 1, 6)),  # 20:00 in New York
        (datetime(2026, 1, 6, 4, 59, tzinfo=UTC), date(2026, 1, 6)),  # still the 5th there
        (datetime(2026, 7, 6, 0, 0, tzinfo=UTC), date(2026, 7, 6)),  # in summer it is 20:00
    ],
)
def test_a_day_closes_at_eight_in_the_evening_by_the_servers_clock(moment, day):
    assert processing_day(moment) == day


@pytest.mark.parametrize(
    ("instrument", "paid_at", "at"),
    [
        (CARDS[0], datetime(2026, 1, 5, 18, tzinfo=UTC), datetime(2026, 1, 6, 11, tzinfo=UTC)),
        (CARDS[0], datetime(2026, 1, 9, 18, tzinfo=UTC), datetime(2026, 1, 12, 11, tzinfo=UTC)),
        (CARDS[0], datetime(2026, 1, 17, 18, tzinfo=UTC), datetime(2026, 1, 20, 11, tzinfo=UTC)),
        (
            BANK_ACCOUNTS[0],
            datetime(2026, 1, 5, 18, tzinfo=UTC),
            datetime(2026, 1, 7, 11, tzinfo=UTC),
        ),
        (
            BANK_ACCOUNTS[0],
            datetime(2026, 1, 10, 18, tzinfo=UTC),
            datetime(2026, 1, 13, 11, tzinfo=UTC),
        ),
        (CARDS[0], datetime(2026, 3, 6, 18, tzinfo=UTC), datetime(2026, 3, 9, 10, tzinfo=UTC)),
    ],
    ids=["card", "card on Friday", "before a holiday", "ACH", "ACH on Saturday", "summer time"],
)
def test_cards_settle_on_the_next_banking_day_and_ach_on_the_second(
    cloud, instrument, paid_at, at
):
    cloud.world.clock.advance_to(paid_at)
    cloud.pay_new(instrument=instrument)
    cloud.world.clock.advance(7 * DAY)
    assert settled_at(cloud) == [at]


def test_a_weekends_cards_are_one_batch_with_one_deposit(cloud):
    for number in ("1", "2", "3"):
        cloud.world.clock.advance(0 if number == "1" else DAY)
        if number == "1":
            cloud.world.clock.advance_to(datetime(2026, 1, 9, 18, tzinfo=UTC))
        cloud.pay_new(number)
    cloud.world.clock.advance(7 * DAY)
    [batch] = batches(cloud)
    assert (batch.batch_id, batch.settled_on) == ("4500-CC-20260112", date(2026, 1, 12))
    assert batch.total == 3 * Decimal("731.37")  # the fees are Invoice Cloud's
    assert {entry.fee for entry in batch.entries} == {Decimal("3.00")}
    [event] = cloud.world.journal.entries(operation="Settlement")
    assert event.outcome == (
        "batch 4500-CC-20260112: payments 3, returns 0, 2,194.11 in all,"
        f" deposit {batch.deposit_reference}"
    )


def test_a_return_is_a_negative_row_of_the_days_ach_batch(cloud):
    """R01 is posted on Thursday at five, an hour before Thursday's batch settles."""
    cloud.pay_new("1", RETURNED["R01"])
    cloud.world.clock.advance(DAY)
    cloud.bill("2", "100.00")
    cloud.pay("2", BANK_ACCOUNTS[0])
    cloud.world.clock.advance(7 * DAY)
    first, second = batches(cloud)
    assert (first.batch_id, first.total) == ("4500-ACH-20260107", Decimal("731.37"))
    assert (second.batch_id, second.total) == ("4500-ACH-20260108", Decimal("-631.37"))
    assert [(e.transaction, e.invoice_number, e.amount) for e in second.entries] == [
        (TransactionType.PAYMENT, "2", Decimal("100.00")),
        (TransactionType.RETURN, "1", Decimal("-731.37")),
    ]


def test_a_return_that_is_as_fast_as_its_settlement_makes_a_batch_of_nothing(cloud):
    cloud.pay_new(instrument=RETURNED["R02"])
    cloud.world.clock.advance(7 * DAY)
    [batch] = batches(cloud)
    assert (batch.total, len(batch.entries)) == (Decimal("0.00"), 2)


def test_a_return_alone_makes_a_negative_batch(cloud):
    cloud.pay_new(instrument=RETURNED["R10"])
    cloud.world.clock.advance(40 * DAY)
    assert [batch.total for batch in batches(cloud)] == [Decimal("731.37"), Decimal("-731.37")]


def test_billers_settle_apart_and_declined_payments_never(cloud):
    for biller in (0, 1):
        cloud.bill(biller=biller)
        cloud.pay(biller=biller)
    cloud.pay_new("2", CARDS[3])
    cloud.world.clock.advance(7 * DAY)
    assert [(b.biller, len(b.entries)) for b in batches(cloud)] == [
        (cloud.billers[0].slug, 1),
        (cloud.billers[1].slug, 1),
    ]
    book = cloud.world.book(ProcessorBook)
    assert book.batches_of(cloud.billers[0].slug, date(2026, 1, 6)) == [batches(cloud)[0]]
    assert book.batches_of(cloud.billers[0].slug, date(2026, 1, 7)) == []


def test_a_world_without_payments_has_nothing_to_settle(cloud):
    assert cloud.world.clock.advance(30 * DAY).events == {}


PAYMENTS = st.lists(
    st.tuples(
        st.sampled_from([*CARDS[:4], *BANK_ACCOUNTS]),
        st.integers(1, 1_000_000),
        st.integers(0, 2 * DAY),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=PAYMENTS)
def test_every_approved_payment_settles_once_and_every_return_once(make_cloud, payments):
    cloud = make_cloud()
    for number, (instrument, cents, wait) in enumerate(payments):
        cloud.world.clock.advance(wait)
        cloud.bill(str(number), str(Decimal(cents).scaleb(-2)))
        cloud.pay(str(number), instrument)
    cloud.world.clock.advance(60 * DAY)
    book = cloud.world.book(ProcessorBook)
    rows = Counter((e.payment_guid, e.transaction) for b in batches(cloud) for e in b.entries)
    approved = {p.made.payment_guid for p in cloud.book.payments.values() if p.made.approved}
    returned = {
        recorded.event.payment_guid
        for recorded in book.events
        if isinstance(recorded.event, PaymentReturned)
    }
    assert rows == Counter(
        [(guid, TransactionType.PAYMENT) for guid in approved]
        + [(guid, TransactionType.RETURN) for guid in returned]
    )
    assert not book.open_batches
    assert all(is_banking_day(batch.settled_on) for batch in batches(cloud))
    made = sum((p.made.amount for p in cloud.book.payments.values() if p.made.approved), 0)
    due_again = sum((book.captured[guid].made.amount for guid in returned), 0)
    assert sum((batch.total for batch in batches(cloud)), 0) == made - due_again
    assert {key.batch_type for key in book.batches} <= set(BatchType)
