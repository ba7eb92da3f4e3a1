"""The tables of the ledger; times and money are kept as `columns.py` says."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    or_,
)

from adapter.domain.delivery import HOLDING_STATES, Cause, DeliveryState, Evidence, Source
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import PaymentMethod
from adapter.domain.upload import UploadState
from adapter.ledger.columns import Cents, Member, Moment

APPLICATION = "imt-spectrum-adapter ledger"

metadata = MetaData()
# SQLite numbers rows by itself only in a column that is declared INTEGER, which has 64 bits there.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")

# Whose database this is, and in which version: looked at before anything else is.
meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(100), nullable=False),
)
# Alembic's own table, so that a new ledger can be told its version without alembic.
alembic_version = Table(
    "alembic_version", metadata, Column("version_num", String(32), primary_key=True)
)

# One payment on one invoice. `next_at` is when somebody has to look at the row: while it is
# leased, that is the lease's end; a row that waits for nobody, or for a person, has none.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("payment_guid", String(36), nullable=False),
    Column("invoice_number", String(40), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("paid_at", Moment, nullable=False),
    Column("amount", Cents, nullable=False),
    Column("fee", Cents, nullable=False),
    Column("payment_reference", Text, nullable=False),
    Column("payment_message", Text, nullable=False),
    Column("method", Member(PaymentMethod), nullable=False),
    Column("approved", Boolean, nullable=False),
    # Payment.fingerprint(): the same key with another one is a conflict.
    Column("fingerprint", String(64), nullable=False),
    Column("source", Member(Source), nullable=False),
    # Under which id the log tells of it; empty where nobody gave one.
    Column("correlation_id", String(64), nullable=False, server_default=""),
    Column("state", Member(DeliveryState), nullable=False),
    # Tries used up, the present one included.
    Column("attempts", Integer, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("next_at", Moment),
    # When the last post was about to leave, and what the balance was just before.
    Column("sent_at", Moment),
    Column("balance_before", Cents),
    Column("lease_owner", String(36)),
    Column("lease_until", Moment),
    # Grows with every claim: who holds an older one may record nothing.
    Column("fence", Integer, nullable=False),
    Column("receipt_id", String(100)),
    Column("evidence", Member(Evidence)),
    Column("confirmed_at", Moment),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("biller", "payment_guid", "invoice_number", name="deliveries_once"),
    CheckConstraint("amount > 0", name="deliveries_amount_positive"),
)
_waits = deliveries.c.next_at.is_not(None)
_unconfirmed = deliveries.c.confirmed_at.is_(None)
_holds_its_invoice = or_(
    deliveries.c.state.in_(sorted(HOLDING_STATES, key=lambda state: state.value)),
    deliveries.c.lease_owner.is_not(None),
)
# The claim reads the due rows of a biller in order; settled rows, however many, are not in it.
Index(
    "deliveries_due",
    deliveries.c.biller,
    deliveries.c.next_at,
    deliveries.c.id,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
# Posts on one invoice go one at a time, whatever the workers do.
Index(
    "deliveries_one_at_a_time",
    deliveries.c.biller,
    deliveries.c.invoice_number,
    unique=True,
    sqlite_where=_holds_its_invoice,
    postgresql_where=_holds_its_invoice,
)
# Counted by monitoring. The words stand in the statement as they do here: only then does every
# database know that the index will do, however many finished rows there are.
IS_UNFINISHED = deliveries.c.state != literal_column(f"'{DeliveryState.APPLIED.value}'")
Index(
    "deliveries_unfinished",
    deliveries.c.biller,
    deliveries.c.state,
    deliveries.c.accepted_at,
    sqlite_where=IS_UNFINISHED,
    postgresql_where=IS_UNFINISHED,
)
Index("deliveries_of_invoice", deliveries.c.biller, deliveries.c.invoice_number)
Index("deliveries_in_state", deliveries.c.state, deliveries.c.id)
Index(
    "deliveries_unconfirmed",
    deliveries.c.biller,
    deliveries.c.paid_at,
    sqlite_where=_unconfirmed,
    postgresql_where=_unconfirmed,
)

# Append-only: what happened to a delivery, written with the state it tells of.
delivery_events = Table(
    "delivery_events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("from_state", Member(DeliveryState)),
    Column("to_state", Member(DeliveryState), nullable=False),
    Column("cause", Member(Cause), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Index("delivery_events_of_delivery", "delivery_id", "id"),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("kind", Member(ExceptionKind), nullable=False),
    Column("payment_guid", String(36)),
    Column("invoice_number", String(40)),
    # What else it is about, such as an enrolment's event.
    Column("reference", String(100)),
    Column("detail", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("resolution", Text, nullable=False),
)
_is_open = exceptions.c.resolved_at.is_(None)
Index(
    "exceptions_open",
    exceptions.c.biller,
    exceptions.c.kind,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
Index(
    "exceptions_of_invoice",
    exceptions.c.biller,
    exceptions.c.invoice_number,
    exceptions.c.resolved_at,
)

# Up to where a job has come: a GMT moment as ISO text, or the partner's own cursor.
watermarks = Table(
    "watermarks",
    metadata,
    Column("biller", String(63), primary_key=True),
    Column("job", String(40), primary_key=True),
    Column("mark", Text, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

# An invoice file. Its bytes and fingerprints are kept until the answer is known, then dropped.
uploads = Table(
    "uploads",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("reference", String(50), nullable=False),
    Column("state", Member(UploadState), nullable=False),
    Column("invoice_count", Integer, nullable=False),
    Column("total", Cents, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("tries", Integer, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_guid", String(100), nullable=False),
    Column("message", Text, nullable=False),
    Column("content", LargeBinary),
    Column("fingerprints", Text),
    UniqueConstraint("biller", "reference", name="uploads_once"),
    Index("uploads_in_state", "biller", "state"),
)

# What Invoice Cloud was told of each invoice last, in a file that it accepted.
billed_invoices = Table(
    "billed_invoices",
    metadata,
    Column("biller", String(63), primary_key=True),
    Column("invoice_number", String(40), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("upload_id", ForeignKey("uploads.id"), nullable=False),
)
