"""The tables of the ledger; times, money and billers are kept as `columns.py` says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    or_,
)

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.exceptions import OWNER_LENGTH_MAX, ExceptionKind
from adapter.domain.payment import METHOD_LENGTH_MAX, PaymentMethod
from adapter.domain.settlement import TransactionType
from adapter.domain.upload import UploadState
from adapter.domain.work_item import FINAL_STATES, Answer, Cause, Evidence, Source, State
from adapter.ledger.columns import Biller, Cents, Member, Moment

APPLICATION = "imt-spectrum-adapter ledger"

metadata = MetaData()
# SQLite numbers rows by itself only in a column that is declared INTEGER, which has 64 bits there.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def _index_where(
    condition: ColumnElement[bool], name: str, *columns: Column[Any], unique: bool = False
) -> Index:
    """Return an index of the rows that fulfil a condition, and of no other."""
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


# Whose database this is, in which version, and since when (`begun`): looked at before all else.
meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(100), nullable=False),
)
# Alembic's own table, so that a new ledger can be given its version without alembic.
alembic_version = Table(
    "alembic_version", metadata, Column("version_num", String(32), primary_key=True)
)
# When each worker last wrote that it lives, and for the how-manieth time; `ended` once it stopped.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("worker", String(36), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("beats", Integer, nullable=False),
    Column("ended", Boolean, nullable=False),
)
# The times that this ledger cannot speak for (decision 0034); only ever added to.
gaps = Table(
    "gaps",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("began_at", Moment),
    Column("ended_at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Index("gaps_by_end", "ended_at"),
)

# Whatever has to reach a partner once; what it carries stands in the table of its kind. `next_at`
# is when it has to be looked at: while it is leased, that is the lease's end; an item that waits
# for nobody, or for a person, has none. `WorkItem` says what the columns mean.
work_items = Table(
    "work_items",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("biller", Biller, nullable=False),
    Column("reference", String(100), nullable=False),
    Column("lane", String(100), nullable=False),
    Column("rank", String(100)),
    # The payload's fingerprint(): the same reference with another one is a conflict.
    Column("fingerprint", String(64), nullable=False),
    Column("source", Member(Source), nullable=False),
    Column("correlation_id", String(64), nullable=False),
    Column("state", Member(State), nullable=False),
    # Why it needs a person, while it does.
    Column("review", Member(ExceptionKind)),
    Column("may_have_left", Boolean, nullable=False),
    # What came of the last request that may have left, and how often in a row.
    Column("last_answer", Member(Answer)),
    Column("like_answers", Integer, nullable=False, default=0),
    # A person looked and lets it be sent; until it is.
    Column("released", Boolean, nullable=False, default=False),
    # When evidence was first looked for, and a settled feed first lacked it, since the last send.
    Column("looked_since", Moment),
    Column("feed_lacked_since", Moment),
    # Tries used up, the present one included.
    Column("attempts", Integer, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("next_at", Moment),
    # It was due, and another item held its lane: it is woken when the lane is free.
    Column("waits_in_lane", Boolean, nullable=False, default=False),
    # When a request last was about to leave, or its outcome became doubtful.
    Column("sent_at", Moment),
    Column("settles_at", Moment),
    Column("done_at", Moment),
    # When the partner's own report agreed with it.
    Column("confirmed_at", Moment),
    Column("lease_owner", String(36)),
    Column("lease_until", Moment),
    # Grows with every claim: a holder of an older one may record nothing.
    Column("fence", Integer, nullable=False),
    Column("receipt_id", String(100)),
    Column("evidence", Member(Evidence)),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("kind", "biller", "reference", name="work_items_once"),
)
_waits = work_items.c.next_at.is_not(None)
HOLDS_LANE = or_(work_items.c.may_have_left, work_items.c.lease_owner.is_not(None))
# The claim reads the due items of a kind in order; finished ones, however many, are not in it.
_index_where(
    _waits,
    "work_items_due",
    work_items.c.kind,
    work_items.c.biller,
    work_items.c.next_at,
    work_items.c.id,
)
# Two items of one lane are never on their way at once, whatever the workers do.
_index_where(
    HOLDS_LANE, "work_items_one_in_a_lane", work_items.c.biller, work_items.c.lane, unique=True
)
Index("work_items_of_lane", work_items.c.biller, work_items.c.lane, work_items.c.rank)
# Counted by monitoring. The words stand in the statement as they do here: only then does every
# database know that the index will do, however many finished items there are.
IS_UNFINISHED = and_(
    *(
        work_items.c.state != literal_column(f"'{state.value}'")
        for state in State
        if state in FINAL_STATES
    )
)
_index_where(
    IS_UNFINISHED,
    "work_items_unfinished",
    work_items.c.kind,
    work_items.c.biller,
    work_items.c.state,
    work_items.c.accepted_at,
)
Index("work_items_in_state", work_items.c.kind, work_items.c.state, work_items.c.id)

# What happened to an item, written with the state that it led to; only ever added to, but for
# decision 0028's forgetting.
work_events = Table(
    "work_events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("item_id", ForeignKey("work_items.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("from_state", Member(State)),
    Column("to_state", Member(State), nullable=False),
    Column("review", Member(ExceptionKind)),
    Column("cause", Member(Cause), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Index("work_events_of_item", "item_id", "id"),
)

# Every balance that was read for an item; its posts are judged by the last that `is_before` them.
balance_readings = Table(
    "balance_readings",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("item_id", ForeignKey("work_items.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("balance", Cents, nullable=False),
    Column("is_before", Boolean, nullable=False),
    Index("balance_readings_of_item", "item_id", "id"),
)


def payload_table(name: str, *columns: Column[Any] | CheckConstraint | Index) -> Table:
    """Return the table of what one kind of item carries: a row an item."""
    return Table(
        name, metadata, Column("item_id", ForeignKey("work_items.id"), primary_key=True), *columns
    )


# One payment on one invoice.
payments = payload_table(
    "payments",
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
    # The payment's kind as Invoice Cloud told it, of which `method` is what Spectrum is told.
    Column("method_reported", String(METHOD_LENGTH_MAX), nullable=False),
    Column("approved", Boolean, nullable=False),
    CheckConstraint("amount > 0", name="payments_amount_positive"),
    Index("payments_of_guid", "payment_guid"),
    Index("payments_of_invoice", "invoice_number"),
    Index("payments_by_time", "paid_at"),
)

# One change of one setting of one account; `changed_at` is Invoice Cloud's time.
enrollment_changes = payload_table(
    "enrollment_changes",
    Column("event_guid", String(36), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("setting", Member(EnrollmentKind), nullable=False),
    Column("enrolled", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

# One invoice's share of a reject.
ach_returns = payload_table(
    "ach_returns",
    Column("reject_guid", String(36), nullable=False),
    Column("payment_guid", String(36), nullable=False),
    Column("invoice_number", String(40), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("amount", Cents, nullable=False),
    Column("code", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("returned_at", Moment, nullable=False),
    Index("ach_returns_of_payment", "payment_guid"),
    Index("ach_returns_of_invoice", "invoice_number"),
)

# Who stood in the last whole customer report.
enrolled_accounts = Table(
    "enrolled_accounts",
    metadata,
    Column("biller", Biller, primary_key=True),
    Column("kind", Member(EnrollmentKind), primary_key=True),
    Column("account_number", String(40), primary_key=True),
    Column("since", Moment, nullable=False),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", Biller, nullable=False),
    Column("kind", Member(ExceptionKind), nullable=False),
    Column("payment_guid", String(36)),
    Column("invoice_number", String(40)),
    # What it is about: a work item's reference, a batch, a report.
    Column("reference", String(100)),
    Column("detail", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("resolution", Text, nullable=False),
    # Who has taken it on, and since when.
    Column("owner", String(OWNER_LENGTH_MAX)),
    Column("assigned_at", Moment),
)
_is_open = exceptions.c.resolved_at.is_(None)
_index_where(_is_open, "exceptions_open", exceptions.c.biller, exceptions.c.kind)
Index(
    "exceptions_of_invoice",
    exceptions.c.biller,
    exceptions.c.invoice_number,
    exceptions.c.resolved_at,
)
Index("exceptions_of_reference", exceptions.c.biller, exceptions.c.reference)

# How many requests of a kind were begun for a biller within a minute, where that is limited.
request_rates = Table(
    "request_rates",
    metadata,
    Column("kind", String(24), primary_key=True),
    Column("biller", Biller, primary_key=True),
    Column("minute", Moment, nullable=False),
    Column("requests", Integer, nullable=False),
)

# Up to where a job has come: a GMT moment as ISO text, or the partner's own cursor.
watermarks = Table(
    "watermarks",
    metadata,
    Column("biller", Biller, primary_key=True),
    Column("job", String(40), primary_key=True),
    Column("mark", Text, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

# An invoice file. Bytes, fingerprints and rows are kept until the answer is known, then dropped.
uploads = Table(
    "uploads",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", Biller, nullable=False),
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
    Column("rows", Text),
    UniqueConstraint("biller", "reference", name="uploads_once"),
    Index("uploads_in_state", "biller", "state"),
)

# What each invoice was billed as last, in a file that Invoice Cloud accepted; `row` is the
# extract's, and its due date stands beside it for questions.
billed_invoices = Table(
    "billed_invoices",
    metadata,
    Column("biller", Biller, primary_key=True),
    Column("invoice_number", String(40), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("row", Text),
    Column("due_date", Date),
    Column("upload_id", ForeignKey("uploads.id"), nullable=False),
)
# The money under way that an accepted file billed less, where it did (decision 0036).
allowances = Table(
    "allowances",
    metadata,
    Column("upload_id", ForeignKey("uploads.id"), primary_key=True),
    Column("invoice_number", String(40), primary_key=True),
    Column("amount", Cents, nullable=False),
)
# Invoices of the extract that wait for their money before they are billed.
held_invoices = Table(
    "held_invoices",
    metadata,
    Column("biller", Biller, primary_key=True),
    Column("invoice_number", String(40), primary_key=True),
    Column("row", Text, nullable=False),
    Column("held_at", Moment, nullable=False),
)

# One invoice's share of a payment, or of its return, in one batch; kept as it was read first.
settlements = Table(
    "settlements",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", Biller, nullable=False),
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
        *("biller", "batch_id", "transaction_type", "payment_guid", "invoice_number"),
        name="settlements_once",
    ),
)
_unmatched = settlements.c.matched_at.is_(None)
_index_where(_unmatched, "settlements_unmatched", settlements.c.biller, settlements.c.id)
# Whole, so that it is also the quickest for the other batches of a payment.
Index(
    "settlements_of_payment",
    settlements.c.biller,
    settlements.c.payment_guid,
    settlements.c.invoice_number,
    settlements.c.transaction_type,
    settlements.c.batch_id,
)
