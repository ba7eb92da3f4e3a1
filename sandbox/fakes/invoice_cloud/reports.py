"""The payment report (C2): every payment of a window, approved or declined, as a DataSet."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from contracts.loader import toml
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook, PaidInvoice, Payment
from sandbox.fakes.invoice_cloud.dataset import Column, DataSet, Row
from sandbox.fakes.invoice_cloud.uploads import SERVER_ZONE
from sandbox.world.billers import Biller
from sandbox.world.world import World

PAYMENT_REPORT = "PaymentReportingDataSetFromGMT"


def payment_report(world: World, biller: Biller, start: datetime, end: datetime) -> DataSet:
    """Return what a biller was paid from `start` (included) to `end` (UTC), by payment time."""
    payments = world.book(InvoiceCloudBook).payments_between(biller.slug, start, end)
    return DataSet(
        columns=columns_of(PAYMENT_REPORT),
        rows=tuple(_row(payment, share) for payment in payments for share in payment.made.shares),
    )


@cache
def columns_of(operation: str) -> tuple[Column, ...]:
    """Return an operation's columns in the contract's order."""
    return tuple(
        Column(name=row["name"], type=row["type"], data_type=row.get("data_type"))
        for row in toml("invoice_cloud/clauses.toml")["column"]
        if row["operation"] == operation
    )


def _row(payment: Payment, share: PaidInvoice) -> Row:
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
