"""The reports: whose rows, of which window or day, in which columns."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from contracts.loader import toml
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.operations import REPORTS
from sandbox.fakes.invoice_cloud.reports import (
    PAYMENT_REPORT,
    REJECT_REPORT,
    SETTLEMENT_REPORT,
    columns_of,
    payment_report,
    reject_report,
    servers_day,
    settlement_report,
)
from sandbox.world.clock import DEMO_START

HOUR = timedelta(hours=1)
DAY_SECONDS = 24 * 3600
[R02] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R02"]


def rows(cloud, start, end, biller=0):
    return payment_report(cloud.world, cloud.billers[biller], start, end).rows


@pytest.mark.parametrize("operation", REPORTS)
def test_the_columns_are_the_contracts(operation):
    told = [
        column
        for column in toml("invoice_cloud/clauses.toml")["column"]
        if column["operation"] == operation
    ]
    assert [(c.name, c.type, c.data_type) for c in columns_of(operation)] == [
        (column["name"], column["type"], column.get("data_type")) for column in told
    ]
    assert told


def test_guids_are_guids_and_a_count_is_an_int():
    types = {
        column.name: (column.data_type or column.type)
        for operation in (PAYMENT_REPORT, REJECT_REPORT, SETTLEMENT_REPORT)
        for column in columns_of(operation)
    }
    assert types["PaymentGUID"] == types["RejectGUID"] == "System.Guid"
    assert (types["BatchCount"], types["BatchTotal"]) == ("int", "decimal")


def test_a_row_fills_every_column_from_the_payment(cloud):
    made = cloud.pay_new(instrument=CARDS[2])
    (row,) = rows(cloud, DEMO_START, DEMO_START + HOUR)
    assert tuple(row) == tuple(column.name for column in columns_of(PAYMENT_REPORT))
    assert row["PaymentGUID"] == made.payment_guid
    assert (row["PaymentAmount"], row["ConvenienceFee"]) == (Decimal("731.37"), Decimal("3.00"))
    assert (row["PaymentType"], row["CardType"], row["Approved"]) == ("CreditCard", "AMEX", True)
    assert row["PaymentDate"].isoformat() == "2026-01-05T03:00:00-05:00"


def test_a_bank_payment_has_no_card_type(cloud):
    cloud.pay_new(instrument=BANK_ACCOUNTS[0])
    (row,) = rows(cloud, DEMO_START, DEMO_START + HOUR)
    assert (row["PaymentType"], row["CardType"]) == ("ACH", None)


def test_windows_that_touch_tell_each_payment_once(cloud):
    """Approved and declined, in the order in which they were made."""
    made = []
    for number, how in enumerate((CARDS[0], CARDS[3], BANK_ACCOUNTS[0], CARDS[1]), start=1):
        made.append(cloud.pay_new(str(number), how).payment_guid)
        cloud.world.clock.advance(1800)
    windows = [(DEMO_START + HOUR * n, DEMO_START + HOUR * (n + 1)) for n in range(-1, 3)]
    told = [[row["PaymentGUID"] for row in rows(cloud, *window)] for window in windows]
    assert told == [[], made[:2], made[2:], []]


def test_a_window_turned_round_or_empty_holds_nothing(cloud):
    cloud.pay_new()
    assert rows(cloud, DEMO_START, DEMO_START) == ()
    assert rows(cloud, DEMO_START + HOUR, DEMO_START - HOUR) == ()


def test_another_billers_payments_are_not_told(cloud):
    cloud.pay_new()
    assert rows(cloud, DEMO_START, DEMO_START + HOUR, biller=1) == ()


def test_a_reject_fills_every_column(cloud):
    made = cloud.pay_new(instrument=R02)
    cloud.world.clock.advance(3 * DAY_SECONDS)
    window = (DEMO_START, DEMO_START + 72 * HOUR)
    (row,) = reject_report(cloud.world, cloud.billers[0], *window).rows
    assert tuple(row) == tuple(column.name for column in columns_of(REJECT_REPORT))
    assert (row["PaymentGUID"], row["RejectAmount"]) == (made.payment_guid, made.amount)
    assert row["RejectDate"].isoformat() == "2026-01-07T05:00:00-05:00"
    assert reject_report(cloud.world, cloud.billers[1], *window).rows == ()


def test_a_batch_tells_payments_and_returns_with_its_total_in_every_row(cloud):
    cloud.pay_new("1", R02)
    cloud.pay_new("2", BANK_ACCOUNTS[0])
    cloud.world.clock.advance(3 * DAY_SECONDS)
    day = datetime(2026, 1, 7, 15)  # noqa: DTZ001  # a day of the server's
    rows = settlement_report(cloud.world, cloud.billers[0], day).rows
    assert tuple(rows[0]) == tuple(column.name for column in columns_of(SETTLEMENT_REPORT))
    assert [(row["TransactionType"], row["InvoiceNumber"]) for row in rows] == [
        ("Payment", "1"),
        ("Payment", "2"),
        ("Return", "1"),
    ]
    assert {(row["BatchTotal"], row["BatchCount"]) for row in rows} == {(Decimal("731.37"), 3)}
    assert settlement_report(cloud.world, cloud.billers[1], day).rows == ()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-07T00:00:00", date(2026, 1, 7)),
        ("2026-01-07T23:59:59", date(2026, 1, 7)),
        ("2026-01-07T00:00:00+00:00", date(2026, 1, 7)),
        ("2026-01-07T00:00:00-05:00", date(2026, 1, 7)),
        ("2026-01-07T00:00:00+01:00", date(2026, 1, 6)),
        ("2026-01-07T23:00:00-08:00", date(2026, 1, 8)),
    ],
)
def test_the_servers_day_is_read_as_net_reads_it(moment, day):
    assert servers_day(datetime.fromisoformat(moment)) == day


def test_a_moment_of_another_zone_is_gmt_in_a_window(cloud):
    cloud.pay_new()
    start = DEMO_START.astimezone(ZoneInfo("Asia/Tokyo"))
    end = (DEMO_START + HOUR).astimezone(timezone(timedelta(hours=-5)))
    assert len(rows(cloud, start, end)) == 1
    assert len(rows(cloud, DEMO_START.replace(tzinfo=None), end)) == 1
