"""State: every partner's book as it stands, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_query
from sandbox.fakes import FAKES, state_of
from sandbox.world.binding import world_in
from sandbox.world.world import World

resource = Blueprint("state", __name__)


@resource.get("/state")
def show_state() -> dict[str, Any]:
    read_query()
    return every_book(world_in(request.environ))


def every_book(world: World) -> dict[str, Any]:
    """Return each partner's book by the partner's name."""
    return {partner: state_of(world, partner) for partner in FAKES}
