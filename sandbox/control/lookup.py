"""Finding what a control request names, or listing what there is."""

from __future__ import annotations

from flask import request

from sandbox.control.errors import unknown
from sandbox.world.billers import Biller
from sandbox.world.registry import UnknownWorldError, worlds_in
from sandbox.world.world import World


def find_world(name: str) -> World:
    try:
        return worlds_in(request.environ).get(name)
    except UnknownWorldError as error:
        raise unknown("world", str(error)) from None


def find_biller(world: World, slug: str | None) -> Biller:
    """Return the biller of this name, or the first one without a name."""
    if slug is None:
        return world.billers[0]
    try:
        return world.biller(slug)
    except KeyError:
        known = ", ".join(biller.slug for biller in world.billers)
        raise unknown("biller", f"biller = {slug!r}: no such; there are: {known}") from None
