"""Behaviours: how the partners act where life leaves a choice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_object, read_query
from sandbox.control.errors import bad_input
from sandbox.world.behaviours import UnknownBehaviourError
from sandbox.world.binding import world_in

resource = Blueprint("behaviours", __name__)


@resource.get("/behaviours")
def show_behaviours() -> dict[str, Any]:
    read_query()
    return world_in(request.environ).behaviours.as_json()


@resource.patch("/behaviours")
def change_behaviours() -> dict[str, Any]:
    """Change several at once, or none where one of them is wrong."""
    read_query()
    behaviours = world_in(request.environ).behaviours
    wanted = read_object()
    known = ", ".join(sorted(behaviours.as_json()))
    if not wanted:
        raise bad_input("no behaviour is named", remedy=f"Name one or more of: {known}")
    try:
        behaviours.change(wanted)
    except UnknownBehaviourError as error:
        raise bad_input(str(error), remedy="Change none, or one of those there are") from None
    return behaviours.as_json()
