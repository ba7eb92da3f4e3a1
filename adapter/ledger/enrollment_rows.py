"""Rows of enrolment changes: reading one, moving it with its event, letting it rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from adapter.domain.enrollment import (
    Enrollment,
    EnrollmentChange,
    EnrollmentEvent,
    EnrollmentState,
    SettingKey,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import NotFoundError
from adapter.ledger.exceptions import settle_exceptions
from adapter.ledger.tables_enrollments import enrollment_events, enrollments

CHANGE_FIELDS = ("biller", "event_guid", "account_number", "kind", "enrolled", "changed_at")
_NOT_OF_ROW = frozenset({*CHANGE_FIELDS, "fingerprint"})
_NEWEST_FIRST = (enrollments.c.changed_at.desc(), enrollments.c.event_guid.desc())
_KINDS = (ExceptionKind.ENROLLMENT_FAILED, ExceptionKind.ENROLLMENT_REFUSED)


def newest_of(connection: Connection, setting: SettingKey) -> Enrollment | None:
    chosen = select(enrollments).where(of_setting(setting)).order_by(*_NEWEST_FIRST).limit(1)
    row = connection.execute(chosen).mappings().first()
    return None if row is None else enrollment_of(row)


def of_setting(setting: SettingKey) -> Any:
    return and_(
        enrollments.c.biller == setting.biller,
        enrollments.c.kind == setting.kind,
        enrollments.c.account_number == setting.account_number,
    )


def find_enrollment(connection: Connection, biller: str, event_guid: str) -> Enrollment | None:
    row = find_row(
        connection,
        and_(enrollments.c.biller == biller, enrollments.c.event_guid == event_guid),
    )
    return None if row is None else enrollment_of(row)


def present(connection: Connection, enrollment: Enrollment) -> Enrollment:
    row = find_row(connection, enrollments.c.id == enrollment.id)
    if row is None:
        raise NotFoundError(f"the enrolment {enrollment.id} is gone")
    return enrollment_of(row)


def move(
    connection: Connection,
    enrollment: Enrollment,
    to_state: EnrollmentState,
    detail: str,
    *,
    now: datetime,
    **values: Any,
) -> None:
    """Write a state and the event that tells of it; `values` are what changes besides."""
    connection.execute(
        update(enrollments)
        .where(enrollments.c.id == enrollment.id)
        .values(
            **{
                "state": to_state,
                "next_at": None,
                "lease_owner": None,
                "lease_until": None,
                **values,
            }
        )
    )
    event = EnrollmentEvent(
        at=now,
        from_state=enrollment.state,
        to_state=to_state,
        detail=detail,
        attempt=values.get("attempts", enrollment.attempts),
    )
    add_event(connection, enrollment.id, event)


def settle(
    connection: Connection, change: EnrollmentChange, now: datetime, resolution: str
) -> None:
    """Close what the exceptions list says of a change."""
    for kind in _KINDS:
        settle_exceptions(
            connection,
            change.biller,
            kind,
            now=now,
            resolution=resolution,
            reference=change.event_guid,
        )


def supersede(connection: Connection, enrollment: Enrollment, by: str, now: datetime) -> None:
    """Let a change rest, because a newer one of the same setting counts."""
    move(
        connection,
        enrollment,
        EnrollmentState.SUPERSEDED,
        f"superseded by the newer event {by}",
        now=now,
    )
    settle(connection, enrollment.change, now, "a newer change counts instead")


def enrollment_of(row: RowMapping) -> Enrollment:
    rest: dict[str, Any] = {k: v for k, v in row.items() if k not in _NOT_OF_ROW}
    return Enrollment(change=change_of(row), **rest)


def change_of(row: RowMapping) -> EnrollmentChange:
    return EnrollmentChange(**{field: row[field] for field in CHANGE_FIELDS})


def add_event(connection: Connection, enrollment_id: int, event: EnrollmentEvent) -> None:
    connection.execute(
        insert(enrollment_events).values(
            enrollment_id=enrollment_id,
            at=event.at,
            from_state=event.from_state,
            to_state=event.to_state,
            detail=event.detail,
            attempt=event.attempt,
        )
    )


def find_row(connection: Connection, chosen: Any) -> RowMapping | None:
    return connection.execute(select(enrollments).where(chosen)).mappings().first()
