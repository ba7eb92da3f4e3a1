"""Rows of the reject report: a returned share of a payment, or a refusal that names its column."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapter.domain.ach_return import AchReturn
from adapter.errors import BadInputError
from adapter.partners.invoice_cloud_rejects import (
    COLUMNS,
    IGNORED_COLUMNS,
    OPERATION,
    REASON_LENGTH_MAX,
    SERVICE,
    return_of,
)
from contracts.loader import wsdl

REJECT = "cccccccc-0000-4000-8000-000000000001"
PAYMENT = "aaaaaaaa-0000-4000-8000-000000000001"
ROW = {
    "RejectGUID": REJECT.upper(),
    "PaymentGUID": PAYMENT,
    "InvoiceNumber": "30254",
    "AccountNumber": "1204117",
    "CustomerName": "Dana Smith",
    "PaymentDate": "2026-01-05T03:20:00-05:00",
    "RejectDate": "2026-01-08T05:00:00-05:00",
    "RejectAmount": "731.3700",
    "RejectCode": "R01",
    "RejectReason": "Insufficient Funds",
    "PaymentReference": "T-1",
}


def test_a_row_is_a_returned_share_of_a_payment():
    assert return_of(ROW, biller="alpha") == AchReturn(
        biller="alpha",
        reject_guid=REJECT,
        payment_guid=PAYMENT,
        invoice_number="30254",
        account_number="1204117",
        amount=Decimal("731.37"),
        code="R01",
        reason="Insufficient Funds",
        returned_at=datetime(2026, 1, 8, 10, 0, tzinfo=UTC),
    )
    assert ROW.keys() == {*COLUMNS.values(), *IGNORED_COLUMNS}


def test_a_reason_may_be_missing_and_is_bounded():
    without = {name: value for name, value in ROW.items() if name != "RejectReason"}
    assert return_of(without, biller="alpha").reason == ""
    long = return_of({**ROW, "RejectReason": "x" * 5000}, biller="alpha")
    assert len(long.reason) == REASON_LENGTH_MAX


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("InvoiceNumber", ""),
        ("InvoiceNumber", "A-12"),
        ("AccountNumber", "007"),
        ("RejectDate", "today"),
        ("RejectDate", "0001-01-01T00:00:00"),
        ("RejectAmount", "0"),
        ("RejectAmount", "-731.37"),
        ("RejectAmount", "731.375"),
        ("RejectCode", ""),
        ("RejectCode", "R01 and more"),
        ("RejectGUID", "12"),
        ("PaymentGUID", "12"),
    ],
)
def test_what_cannot_be_mapped_names_column_and_value(column, value):
    with pytest.raises(BadInputError) as caught:
        return_of({**ROW, column: value}, biller="alpha")
    assert (caught.value.field, caught.value.value) == (column, value)


def test_the_operation_is_of_the_committed_service():
    assert f'name="{OPERATION}"' in wsdl(SERVICE).decode()
