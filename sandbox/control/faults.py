"""Faults: listing those that are armed, arming another, disarming."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.control.body import SHOWN_LENGTH_MAX, read_body, read_count, read_query
from sandbox.control.errors import bad_input, unknown
from sandbox.fakes import FAKES
from sandbox.faults import ALTERING_PARTNERS, DELAYED, FAULTS, FaultParameterError
from sandbox.world.binding import world_in

EVERY_OPERATION = "*"
ARMED_MAX = 1_000

resource = Blueprint("faults", __name__)


@resource.get("/faults")
def list_faults() -> dict[str, Any]:
    read_query()
    return {"faults": [armed.as_json() for armed in world_in(request.environ).faults.armed()]}


@resource.post("/faults")
def arm_fault() -> tuple[dict[str, Any], int]:
    """Arm a fault for the calls that match; it strikes once unless `count` says otherwise."""
    read_query()
    wanted = read_body("NewFault")
    kind, partner, operation = wanted["fault"], wanted["partner"], wanted["operation"]
    if kind not in FAULTS:
        raise _unknown("fault", kind, list(FAULTS))
    if kind == "alter" and partner not in ALTERING_PARTNERS:
        raise _unknown("partner", partner, sorted(ALTERING_PARTNERS))
    if kind == "late" and (partner, operation, wanted.get("moment", "before")) != (
        *DELAYED,
        "before",
    ):
        raise bad_input(
            f"{kind}: strikes {' '.join(DELAYED)} alone, before it acts",
            remedy="Arm it there, or take sever",
        )
    operations = [*FAKES[partner].operations, EVERY_OPERATION]
    if operation not in operations:
        raise _unknown("operation", operation, operations)
    board = world_in(request.environ).faults
    if len(board.armed()) >= ARMED_MAX:
        raise bad_input(f"{ARMED_MAX} faults are armed", remedy="Disarm some: DELETE")
    parameters = wanted.get("parameters", {})
    count = wanted.get("count", 1)
    try:
        effect = FAULTS[kind](parameters)
    except FaultParameterError as error:
        raise bad_input(f"parameters: {error}", remedy="Send other parameters") from None
    armed = board.arm(
        kind=kind,
        effect=effect,
        partner=partner,
        operation=operation,
        moment=wanted.get("moment", "before"),
        count=None if count is None else int(count),
        match=wanted.get("match", {}),
        parameters=parameters,
    )
    return armed.as_json(), 201


@resource.delete("/faults")
def disarm_faults() -> dict[str, int]:
    """Disarm one fault by its id, or all of them."""
    wanted = read_query("id")
    board = world_in(request.environ).faults
    if "id" not in wanted:
        return {"disarmed": board.disarm()}
    gone = board.disarm(read_count("id", wanted["id"], lowest=1))
    if not gone:
        raise _unknown("id", wanted["id"], [str(armed.id) for armed in board.armed()])
    return {"disarmed": gone}


def _unknown(what: str, value: str, known: list[str]) -> Exception:
    listed = ", ".join(known) or "none"
    message = f"{what} = {value[:SHOWN_LENGTH_MAX]!r}: there is no such; there are: {listed}"
    if what == "id":
        return unknown("fault", message)
    return bad_input(message, remedy="Choose one of those there are")
