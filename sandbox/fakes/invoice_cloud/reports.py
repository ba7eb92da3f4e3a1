"""The reports as DataSets: payments (C2), rejects (C3), settled batches (C4), customers (C5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from contracts.loader import toml
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook, PaidInvoice, Payment
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enrolled
from sandbox.fakes.invoice_cloud.dataset import Column, DataSet, Row
from sandbox.fakes.invoice_cloud.processor.book import (
    AchReject,
    BatchEntry,
    BatchSettled,
    ProcessorBook,
)
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import Biller
from sandbox.world.world import World

PAYMENT_REPORT = "PaymentReportingDataSetFromGMT"
REJECT_REPORT = "ACHRejectReportingDataSetFromGMT"
SETTLEMENT_REPORT = "BillerSettledBatchDetailDataSet"
AUTOPAY_REPORT = "BillerAutoPayCustomerReportDataSet"
PAPERLESS_REPORT = "BillerPaperlessCustomerReportDataSet"


def payment_report(world: World, biller: Biller, start: datetime, end: datetime) -> DataSet:
    """Return what a biller was paid from `start` (included) to `end`, by payment time."""
    book = world.book(InvoiceCloudBook)
    payments = book.payments_between(biller.slug, _gmt(start), _gmt(end))
    return DataSet(
        columns=columns_of(PAYMENT_REPORT),
        rows=tuple(
            _payment(payment, share) for payment in payments for share in payment.made.shares
        ),
    )


def reject_report(world: World, biller: Biller, start: datetime, end: datetime) -> DataSet:
    """Return a biller's returned payments from `start` (included) to `end`, by reject time."""
    book = world.book(ProcessorBook)
    rejects = book.rejects_between(biller.slug, _gmt(start), _gmt(end))
    return DataSet(
        columns=columns_of(REJECT_REPORT),
        rows=tuple(
            _reject(reject, share) for reject in rejects for share in reject.payment.made.shares
        ),
    )


def settlement_report(world: World, biller: Biller, moment: datetime) -> DataSet:
    """Return every row of the batches that a biller was paid on one of the server's days."""
    batches = world.book(ProcessorBook).batches_of(biller.slug, servers_day(moment))
    return DataSet(
        columns=columns_of(SETTLEMENT_REPORT),
        rows=tuple(_settled(batch, entry) for batch in batches for entry in batch.entries),
    )


def autopay_report(world: World, biller: Biller) -> DataSet:
    """Return the accounts that are on AutoPay now."""
    return _customers(world, biller, AUTOPAY_REPORT, EnrollmentKind.AUTOPAY)


def paperless_report(world: World, biller: Biller) -> DataSet:
    """Return the accounts that get no paper now."""
    return _customers(world, biller, PAPERLESS_REPORT, EnrollmentKind.PAPERLESS)


@cache
def columns_of(operation: str) -> tuple[Column, ...]:
    """Return an operation's columns in the contract's order."""
    return tuple(
        Column(name=row["name"], type=row["type"], data_type=row.get("data_type"))
        for row in toml("invoice_cloud/clauses.toml")["column"]
        if row["operation"] == operation
    )


def servers_day(moment: datetime) -> date:
    """Return the day of a moment as .NET reads it: only an offset other than GMT's is moved."""
    if moment.utcoffset() in {None, timedelta(0)}:
        return moment.date()
    return moment.astimezone(SERVER_ZONE).date()


def _gmt(moment: datetime) -> datetime:
    """Read a moment without a zone as GMT, as the operations' names say."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _payment(payment: Payment, share: PaidInvoice) -> Row:
    made = payment.made
    return {
        "PaymentGUID": made.payment_guid,
        "InvoiceNumber": share.invoice_number,
        "AccountNumber": share.account_number,
        "CustomerName": share.customer_name,
        "PaymentDate": payment.made_at.astimezone(SERVER_ZONE),
        "PaymentAmount": share.amount,
        "ConvenienceFee": share.fee,
        "PaymentReference": made.reference,
        "PaymentMessage": made.message,
        "PaymentType": made.method,
        "CardType": made.card_type,
        "Approved": made.approved,
    }


def _reject(reject: AchReject, share: PaidInvoice) -> Row:
    return {
        "RejectGUID": reject.event.reject_guid,
        "PaymentGUID": reject.event.payment_guid,
        "InvoiceNumber": share.invoice_number,
        "AccountNumber": share.account_number,
        "CustomerName": share.customer_name,
        "PaymentDate": reject.payment.made_at.astimezone(SERVER_ZONE),
        "RejectDate": reject.rejected_at.astimezone(SERVER_ZONE),
        "RejectAmount": share.amount,
        "RejectCode": reject.event.code,
        "RejectReason": reject.event.reason,
        "PaymentReference": reject.payment.made.reference,
    }


def _settled(batch: BatchSettled, entry: BatchEntry) -> Row:
    return {
        "BatchID": batch.batch_id,
        "SettlementDate": datetime.combine(batch.settled_on, time(), SERVER_ZONE),
        "BatchType": batch.batch_type.value,
        "TransactionType": entry.transaction.value,
        "PaymentGUID": entry.payment_guid,
        "InvoiceNumber": entry.invoice_number,
        "AccountNumber": entry.account_number,
        "PaymentDate": entry.paid_at.astimezone(SERVER_ZONE),
        "PaymentAmount": entry.amount,
        "ConvenienceFee": entry.fee,
        "PaymentReference": entry.reference,
        "BatchTotal": batch.total,
        "BatchCount": len(batch.entries),
        "DepositReference": batch.deposit_reference,
    }


def _customers(world: World, biller: Biller, operation: str, kind: EnrollmentKind) -> DataSet:
    """Return a snapshot of who is enrolled; the columns say how much is told of each."""
    columns = columns_of(operation)
    rows = []
    for customer in enrolled(world, biller.slug, kind):
        told: Row = {
            "AccountNumber": customer.account_number,
            "CustomerName": customer.customer_name,
            "EmailAddress": customer.email_address,
            "PaymentType": customer.payment_type,
            "EnrollmentDate": customer.since.astimezone(SERVER_ZONE),
        }
        rows.append({column.name: told[column.name] for column in columns})
    return DataSet(columns=columns, rows=tuple(rows))
