"""Rows of settled batches: a share paid out or taken back, or a refusal that names its column."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapter.domain.settlement import SettledRow, TransactionType
from adapter.errors import BadInputError
from adapter.partners.invoice_cloud_settlements import (
    COLUMNS,
    IGNORED_COLUMNS,
    OPERATION,
    SERVICE,
    settled_row_of,
    settlement_day,
)
from contracts.loader import wsdl

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
ROW = {
    "BatchID": "20260106-CC",
    "SettlementDate": "2026-01-06T06:00:00-05:00",
    "BatchType": "CreditCard",
    "TransactionType": "Payment",
    "PaymentGUID": GUID.upper(),
    "InvoiceNumber": "30254",
    "AccountNumber": "1204117",
    "PaymentDate": "2026-01-05T03:20:00-05:00",
    "PaymentAmount": "731.3700",
    "ConvenienceFee": "2.9500",
    "PaymentReference": "T-1",
    "BatchTotal": "1000.0000",
    "BatchCount": "3",
    "DepositReference": "D-1",
}


def test_a_row_is_a_share_that_was_paid_out():
    assert settled_row_of(ROW, biller="alpha") == SettledRow(
        biller="alpha",
        batch_id="20260106-CC",
        settled_on=date(2026, 1, 6),
        transaction=TransactionType.PAYMENT,
        payment_guid=GUID,
        invoice_number="30254",
        amount=Decimal("731.37"),
        batch_total=Decimal("1000.00"),
        batch_count=3,
    )
    assert ROW.keys() == {*COLUMNS.values(), *IGNORED_COLUMNS}


def test_a_return_takes_back_and_a_batch_may_be_below_nothing():
    told = {"TransactionType": "return", "PaymentAmount": "-731.37", "BatchTotal": "-731.37"}
    row = settled_row_of({**ROW, **told}, biller="alpha")
    assert row.transaction is TransactionType.RETURN
    assert row.amount == row.batch_total == Decimal("-731.37")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("BatchID", ""),
        ("SettlementDate", "today"),
        ("TransactionType", "Refund"),
        ("InvoiceNumber", "A-12"),
        ("PaymentAmount", "-0.01"),
        ("PaymentAmount", "731.375"),
        ("BatchTotal", ""),
        ("BatchCount", "0"),
        ("BatchCount", "1.5"),
        ("PaymentGUID", "12"),
    ],
)
def test_what_cannot_be_mapped_names_column_and_value(column, value):
    with pytest.raises(BadInputError) as caught:
        settled_row_of({**ROW, column: value}, biller="alpha")
    assert (caught.value.field, caught.value.value) == (column, value)


def test_a_return_above_nothing_is_refused():
    with pytest.raises(BadInputError, match="only a return"):
        settled_row_of({**ROW, "TransactionType": "Return"}, biller="alpha")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 6, 4, 59, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 1, 6, 5, 0, tzinfo=UTC), date(2026, 1, 6)),
        (datetime(2026, 7, 6, 3, 59, tzinfo=UTC), date(2026, 7, 5)),
        (datetime(2026, 7, 6, 4, 0, tzinfo=UTC), date(2026, 7, 6)),
    ],
)
def test_the_day_is_the_server_s_in_winter_and_summer(moment, day):
    assert settlement_day(moment) == day


def test_the_operation_is_of_the_committed_service():
    assert f'name="{OPERATION}"' in wsdl(SERVICE).decode()
