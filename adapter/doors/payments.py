"""The payment door: a notice is on disk before its 202 leaves; the engine is woken after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from adapter.correlation import present_correlation_id
from adapter.domain.work_item import Source
from adapter.doors.notices import payment_of
from adapter.doors.requests import json_object, require_biller
from adapter.kinds import PAYMENTS

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter


def payments_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("payments", __name__)

    @door.post("/billers/<biller>/payments")
    def accept(biller: str) -> Response:
        """Accept a payment; also while the biller's other settings are wrong: it waits then."""
        access = require_biller(request, adapter.source.current(), biller)
        payment = payment_of(json_object(request), biller=biller, biller_guid=access.biller_guid)
        accepted = adapter.ledger.outbox(PAYMENTS.item).accept(
            payment,
            source=Source.DATA_PUMP,
            now=adapter.clock.now(),
            correlation_id=present_correlation_id(),
        )
        adapter.engine.wake(PAYMENTS.job)
        answer = jsonify(
            paymentGuid=payment.payment_guid,
            invoiceNumber=payment.invoice_number,
            state=PAYMENTS.word(accepted.item.state, accepted.item.review),
            repeated=accepted.repeated,
        )
        answer.status_code = 202
        return answer

    return door
