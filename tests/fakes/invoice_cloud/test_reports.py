"""The payment report: whose payments, of which window, in which columns."""

from datetime import timedelta
from decimal import Decimal

from contracts.loader import toml
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.reports import PAYMENT_REPORT, columns_of, payment_report
from sandbox.world.clock import DEMO_START

HOUR = timedelta(hours=1)


def rows(cloud, start, end, biller=0):
    return payment_report(cloud.world, cloud.billers[biller], start, end).rows


def test_the_columns_are_the_contracts():
    told = toml("invoice_cloud/clauses.toml")["column"]
    assert [column.name for column in columns_of(PAYMENT_REPORT)] == [
        column["name"] for column in told if column["operation"] == PAYMENT_REPORT
    ]
    assert columns_of(PAYMENT_REPORT)[0].data_type == "System.Guid"


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
