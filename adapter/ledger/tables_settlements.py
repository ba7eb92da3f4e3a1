"""The table of settlements: what settled batches paid out, row by row."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table, UniqueConstraint

from adapter.domain.settlement import TransactionType
from adapter.ledger.columns import Cents, Member, Moment
from adapter.ledger.schema import ROW_ID, deliveries, metadata

# One invoice's share of a payment, or of its return, in one batch; kept as it was read first.
settlements = Table(
    "settlements",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("batch_id", String(100), nullable=False),
    Column("settled_on", Date, nullable=False),
    # `transaction` is a word of SQL.
    Column("transaction_type", Member(TransactionType), nullable=False),
    Column("payment_guid", String(36), nullable=False),
    Column("invoice_number", String(40), nullable=False),
    Column("amount", Cents, nullable=False),
    Column("batch_total", Cents, nullable=False),
    Column("batch_count", Integer, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("matched_at", Moment),
    UniqueConstraint(
        "biller",
        "batch_id",
        "transaction_type",
        "payment_guid",
        "invoice_number",
        name="settlements_once",
    ),
)
_unmatched = settlements.c.matched_at.is_(None)
Index(
    "settlements_unmatched",
    settlements.c.biller,
    settlements.c.id,
    sqlite_where=_unmatched,
    postgresql_where=_unmatched,
)
# Whole, so that it is also the quickest for the other batches of a payment.
Index(
    "settlements_of_payment",
    settlements.c.biller,
    settlements.c.payment_guid,
    settlements.c.invoice_number,
    settlements.c.transaction_type,
    settlements.c.batch_id,
)
# Payments are looked at by the time of payment, to find those that no batch has paid out.
Index("deliveries_paid", deliveries.c.biller, deliveries.c.paid_at)
