"""Health, readiness and metrics, where probes and Prometheus look for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Response, jsonify, request

from adapter.doors.requests import require_operator
from adapter.errors import LedgerError
from adapter.telemetry.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter


class Reason(NamedTuple):
    """Why the adapter is not ready: in words for anybody, and in full for operators."""

    words: str
    detail: str = ""


def health_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("health", __name__)

    @door.get("/health")
    def health() -> Response:
        """Answer while the process can; the ledger is not looked at."""
        return jsonify(status="ok")

    @door.get("/ready")
    def ready() -> Response:
        reasons = [reason.words for reason in reasons_not_ready(adapter)]
        answer = jsonify(ready=not reasons, reasons=reasons)
        answer.status_code = 503 if reasons else 200
        return answer

    @door.get("/metrics")
    def metrics() -> Response:
        require_operator(request, adapter.source.current().adapter.ops_key)
        return Response(adapter.watch.metrics.text(), content_type=CONTENT_TYPE)

    return door


def reasons_not_ready(adapter: Adapter) -> Iterator[Reason]:
    """Say why no payment should be sent here now.

    Wrong settings of some billers are no reason: payments are taken over all the same, and wait.
    """
    if adapter.stopping.is_set():
        yield Reason("the adapter is stopping")
    if not adapter.engine.is_started:
        yield Reason("the engine has not started")
    if not adapter.source.current().doors:
        yield Reason("no biller's settings open a door")
    try:
        adapter.ledger.check_writable()
    except LedgerError as error:
        yield Reason("the ledger cannot be written", str(error))
