"""Enrolment changes in the outbox, and the newest that the ledger has of each account."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import RowMapping, func, select

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind, Known
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import ContentConflictError
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.item_rows import items_with_payload, read_items
from adapter.ledger.schema import enrollment_changes, work_items
from adapter.ledger.store import Store


def _read(row: RowMapping) -> EnrollmentChange:
    return EnrollmentChange(
        biller=row["biller"],
        event_guid=row["event_guid"],
        account_number=row["account_number"],
        kind=row["setting"],
        enrolled=row["enrolled"],
        changed_at=row["changed_at"],
    )


def _values(change: EnrollmentChange) -> Mapping[str, object]:
    return {
        "event_guid": change.event_guid,
        "account_number": change.account_number,
        "setting": change.kind,
        "enrolled": change.enrolled,
        "changed_at": change.changed_at,
    }


def _conflict(change: EnrollmentChange, known: EnrollmentChange) -> ContentConflictError:
    pairs = {
        "account_number": (change.account_number, known.account_number),
        "kind": (change.kind.value, known.kind.value),
        "enrolled": (str(change.enrolled), str(known.enrolled)),
        "changed_at": (change.changed_at.isoformat(), known.changed_at.isoformat()),
    }
    differences = "; ".join(
        f"{field}: sent {now}, known {before}"
        for field, (now, before) in pairs.items()
        if now != before
    )
    return ContentConflictError(
        field="EventGUID",
        value=change.event_guid,
        rule=f"this event is known with other content ({differences})",
        remedy="Send an event once, unchanged; another event has another GUID",
    )


ENROLLMENT = ItemKind(
    name="enrollment",
    table=enrollment_changes,
    read=_read,
    values=_values,
    reference=lambda change: change.event_guid,
    lane=lambda change: change.lane,
    rank=lambda change: change.rank,
    subject=lambda _reference: {},
    conflict=_conflict,
    reviews=(
        ExceptionKind.ENROLLMENT_FAILED,
        ExceptionKind.ENROLLMENT_REFUSED,
        ExceptionKind.SETTING_OVERDUE,
    ),
)


class EnrollmentQueries:
    """What the change log asks about enrolments; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, biller: str, kind: EnrollmentKind) -> Mapping[str, Known]:
        """Return the newest change of every account that has one, by account number."""
        newest = (
            select(work_items.c.lane, func.max(work_items.c.rank).label("rank"))
            .join(enrollment_changes, enrollment_changes.c.item_id == work_items.c.id)
            .where(
                work_items.c.kind == ENROLLMENT.name,
                work_items.c.biller == biller,
                enrollment_changes.c.setting == kind,
            )
            .group_by(work_items.c.lane)
            .subquery()
        )
        chosen = (
            items_with_payload(ENROLLMENT)
            .where(work_items.c.biller == biller)
            .join(
                newest,
                (work_items.c.lane == newest.c.lane) & (work_items.c.rank == newest.c.rank),
            )
        )
        with self._store.reading() as connection:
            found = read_items(connection, ENROLLMENT, chosen)
        return {
            item.payload.account_number: Known(change=item.payload, source=item.source)
            for item in found
        }
