"""Readiness: whether everything answers that was announced."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_query
from sandbox.world.binding import world_in

resource = Blueprint("ready", __name__)


@resource.get("/ready")
def tell_readiness() -> tuple[dict[str, Any], int]:
    """Answer 200 when the fakes answer and an announced adapter has joined, else 503 and why."""
    read_query()
    world = world_in(request.environ)
    reasons = []
    if not world.adapter_joined.is_set():
        reasons.append("the adapter that was announced has not joined the world's clock yet")
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return {"world": world.name, "ready": not reasons, "reasons": reasons}, status
