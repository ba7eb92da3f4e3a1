"""The table of reversals: returned payments on their way to Spectrum."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from adapter.domain.ach_return import UNDER_WAY_STATES, ReversalState
from adapter.ledger.columns import Cents, Member, Moment
from adapter.ledger.schema import ROW_ID, metadata

# One invoice's share of a reject. `next_at` is when somebody has to look at the row, as in
# `deliveries`; what is reversed, or waits for a person, has none.
reversals = Table(
    "reversals",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("reject_guid", String(36), nullable=False),
    Column("payment_guid", String(36), nullable=False),
    Column("invoice_number", String(40), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("amount", Cents, nullable=False),
    Column("code", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("returned_at", Moment, nullable=False),
    # AchReturn.fingerprint(): the same reject with another one is a mismatch.
    Column("fingerprint", String(64), nullable=False),
    Column("state", Member(ReversalState), nullable=False),
    # Tries begun, the present one included.
    Column("attempts", Integer, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("next_at", Moment),
    Column("sent_at", Moment),
    # Since when a file lies in Spectrum's inbox, until it is known what came of it.
    Column("handed_over_at", Moment),
    Column("lease_owner", String(36)),
    Column("lease_until", Moment),
    # Grows with every claim: who holds an older one may record nothing.
    Column("fence", Integer, nullable=False),
    Column("receipt_id", String(100)),
    Column("reversed_at", Moment),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("biller", "reject_guid", "invoice_number", name="reversals_once"),
)
_waits = reversals.c.next_at.is_not(None)
_is_under_way = reversals.c.state.in_(sorted(UNDER_WAY_STATES, key=lambda state: state.value))
Index(
    "reversals_due",
    reversals.c.biller,
    reversals.c.next_at,
    reversals.c.id,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
# Two reversals on one invoice go one after the other.
Index(
    "reversals_one_at_a_time",
    reversals.c.biller,
    reversals.c.invoice_number,
    unique=True,
    sqlite_where=_is_under_way,
    postgresql_where=_is_under_way,
)
# Counted by monitoring, as deliveries are.
IS_UNREVERSED = reversals.c.state != literal_column(f"'{ReversalState.REVERSED.value}'")
Index(
    "reversals_open",
    reversals.c.biller,
    reversals.c.state,
    sqlite_where=IS_UNREVERSED,
    postgresql_where=IS_UNREVERSED,
)
Index("reversals_of_invoice", reversals.c.biller, reversals.c.invoice_number)
Index("reversals_of_payment", reversals.c.biller, reversals.c.payment_guid)
