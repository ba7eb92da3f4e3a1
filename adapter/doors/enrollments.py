"""The enrolment doors: a notice is on disk before its 202 leaves; the engine is woken after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from adapter.correlation import present_correlation_id
from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.work_item import Source
from adapter.doors.notices import change_of
from adapter.doors.requests import json_object, require_biller
from adapter.kinds import ENROLLMENTS

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter


def enrollments_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("enrollments", __name__)

    @door.post("/billers/<biller>/paperless")
    def paperless(biller: str) -> Response:
        return _accept(adapter, biller, EnrollmentKind.PAPERLESS)

    @door.post("/billers/<biller>/autopay")
    def autopay(biller: str) -> Response:
        return _accept(adapter, biller, EnrollmentKind.AUTOPAY)

    return door


def _accept(adapter: Adapter, biller: str, kind: EnrollmentKind) -> Response:
    """Accept a change; also while the biller's other settings are wrong: it waits then."""
    access = require_biller(request, adapter.source.current(), biller)
    now = adapter.clock.now()
    change = change_of(
        json_object(request), kind, biller=biller, biller_guid=access.biller_guid, now=now
    )
    accepted = adapter.ledger.outbox(ENROLLMENTS.item).accept(
        change, source=Source.DATA_PUMP, now=now, correlation_id=present_correlation_id()
    )
    adapter.engine.wake(ENROLLMENTS.job)
    answer = jsonify(
        eventGuid=change.event_guid,
        accountNumber=change.account_number,
        state=ENROLLMENTS.word(accepted.item.state, accepted.item.review),
        repeated=accepted.repeated,
    )
    answer.status_code = 202
    return answer
