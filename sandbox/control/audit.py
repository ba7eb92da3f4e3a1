"""The audit: every invariant, judged now, across the books and the adapter's ledger."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_query
from sandbox.world.binding import world_in

resource = Blueprint("audit", __name__)


@resource.get("/audit")
def audit() -> dict[str, Any]:
    read_query()
    from sandbox.audit import run_audit  # reads an adapter's ledger over HTTP, so brings a client

    return run_audit(world_in(request.environ)).as_json()
