"""Enrolment changes on their way to IMT: the newest of each setting, one at a time (B2 to B4, C5).

Setting the same value twice is harmless, so a try whose outcome is unknown is simply repeated; but
its request may still arrive, and no other change of the setting is sent before it has settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import RowMapping

from adapter.context import JobContext
from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind, Known
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Cause, Evidence, State, Step, WorkItem
from adapter.errors import ContentConflictError
from adapter.kinds.base import DeliveryKind, failed_or_refused, words
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.ledger import Ledger
from adapter.ledger.schema import enrollment_changes
from adapter.ports import BillerPorts


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


class Enrollments(DeliveryKind[EnrollmentChange]):
    """One change of one setting of one account."""

    item = ENROLLMENT
    command = "enrollments"
    ops_path = "enrollments"
    ops_name = "enrollment"
    job = "push_enrollments"
    offset = timedelta(minutes=45)
    help = "Paperless and AutoPay changes on their way to IMT."
    words = (
        *words(waiting=State.WAITING, sending=State.SENDING, delivered=State.DONE),
        *failed_or_refused(ExceptionKind.ENROLLMENT_FAILED),
        *words(superseded=State.SUPERSEDED),
    )
    next_words: ClassVar = {
        State.WAITING: "It is sent to IMT",
        State.RETRYING: "It is sent to IMT again",
    }
    refused = ExceptionKind.ENROLLMENT_REFUSED
    exhausted = ExceptionKind.ENROLLMENT_FAILED
    settles = True
    locks_out = True

    def send(self, item: WorkItem[EnrollmentChange], ports: BillerPorts) -> None:
        ports.enrollments.push(item.payload)

    def judge(self, item: WorkItem[EnrollmentChange], answer: Any, work: JobContext) -> Step:
        del answer, work
        return Step(
            to_state=State.DONE,
            cause=Cause.ANSWERED,
            detail=f"IMT has taken it: {self.describe(item.payload)}",
            evidence=Evidence.ANSWER,
        )

    def describe(self, payload: EnrollmentChange) -> str:
        return payload.description

    def fields(self, item: WorkItem[EnrollmentChange]) -> Mapping[str, Any]:
        change = item.payload
        return {
            **self.common_fields(item),
            "event_guid": change.event_guid,
            "account_number": change.account_number,
            "kind": change.kind,
            "enrolled": change.enrolled,
            "changed_at": change.changed_at,
            "delivered_at": item.done_at,
        }


def newest_changes(ledger: Ledger, biller: str, setting: EnrollmentKind) -> Mapping[str, Known]:
    """Return the newest change of every account that has one, by account number."""
    found = ledger.items(ENROLLMENT).newest_of_lanes(
        biller, enrollment_changes.c.setting == setting
    )
    return {
        item.payload.account_number: Known(change=item.payload, source=item.source)
        for item in found
    }
