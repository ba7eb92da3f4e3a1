"""Working on enrolment changes: who may send one, and recording what came of it.

A claim leases a row and raises its fence, as with payments. Setting a value twice is harmless, so
a row whose lease ended is simply due again; but a request that nobody waits for any more may still
reach IMT, and no other change of that setting is sent before it has settled.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from adapter.domain.enrollment import Enrollment, EnrollmentState, EnrollmentStep, SettingKey
from adapter.errors import LeaseLostError
from adapter.ledger.enrollment_rows import (
    enrollment_of,
    move,
    newest_of,
    of_setting,
    present,
    settle,
    supersede,
)
from adapter.ledger.exceptions import DETAIL_LENGTH_MAX, open_exception
from adapter.ledger.store import ConcurrentWriteError, Store
from adapter.ledger.tables_enrollments import enrollments

# Another worker may take the row, or its setting, a moment before us; never this often on end.
LOST_RACES_MAX = 100
# A change behind another one is looked at no sooner than this, so that looking comes to an end.
HELD_BACK = timedelta(seconds=1)
_CLAIMABLE = (EnrollmentState.WAITING, EnrollmentState.SENDING, EnrollmentState.FAILED)


class PushBook:
    """Claims due changes and records what came of them; each method is one transaction or more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner = str(uuid.uuid4())

    def claim_due(self, biller: str, *, now: datetime, lease_seconds: float) -> Enrollment | None:
        """Lease the change of this biller that is due first, or return None.

        Only the newest change of a setting is sent; a change waits while another one of its
        setting is on its way, or may be.
        """
        lost_races = 0
        while True:
            try:
                with self._store.writing(biller) as connection:
                    due = _first_due(connection, biller, now)
                    if due is None:
                        return None
                    if not _supersede_late(connection, due, now) and not _hold_back(
                        connection, due, now
                    ):
                        return self._lease(connection, due, now, lease_seconds)
            except ConcurrentWriteError:
                lost_races += 1
                if lost_races == LOST_RACES_MAX:
                    raise

    def record(self, enrollment: Enrollment, step: EnrollmentStep, *, now: datetime) -> Enrollment:
        """Write the state, its event and its exception together, and end the lease.

        What did not arrive, and is not the newest any more, is superseded instead of failed.
        """
        change = enrollment.change
        with self._store.writing(change.biller) as connection:
            _require_lease(connection, enrollment)
            newest = newest_of(connection, change.setting)
            is_newest = newest is None or newest.id == enrollment.id
            delivered = step.to_state is EnrollmentState.DELIVERED
            if delivered or is_newest:
                _take_step(connection, enrollment, step, now)
            elif newest is not None:
                supersede(connection, enrollment, newest.change.event_guid, now)
            _change(connection, enrollment, settles_at=step.settles_at)
            if delivered:
                settle(connection, change, now, "IMT has taken it after all")
            _wake_others(connection, enrollment, step.settles_at or now)
            return present(connection, enrollment)

    def put_off(self, enrollment: Enrollment, *, until: datetime, reason: str) -> Enrollment:
        """End the lease without a step: nothing was sent, and no try is used up."""
        with self._store.writing(enrollment.change.biller) as connection:
            _require_lease(connection, enrollment)
            _change(
                connection,
                enrollment,
                state=EnrollmentState.WAITING,
                attempts=enrollment.attempts - 1,
                next_at=until,
                settles_at=None,
                lease_owner=None,
                lease_until=None,
                last_error=reason[:DETAIL_LENGTH_MAX],
            )
            return present(connection, enrollment)

    def postpone_due(self, biller: str, *, now: datetime, until: datetime, reason: str) -> int:
        """Let everything due wait, because a setting is wrong; no try is used up."""
        with self._store.writing(biller) as connection:
            return connection.execute(
                update(enrollments)
                .where(
                    enrollments.c.biller == biller,
                    enrollments.c.next_at <= now,
                    enrollments.c.state.in_(_CLAIMABLE),
                )
                .values(next_at=until, last_error=reason[:DETAIL_LENGTH_MAX])
            ).rowcount

    def next_due_at(self, billers: Iterable[str] | None = None) -> datetime | None:
        """Return when the next change has to be looked at, of some billers or of all."""
        chosen = select(func.min(enrollments.c.next_at)).where(enrollments.c.next_at.is_not(None))
        with self._store.reading() as connection:
            if billers is None:
                questions = [chosen]
            else:
                questions = [chosen.where(enrollments.c.biller == biller) for biller in billers]
            moments = [connection.execute(question).scalar_one() for question in questions]
        return min((moment for moment in moments if moment is not None), default=None)

    def _lease(
        self, connection: Connection, due: Enrollment, now: datetime, lease_seconds: float
    ) -> Enrollment:
        until = now + timedelta(seconds=lease_seconds)
        claimed = connection.execute(
            update(enrollments)
            .where(enrollments.c.id == due.id, enrollments.c.fence == due.fence)
            .values(
                state=EnrollmentState.SENDING,
                attempts=due.attempts + 1,
                sent_at=now,
                settles_at=until,
                lease_owner=self._owner,
                lease_until=until,
                next_at=until,
                fence=due.fence + 1,
            )
        )
        if claimed.rowcount != 1:
            raise ConcurrentWriteError("another worker has claimed the enrolment")
        return present(connection, due)


def _first_due(connection: Connection, biller: str, now: datetime) -> Enrollment | None:
    row = (
        connection.execute(
            select(enrollments)
            .where(
                enrollments.c.biller == biller,
                enrollments.c.next_at <= now,
                enrollments.c.state.in_(_CLAIMABLE),
            )
            .order_by(enrollments.c.next_at, enrollments.c.id)
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else enrollment_of(row)


def _supersede_late(connection: Connection, due: Enrollment, now: datetime) -> bool:
    """Tell whether a newer change counts instead of this one, and let this one rest then."""
    newest = newest_of(connection, due.change.setting)
    if newest is None or newest.id == due.id:
        return False
    supersede(connection, due, newest.change.event_guid, now)
    # Whoever claimed it once and slept, may record nothing.
    _change(connection, due, fence=due.fence + 1)
    return True


def _hold_back(connection: Connection, due: Enrollment, now: datetime) -> bool:
    """Tell whether another change of the setting is on its way, or may be; wait for it then."""
    other = connection.execute(
        select(enrollments.c.event_guid, enrollments.c.settles_at)
        .where(
            of_setting(due.change.setting),
            enrollments.c.id != due.id,
            or_(enrollments.c.lease_owner.is_not(None), enrollments.c.settles_at > now),
        )
        .order_by(enrollments.c.settles_at.desc())
        .limit(1)
    ).first()
    if other is None:
        return False
    _change(
        connection,
        due,
        next_at=max(other.settles_at or now, now + HELD_BACK),
        last_error=f"waits for event {other.event_guid} of the same setting",
    )
    return True


def _take_step(
    connection: Connection, enrollment: Enrollment, step: EnrollmentStep, now: datetime
) -> None:
    delivered = step.to_state is EnrollmentState.DELIVERED
    detail = step.detail[:DETAIL_LENGTH_MAX]
    values: dict[str, Any] = {"next_at": step.next_at, "last_error": "" if delivered else detail}
    if step.attempts is not None:
        values["attempts"] = step.attempts
    if delivered:
        values["delivered_at"] = now
    move(connection, enrollment, step.to_state, detail, now=now, **values)
    if step.exception is not None:
        open_exception(
            connection,
            enrollment.change.biller,
            step.exception,
            detail,
            now=now,
            reference=enrollment.change.event_guid,
        )


def _wake_others(connection: Connection, enrollment: Enrollment, at: datetime) -> None:
    """Let what waited for this change be looked at as soon as its request has settled."""
    setting: SettingKey = enrollment.change.setting
    connection.execute(
        update(enrollments)
        .where(
            of_setting(setting),
            enrollments.c.id != enrollment.id,
            enrollments.c.state == EnrollmentState.WAITING,
            enrollments.c.next_at > at,
        )
        .values(next_at=at)
    )


def _require_lease(connection: Connection, enrollment: Enrollment) -> None:
    found = connection.execute(
        select(enrollments.c.id).where(
            enrollments.c.id == enrollment.id,
            enrollments.c.fence == enrollment.fence,
            enrollments.c.state == enrollment.state,
        )
    ).first()
    if found is None:
        raise LeaseLostError(
            f"the lease on enrolment event {enrollment.change.event_guid} has ended and somebody "
            "else has it"
        )


def _change(connection: Connection, enrollment: Enrollment, **values: Any) -> None:
    connection.execute(
        update(enrollments).where(enrollments.c.id == enrollment.id).values(**values)
    )
