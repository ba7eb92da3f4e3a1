"""Rows of Invoice Cloud's reports: what they mean, and refusals that name column and value."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapter.domain.ach_return import AchReturn
from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.domain.payment import METHOD_LENGTH_MAX, REPORT_FIELDS, PaymentMethod
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.errors import BadInputError
from adapter.partners.invoice_cloud_reports import (
    CUSTOMERS,
    LISTED_ROWS_MAX,
    PAYMENTS,
    REASON_LENGTH_MAX,
    REJECTS,
    SETTLED_BATCHES,
    RefusedRows,
    settlement_day,
    truth_of,
)
from contracts.loader import wsdl

REJECT = "cccccccc-0000-4000-8000-000000000001"
GUID = "aaaaaaaa-0000-4000-8000-000000000001"
PAYMENT_ROW = {
    "PaymentGUID": "AAAAAAAA-0000-4000-8000-000000000001",
    "InvoiceNumber": "30254",
    "AccountNumber": "900100",
    "CustomerName": "Dana Smith",
    "PaymentDate": "2026-01-05T09:30:00.1234567-05:00",
    "PaymentAmount": "731.3700",
    "ConvenienceFee": "2.5000",
    "PaymentReference": "ref-1",
    "PaymentMessage": "Approved",
    "PaymentType": "ACH",
    "Approved": "true",
}
REJECT_ROW = {
    "RejectGUID": REJECT.upper(),
    "PaymentGUID": GUID,
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
SETTLED_ROW = {
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
CUSTOMER_ROW = {
    "AccountNumber": "1204117",
    "CustomerName": "Dana Smith",
    "EmailAddress": "dana@example.com",
    "PaymentType": "ACH",
    "EnrollmentDate": "2026-01-05T03:20:00.123-05:00",
}
REPORTS = {
    "payments": (PAYMENTS, PAYMENT_ROW),
    "rejects": (REJECTS, REJECT_ROW),
    "settled": (SETTLED_BATCHES, SETTLED_ROW),
    **{kind.value: (report, CUSTOMER_ROW) for kind, report in CUSTOMERS.items()},
}
UNREADABLE = {
    "payments": {
        "PaymentGUID": [None, "no guid"],
        "InvoiceNumber": [None, " "],
        "AccountNumber": [""],
        "PaymentDate": [
            None,
            "01/05/2026",
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00+05:30",
            "9999-12-31T23:59:59-23:59",
        ],
        "PaymentAmount": [None, "731.3750", "7e2"],
        "ConvenienceFee": ["free"],
        "Approved": [None, "maybe"],
    },
    "rejects": {
        "InvoiceNumber": ["", "A-12"],
        "AccountNumber": ["007"],
        "RejectDate": ["today", "0001-01-01T00:00:00"],
        "RejectAmount": ["nothing", "-731.37", "731.375"],
        "RejectCode": ["", "R01 and more"],
        "RejectGUID": ["12"],
        "PaymentGUID": ["12"],
    },
    "settled": {
        "BatchID": [""],
        "SettlementDate": ["today"],
        "TransactionType": ["Refund"],
        "InvoiceNumber": ["A-12"],
        "PaymentAmount": ["-0.01", "731.375"],
        "BatchTotal": [""],
        "BatchCount": ["0", "1.5"],
        "PaymentGUID": ["12"],
    },
    "paperless": {
        "AccountNumber": ["", "A-12"],
        "EnrollmentDate": ["", "0001-01-01T00:00:00", "today"],
    },
}


def mapped(name, **changes):
    """Map a report's row with some columns changed; None leaves one out."""
    report, row = REPORTS[name]
    whole = {column: value for column, value in {**row, **changes}.items() if value is not None}
    return report.row_of(whole, report.columns, "alpha")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_of_the_committed_service_and_every_column_is_known(name):
    report, row = REPORTS[name]
    assert f'name="{report.operation}"' in wsdl(report.service).decode()
    assert row.keys() <= {*report.columns.values(), *report.ignored}
    assert set(report.columns.values()) <= row.keys()


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        (name, column, value)
        for name, columns in UNREADABLE.items()
        for column, values in columns.items()
        for value in values
    ],
)
def test_what_cannot_be_mapped_names_column_and_value(name, column, value):
    with pytest.raises(BadInputError) as caught:
        mapped(name, **{column: value})
    assert (caught.value.field, caught.value.value) == (column, (value or "").strip())


def test_one_bad_row_stops_no_other_and_is_listed_last():
    rows = [REJECT_ROW, {**REJECT_ROW, "RejectAmount": "-1"}, REJECT_ROW]
    read = REJECTS.read(rows, REJECTS.columns, biller="alpha")
    assert [next(read).code, next(read).code] == ["R01", "R01"]
    with pytest.raises(BadInputError, match=f"reject {REJECT.upper()} of {GUID}: RejectAmount"):
        next(read)


def test_every_reported_field_has_its_column():
    assert tuple(PAYMENTS.columns) == REPORT_FIELDS


def test_every_column():
    payment = mapped("payments")
    assert payment.biller == "alpha"
    assert payment.payment_guid == "aaaaaaaa-0000-4000-8000-000000000001"
    assert payment.invoice_number == "30254"
    assert payment.account_number == "900100"
    assert payment.customer_name == "Dana Smith"
    assert payment.paid_at == datetime(2026, 1, 5, 14, 30, 0, 123456, tzinfo=UTC)
    assert str(payment.amount) == "731.37"
    assert str(payment.fee) == "2.50"
    assert payment.payment_reference == "ref-1"
    assert payment.payment_message == "Approved"
    assert (payment.method, payment.method_reported) == (PaymentMethod.ACH, "ACH")
    assert payment.approved is True


def test_null_and_empty_where_they_are_allowed():
    nothing = dict.fromkeys(
        ["CustomerName", "ConvenienceFee", "PaymentReference", "PaymentMessage", "PaymentType"]
    )
    payment = mapped("payments", **nothing)
    assert (payment.customer_name, payment.fee) == ("", Decimal("0.00"))
    assert payment.method is PaymentMethod.CREDIT_CARD
    assert mapped("payments", ConvenienceFee="", PaymentType="").fee == 0


def test_a_moment_without_offset_is_the_server_s():
    """The server's zone is assumed to be New York's (decision 0004), in summer and winter."""
    assert mapped("payments", PaymentDate="2026-01-05T09:30:00").paid_at.hour == 14
    assert mapped("payments", PaymentDate="2026-07-05T09:30:00").paid_at.hour == 13


def test_columns_are_read_by_the_names_of_the_settings():
    columns = {**PAYMENTS.columns, "amount": "Total", "paid_at": "Paid"}
    row = {
        **PAYMENT_ROW,
        "Total": "1.0000",
        "Paid": "2026-01-05T00:00:00Z",
        "PaymentAmount": "junk",
    }
    assert str(PAYMENTS.row_of(row, columns, "alpha").amount) == "1.00"
    del row["Total"]
    with pytest.raises(BadInputError, match="Total"):
        PAYMENTS.row_of(row, columns, "alpha")


def test_a_row_is_a_returned_share_of_a_payment():
    assert mapped("rejects") == AchReturn(
        biller="alpha",
        reject_guid=REJECT,
        payment_guid=GUID,
        invoice_number="30254",
        account_number="1204117",
        amount=Decimal("731.37"),
        code="R01",
        reason="Insufficient Funds",
        returned_at=datetime(2026, 1, 8, 10, 0, tzinfo=UTC),
    )


def test_a_payment_of_any_kind_is_read_and_its_kind_kept():
    paypal = mapped("payments", PaymentType=" PayPal ")
    assert (paypal.method, paypal.method_reported) == (PaymentMethod.CREDIT_CARD, "PayPal")
    assert len(mapped("payments", PaymentType="x" * 5000).method_reported) == METHOD_LENGTH_MAX


@pytest.mark.parametrize("amount", [None, "", "0.0000"])
def test_a_notification_of_change_takes_nothing_back(amount):
    told = mapped("rejects", RejectCode="C01", RejectAmount=amount)
    assert (told.code, told.amount) == ("C01", Decimal("0.00"))


def test_a_reason_may_be_missing_and_is_bounded():
    assert mapped("rejects", RejectReason=None).reason == ""
    assert len(mapped("rejects", RejectReason="x" * 5000).reason) == REASON_LENGTH_MAX


def test_a_row_is_a_share_that_was_paid_out():
    assert mapped("settled") == SettledRow(
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


def test_a_return_takes_back_and_a_batch_may_be_below_nothing():
    changes = {"TransactionType": "return", "PaymentAmount": "-731.37", "BatchTotal": "-731.37"}
    row = mapped("settled", **changes)
    assert row.transaction is TransactionType.RETURN
    assert row.amount == row.batch_total == Decimal("-731.37")
    with pytest.raises(BadInputError, match="only a return"):
        mapped("settled", TransactionType="Return")


@pytest.mark.parametrize(
    ("when", "day"),
    [
        (datetime(2026, 1, 6, 4, 59, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 1, 6, 5, 0, tzinfo=UTC), date(2026, 1, 6)),
        (datetime(2026, 7, 6, 3, 59, tzinfo=UTC), date(2026, 7, 5)),
        (datetime(2026, 7, 6, 4, 0, tzinfo=UTC), date(2026, 7, 6)),
    ],
)
def test_the_day_is_the_server_s_in_winter_and_summer(when, day):
    assert settlement_day(when) == day


@pytest.mark.parametrize("kind", EnrollmentKind)
def test_a_row_is_an_account_since_a_moment(kind):
    assert mapped(kind.value) == EnrolledAccount(
        account_number="1204117", since=datetime(2026, 1, 5, 8, 20, 0, 123_000, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [("true", True), ("1", True), ("True", True), ("false", False), (" 0 ", False), ("", None)],
)
def test_truths(text, found):
    assert truth_of(text) is found


COLUMNS_OF_A_ROW = {"payment_guid": "Guid", "paid_at": "Date"}


def test_refused_rows_are_listed_up_to_a_bound_and_counted():
    refused = RefusedRows(what="payment", names=("payment_guid", "paid_at"))
    refused.raise_if_any()
    for row in range(1, LISTED_ROWS_MAX + 4):
        error = BadInputError(field="Approved", value=f"v{row}", rule="a rule", remedy="")
        refused.add({"Guid": str(row), "Date": "noon"}, COLUMNS_OF_A_ROW, error)
    with pytest.raises(BadInputError) as caught:
        refused.raise_if_any()
    assert caught.value.field.startswith("payment 1 of noon: Approved, payment 2 of noon: App")
    assert caught.value.field.endswith("payment 10 of noon: Approved, and 3 rows more")
    assert caught.value.rule == "a rule"
    assert "v10" in caught.value.value
    assert "v11" not in caught.value.value


def test_rows_of_another_report_are_listed_in_its_words():
    refused = RefusedRows(what="account", names=("account_number",))
    error = BadInputError(field="EnrollmentDate", value="soon", rule="a rule", remedy="")
    refused.add({"AccountNumber": "900100"}, {"account_number": "AccountNumber"}, error)
    with pytest.raises(BadInputError, match=r"account 900100: EnrollmentDate.*these accounts"):
        refused.raise_if_any()
