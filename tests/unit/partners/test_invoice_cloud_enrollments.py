"""Rows of the customer reports: who is enrolled since when."""

from datetime import UTC, datetime

import pytest

from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.errors import BadInputError
from adapter.partners.invoice_cloud_enrollments import (
    COLUMNS,
    IGNORED_COLUMNS,
    OPERATIONS,
    SERVICE,
    enrolled_of,
)
from contracts.loader import wsdl

ROW = {
    "AccountNumber": "1204117",
    "CustomerName": "Dana Smith",
    "EmailAddress": "dana@example.com",
    "PaymentType": "ACH",
    "EnrollmentDate": "2026-01-05T03:20:00.123-05:00",
}


def test_a_row_is_an_account_since_a_moment():
    assert enrolled_of(ROW) == EnrolledAccount(
        account_number="1204117", since=datetime(2026, 1, 5, 8, 20, 0, 123_000, tzinfo=UTC)
    )
    assert ROW.keys() == {*COLUMNS.values(), *IGNORED_COLUMNS}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("AccountNumber", ""),
        ("AccountNumber", "A-12"),
        ("EnrollmentDate", ""),
        ("EnrollmentDate", "0001-01-01T00:00:00"),
        ("EnrollmentDate", "today"),
    ],
)
def test_what_cannot_be_mapped_names_column_and_value(column, value):
    with pytest.raises(BadInputError) as caught:
        enrolled_of({**ROW, column: value})
    assert (caught.value.field, caught.value.value) == (column, value)


def test_both_operations_are_of_the_committed_service():
    committed = wsdl(SERVICE).decode()
    assert set(OPERATIONS) == set(EnrollmentKind)
    for operation in OPERATIONS.values():
        assert f'name="{operation}"' in committed
