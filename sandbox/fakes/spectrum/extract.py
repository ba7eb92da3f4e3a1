"""Spectrum's read-only extract (decision 0001): rows of what changed since a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.fakes.spectrum.book import Invoice, Receipt, SpectrumBook, money_text, utc_text
from sandbox.world.billers import Biller
from sandbox.world.world import World

Row = dict[str, Any]
POLICY_COLUMNS = (
    "invoice_number",
    "policy_number",
    "organization_name",
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "state",
    "zip_code",
    "email_address",
)
INVOICE_COLUMNS = (*POLICY_COLUMNS, "invoice_date", "due_date", "balance_due", "autopay_date")
RECEIPT_COLUMNS = (
    "receipt_id",
    "invoice_number",
    "policy_number",
    "reference_number",
    "amount",
    "fee",
    "online_vendor",
    "date_paid",
    "applied_at",
    "reversal_id",
    "reversed_at",
)


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Rows as they stand at `as_of` (UTC), in the order of their numbers."""

    as_of: datetime
    rows: list[Row]

    def document(self, name: str) -> Row:
        """Return the HTTP answer; the cursor for the next request is `as_of` itself."""
        moment = utc_text(self.as_of)
        return {"as_of": moment, "cursor": moment, name: self.rows}


def told_as_of(world: World, stem: str) -> datetime:
    """Return the moment (UTC) as of which rows are told: now, but for a feed that lags."""
    lag = world.behaviours.spectrum_receipts_feed_lag_minutes if stem == "receipts" else 0
    return world.clock.now() - timedelta(minutes=lag)


def extract_invoices(world: World, biller: Biller, since: datetime | None) -> Extract:
    """Return the biller's invoices that changed at or after `since`, or all of them."""
    book = world.book(SpectrumBook)
    with book.locked():
        rows = [
            _invoice_row(invoice)
            for invoice in book.invoices_of(biller)
            if since is None or invoice.changed_at >= since
        ]
        return Extract(as_of=told_as_of(world, "invoices"), rows=rows)


def extract_receipts(world: World, biller: Biller, since: datetime | None) -> Extract:
    """Return the biller's receipts applied or reversed at or after `since`, whoever's they are.

    Where the world lets this feed lag, they are told as they stood then.
    """
    book = world.book(SpectrumBook)
    with book.locked():
        as_of = told_as_of(world, "receipts")
        stood = (receipt.as_of(as_of) for receipt in book.receipts_of(biller))
        rows = [
            _receipt_row(receipt)
            for receipt in stood
            if receipt is not None and (since is None or receipt.changed_at >= since)
        ]
        return Extract(as_of=as_of, rows=rows)


def _invoice_row(invoice: Invoice) -> Row:
    policy = invoice.policy
    return {
        **{name: getattr(policy, name) for name in POLICY_COLUMNS},
        "invoice_date": policy.invoice_date.isoformat(),
        "due_date": policy.due_date.isoformat(),
        "balance_due": money_text(invoice.balance),
        "autopay_date": policy.autopay_date and policy.autopay_date.isoformat(),
    }


def _receipt_row(receipt: Receipt) -> Row:
    applied = receipt.applied
    return {
        "receipt_id": applied.receipt_id,
        "invoice_number": applied.invoice_number,
        "policy_number": applied.policy_number,
        "reference_number": applied.reference_number,
        "amount": money_text(applied.amount),
        "fee": money_text(applied.fee),
        "online_vendor": applied.online_vendor,
        "date_paid": applied.date_paid,
        "applied_at": utc_text(receipt.applied_at),
        "reversal_id": receipt.reversal_id or None,
        "reversed_at": receipt.reversed_at and utc_text(receipt.reversed_at),
    }
