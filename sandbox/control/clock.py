"""The clock: what time it is in the world, what is to come, and moving on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_body, read_query
from sandbox.control.documents import utc_text
from sandbox.control.errors import RefusedError, bad_input
from sandbox.world.binding import world_in
from sandbox.world.clock import ClockBusyError, ClockMovesForwardError, WorldClock

# A year at a time: everything in between runs before the answer.
ADVANCE_SECONDS_MAX = 366 * 24 * 3600
# The calendar must not end while tokens, due dates and schedules look around.
YEAR_MIN, YEAR_MAX = 1970, 9000
PENDING_SHOWN_MAX = 100
# Many times what an adapter takes to join.
JOIN_SECONDS_MAX = 30.0

resource = Blueprint("clock", __name__)


@resource.get("/clock")
def show_clock() -> dict[str, Any]:
    read_query()
    clock = world_in(request.environ).clock
    pending = clock.pending()[:PENDING_SHOWN_MAX]
    return {
        "now": utc_text(clock.now()),
        "virtual": clock.is_virtual,
        "pending": [{"at": utc_text(event.at), "label": event.label} for event in pending],
    }


@resource.post("/clock/advance")
def advance() -> dict[str, Any]:
    """Run everything due until then; the answer comes when the world is at rest.

    An adapter that was announced is waited for: nothing may run without it unnoticed.
    """
    read_query()
    wanted = read_body("Advance")
    world = world_in(request.environ)
    if not world.adapter_joined.wait(JOIN_SECONDS_MAX):
        raise RefusedError(
            409,
            "adapter_not_joined",
            "the adapter that was announced has not joined the world's clock",
            remedy="Try again when GET /_sandbox/ready answers 200",
        )
    clock = world.clock
    try:
        done = clock.advance_to(_until(clock, wanted))
    except ClockBusyError as error:
        remedy = "Try again when the other advance has ended"
        raise RefusedError(409, "clock_busy", str(error), remedy=remedy) from None
    except ClockMovesForwardError as error:
        raise bad_input(f"until: {error}", remedy="Send a later moment") from None
    return {"start": utc_text(done.start), "end": utc_text(done.end), "events": done.events}


def read_moment(field: str, text: str) -> datetime:
    """Read a moment that looks right already, such as 2026-01-05T08:00:00Z."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise bad_input(
            f"{field} = {text!r}: a moment of the calendar, in the years {YEAR_MIN} to {YEAR_MAX}",
            remedy="Send such as 2026-01-05T08:00:00Z",
        )
    return moment


def _until(clock: WorldClock, wanted: dict[str, Any]) -> datetime:
    now = clock.now()
    if "seconds" in wanted:
        until = now + timedelta(seconds=wanted["seconds"])
    else:
        until = read_moment("until", wanted["until"])
    if until - now > timedelta(seconds=ADVANCE_SECONDS_MAX):
        raise bad_input(
            f"until = {utc_text(until)!r}: at most {ADVANCE_SECONDS_MAX} seconds at a time",
            remedy="Advance in several steps",
        )
    return until
