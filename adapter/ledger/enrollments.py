"""Enrolment changes: taking one over, sending a failed one again, and every way of looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select

from adapter.domain.enrollment import (
    REDRIVABLE_STATES,
    Enrollment,
    EnrollmentChange,
    EnrollmentEvent,
    EnrollmentKind,
    EnrollmentSource,
    EnrollmentState,
    Known,
)
from adapter.errors import BadInputError, ContentConflictError, NotFoundError
from adapter.ledger.enrollment_rows import (
    CHANGE_FIELDS,
    add_event,
    change_of,
    enrollment_of,
    find_enrollment,
    find_row,
    move,
    newest_of,
    of_setting,
    present,
    settle,
    supersede,
)
from adapter.ledger.store import ConcurrentWriteError, Due, Store
from adapter.ledger.tables_enrollments import enrollment_events, enrollments

_TOLD_BY = {
    EnrollmentSource.DATA_PUMP: "taken over from the data pump",
    EnrollmentSource.CUSTOMER_REPORT: "found in Invoice Cloud's customer report: taken over",
}
# Open, and on nobody's way.
_AT_REST = (EnrollmentState.WAITING, EnrollmentState.FAILED, EnrollmentState.REFUSED)


@dataclass(frozen=True, kw_only=True)
class AcceptedEnrollment:
    """A change that is on disk; `repeated` when it had been before."""

    enrollment: Enrollment
    repeated: bool


class EnrollmentBook:
    """Every enrolment change; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(
        self, change: EnrollmentChange, *, source: EnrollmentSource, now: datetime
    ) -> AcceptedEnrollment:
        """Take a change over in one committed transaction.

        The same event again answers the same; other content under its GUID raises
        ContentConflictError. What it makes old is superseded, and so is what comes too late.
        """
        try:
            return self._accept(change, source, now)
        except ConcurrentWriteError:
            return self._accept(change, source, now)  # somebody else took it over just now

    def _accept(
        self, change: EnrollmentChange, source: EnrollmentSource, now: datetime
    ) -> AcceptedEnrollment:
        with self._store.writing(change.biller) as connection:
            accepted = accept_change(connection, change, source, now)
            if not accepted.repeated:
                self._store.announce(connection, Due.ENROLLMENT, change.biller)
            return accepted

    def redrive(self, enrollment_id: int, *, now: datetime) -> Enrollment:
        """Let a failed or refused change be sent again, with all its tries before it.

        Raises NotFoundError, and BadInputError for one in another state.
        """
        with self._store.reading() as connection:
            row = find_row(connection, enrollments.c.id == enrollment_id)
        if row is None:
            raise NotFoundError(f"there is no enrolment {enrollment_id}")
        with self._store.writing(row["biller"]) as connection:
            enrollment = present(connection, enrollment_of(row))
            if enrollment.state not in REDRIVABLE_STATES:
                raise BadInputError(
                    field="number",
                    value=str(enrollment_id),
                    rule=f"this enrolment is {enrollment.state.value}",
                    remedy="Send failed and refused ones again",
                )
            return _redrive(connection, enrollment, now)

    def redrive_all(self, *, now: datetime) -> tuple[Enrollment, ...]:
        """Let every failed or refused change of every biller be sent again."""
        is_redrivable = enrollments.c.state.in_(tuple(REDRIVABLE_STATES))
        with self._store.reading() as connection:
            billers = select(enrollments.c.biller).where(is_redrivable).distinct()
            found = set(connection.execute(billers).scalars())
        chosen = select(enrollments).where(is_redrivable)
        with self._store.writing(*found) as connection:
            rows = list(connection.execute(chosen.order_by(enrollments.c.id)).mappings())
            return tuple(_redrive(connection, enrollment_of(row), now) for row in rows)

    def find(self, biller: str, event_guid: str) -> Enrollment | None:
        with self._store.reading() as connection:
            return find_enrollment(connection, biller, event_guid)

    def newest(self, biller: str, kind: EnrollmentKind) -> Mapping[str, Known]:
        """Return the newest change of every account that has one, by account number."""
        newest = (
            select(enrollments.c.account_number, func.max(enrollments.c.changed_at).label("at"))
            .where(enrollments.c.biller == biller, enrollments.c.kind == kind)
            .group_by(enrollments.c.account_number)
            .subquery()
        )
        chosen = (
            select(enrollments)
            .join(
                newest,
                and_(
                    enrollments.c.account_number == newest.c.account_number,
                    enrollments.c.changed_at == newest.c.at,
                ),
            )
            .where(enrollments.c.biller == biller, enrollments.c.kind == kind)
            .order_by(enrollments.c.event_guid)
        )
        with self._store.reading() as connection:
            rows = connection.execute(chosen).mappings()
            return {
                row["account_number"]: Known(change=change_of(row), source=row["source"])
                for row in rows
            }

    def page(
        self,
        *,
        limit: int,
        after: int = 0,
        biller: str | None = None,
        state: EnrollmentState | None = None,
    ) -> tuple[Enrollment, ...]:
        """Return at most `limit` changes with an id beyond `after`, by id."""
        chosen = select(enrollments).where(enrollments.c.id > after)
        if biller is not None:
            chosen = chosen.where(enrollments.c.biller == biller)
        if state is not None:
            chosen = chosen.where(enrollments.c.state == state)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(enrollments.c.id).limit(limit)).mappings()
            return tuple(enrollment_of(row) for row in rows)

    def events(self, enrollment_id: int) -> tuple[EnrollmentEvent, ...]:
        """Return everything that happened to a change, oldest first."""
        chosen = select(enrollment_events).where(
            enrollment_events.c.enrollment_id == enrollment_id
        )
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(enrollment_events.c.id)).mappings()
            return tuple(
                EnrollmentEvent(
                    **{k: v for k, v in row.items() if k not in {"id", "enrollment_id"}}
                )
                for row in rows
            )


def accept_change(
    connection: Connection, change: EnrollmentChange, source: EnrollmentSource, now: datetime
) -> AcceptedEnrollment:
    known = find_enrollment(connection, change.biller, change.event_guid)
    if known is not None:
        if known.change.fingerprint() != change.fingerprint():
            raise _conflict(change, known.change)
        return AcceptedEnrollment(enrollment=known, repeated=True)
    newest = newest_of(connection, change.setting)
    counts = newest is None or change.rank > newest.change.rank
    if counts:
        _supersede_older(connection, change, now)
    enrollment = _insert(connection, change, source, now, counts=counts)
    return AcceptedEnrollment(enrollment=enrollment, repeated=False)


def _redrive(connection: Connection, enrollment: Enrollment, now: datetime) -> Enrollment:
    detail = "a person sends it again"
    # Due by any clock: the command's may run ahead of the server's.
    values = {"attempts": 0, "next_at": enrollment.accepted_at}
    move(connection, enrollment, EnrollmentState.WAITING, detail, now=now, **values)
    settle(connection, enrollment.change, now, "a person sent it again")
    return present(connection, enrollment)


def _supersede_older(connection: Connection, change: EnrollmentChange, now: datetime) -> None:
    """Let every older change rest that is not on its way: that one is judged when it is back."""
    chosen = select(enrollments).where(
        of_setting(change.setting),
        enrollments.c.state.in_(_AT_REST),
    )
    for row in list(connection.execute(chosen).mappings()):
        supersede(connection, enrollment_of(row), change.event_guid, now)


def _insert(
    connection: Connection,
    change: EnrollmentChange,
    source: EnrollmentSource,
    now: datetime,
    *,
    counts: bool,
) -> Enrollment:
    state = EnrollmentState.WAITING if counts else EnrollmentState.SUPERSEDED
    connection.execute(
        insert(enrollments).values(
            **{field: getattr(change, field) for field in CHANGE_FIELDS},
            fingerprint=change.fingerprint(),
            source=source,
            state=state,
            attempts=0,
            accepted_at=now,
            next_at=now if counts else None,
            fence=0,
            last_error="",
        )
    )
    enrollment = find_enrollment(connection, change.biller, change.event_guid)
    if enrollment is None:
        raise ConcurrentWriteError("the enrolment vanished while it was taken over")
    late = "" if counts else "; a newer change of this setting is known"
    event = EnrollmentEvent(
        at=now,
        from_state=None,
        to_state=state,
        detail=f"{_TOLD_BY[source]}{late}",
        attempt=0,
    )
    add_event(connection, enrollment.id, event)
    return enrollment


def _conflict(change: EnrollmentChange, known: EnrollmentChange) -> ContentConflictError:
    pairs = {
        "account_number": (change.account_number, known.account_number),
        "kind": (change.kind.value, known.kind.value),
        "enrolled": (str(change.enrolled), str(known.enrolled)),
        "changed_at": (change.changed_at.isoformat(), known.changed_at.isoformat()),
    }
    told = "; ".join(
        f"{field}: told {now}, known {before}"
        for field, (now, before) in pairs.items()
        if now != before
    )
    return ContentConflictError(
        field="EventGUID",
        value=change.event_guid,
        rule=f"this event is known with other content ({told})",
        remedy="Send an event once, unchanged; another event has another GUID",
    )
