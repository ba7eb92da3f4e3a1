"""Which world a request belongs to, and who sent it, as the server noted them in its environ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.world.world import World

WORLD_KEY = "sandbox.world"
# Who names itself in every call, such as imt-adapter/<version>.
AGENTS = {"imt-adapter": "adapter", "InvoiceCloud": "invoice_cloud"}


def world_in(environ: Mapping[str, Any]) -> World:
    """Return the world that the server bound to this request."""
    world = environ[WORLD_KEY]
    if not isinstance(world, World):
        raise TypeError(f"{WORLD_KEY} holds a {type(world).__name__}, not a World")
    return world


def caller(environ: Mapping[str, Any]) -> str:
    """Return "adapter", "invoice_cloud" or "client", as the journal names the sender."""
    agent = str(environ.get("HTTP_USER_AGENT", ""))
    return next((name for start, name in AGENTS.items() if agent.startswith(start)), "client")
