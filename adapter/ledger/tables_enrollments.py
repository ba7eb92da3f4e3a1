"""The tables of enrolments: changes on their way to IMT, their events, and the kept snapshots."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
)

from adapter.domain.enrollment import EnrollmentKind, EnrollmentSource, EnrollmentState
from adapter.ledger.columns import Member, Moment
from adapter.ledger.schema import ROW_ID, metadata

# One change of one setting of one account. `next_at` is when somebody has to look at the row, as
# in `deliveries`; what is settled, or waits for a person, has none.
enrollments = Table(
    "enrollments",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("biller", String(63), nullable=False),
    Column("event_guid", String(36), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("kind", Member(EnrollmentKind), nullable=False),
    Column("enrolled", Boolean, nullable=False),
    # Invoice Cloud's time: the newest one counts.
    Column("changed_at", Moment, nullable=False),
    # EnrollmentChange.fingerprint(): the same event with another one is a conflict.
    Column("fingerprint", String(64), nullable=False),
    Column("source", Member(EnrollmentSource), nullable=False),
    Column("state", Member(EnrollmentState), nullable=False),
    # Tries begun, the present one included.
    Column("attempts", Integer, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("next_at", Moment),
    Column("sent_at", Moment),
    # Until when a request may still reach IMT: no other change of the setting is sent before.
    Column("settles_at", Moment),
    Column("lease_owner", String(36)),
    Column("lease_until", Moment),
    # Grows with every claim: who holds an older one may record nothing.
    Column("fence", Integer, nullable=False),
    Column("delivered_at", Moment),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("biller", "event_guid", name="enrollments_once"),
)
_waits = enrollments.c.next_at.is_not(None)
_is_leased = enrollments.c.lease_owner.is_not(None)
Index(
    "enrollments_due",
    enrollments.c.biller,
    enrollments.c.next_at,
    enrollments.c.id,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
# Changes of one setting go one at a time, whatever the workers do.
Index(
    "enrollments_one_at_a_time",
    enrollments.c.biller,
    enrollments.c.kind,
    enrollments.c.account_number,
    unique=True,
    sqlite_where=_is_leased,
    postgresql_where=_is_leased,
)
Index(
    "enrollments_of_setting",
    enrollments.c.biller,
    enrollments.c.kind,
    enrollments.c.account_number,
    enrollments.c.changed_at,
)
# Counted by monitoring, as deliveries are.
IS_UNDELIVERED = and_(
    *(
        enrollments.c.state != literal_column(f"'{state.value}'")
        for state in (EnrollmentState.DELIVERED, EnrollmentState.SUPERSEDED)
    )
)
Index(
    "enrollments_open",
    enrollments.c.biller,
    enrollments.c.state,
    sqlite_where=IS_UNDELIVERED,
    postgresql_where=IS_UNDELIVERED,
)
Index("enrollments_in_state", enrollments.c.state, enrollments.c.id)

# Append-only: what happened to a change, written with the state it tells of.
enrollment_events = Table(
    "enrollment_events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("enrollment_id", ForeignKey("enrollments.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("from_state", Member(EnrollmentState)),
    Column("to_state", Member(EnrollmentState), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Index("enrollment_events_of_enrollment", "enrollment_id", "id"),
)

# Who stood in the last whole customer report.
enrolled_accounts = Table(
    "enrolled_accounts",
    metadata,
    Column("biller", String(63), primary_key=True),
    Column("kind", Member(EnrollmentKind), primary_key=True),
    Column("account_number", String(40), primary_key=True),
    Column("since", Moment, nullable=False),
)
