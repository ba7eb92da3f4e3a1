"""The enrolment doors: a notice is on disk before its 202 leaves; the engine is woken after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from adapter.domain.enrollment import EnrollmentKind, EnrollmentSource
from adapter.doors.access import require_biller
from adapter.doors.enrollment_notice import change_of
from adapter.doors.requests import json_object
from adapter.jobs import push_enrollments

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter


def enrollments_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("enrollments", __name__)

    @door.post("/billers/<biller>/paperless")
    def paperless(biller: str) -> Response:
        return _take_over(adapter, biller, EnrollmentKind.PAPERLESS)

    @door.post("/billers/<biller>/autopay")
    def autopay(biller: str) -> Response:
        return _take_over(adapter, biller, EnrollmentKind.AUTOPAY)

    return door


def _take_over(adapter: Adapter, biller: str, kind: EnrollmentKind) -> Response:
    """Accept a change; also while the biller's other settings are wrong: it waits then."""
    access = require_biller(request, adapter.source.current(), biller)
    now = adapter.clock.now()
    change = change_of(
        json_object(request), kind, biller=biller, biller_guid=access.biller_guid, now=now
    )
    accepted = adapter.ledger.enrollments.accept(
        change, source=EnrollmentSource.DATA_PUMP, now=now
    )
    adapter.engine.wake(push_enrollments.JOB)
    answer = jsonify(
        eventGuid=change.event_guid,
        accountNumber=change.account_number,
        state=accepted.enrollment.state.value,
        repeated=accepted.repeated,
    )
    answer.status_code = 202
    return answer
