"""Worlds: listing, growing, connecting to and ending them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from sandbox.control.body import read_body, read_query
from sandbox.control.clock import read_moment
from sandbox.control.documents import world_document, world_summary
from sandbox.control.errors import RefusedError, bad_input
from sandbox.control.lookup import find_world
from sandbox.control.toml import toml_text
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.registry import BadWorldError, WorldExistsError, worlds_in
from sandbox.world.world import World

ADAPTER_ADDRESS = "127.0.0.1:8200"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})

resource = Blueprint("worlds", __name__)


@resource.get("/worlds")
def list_worlds() -> dict[str, Any]:
    read_query()
    worlds = worlds_in(request.environ)
    found = (worlds.find(name) for name in worlds.names())
    return {"worlds": [world_summary(world) for world in found if world is not None]}


@resource.post("/worlds")
def create_world() -> tuple[dict[str, Any], int]:
    read_query()
    wanted = read_body("NewWorld")
    try:
        world = worlds_in(request.environ).create(
            wanted["name"],
            seed=int(wanted.get("seed", 1)),
            start=_start(wanted.get("start")),
            billers=int(wanted.get("billers", 1)),
            open_invoices=int(wanted.get("open_invoices", 25)),
        )
    except WorldExistsError as error:
        remedy = "Delete it first, or choose another name"
        raise RefusedError(409, "world_exists", str(error), remedy=remedy) from error
    except BadWorldError as error:
        raise bad_input(str(error), remedy="Send other values") from error
    return world_document(world), 201


@resource.get("/worlds/<name>")
def show_world(name: str) -> dict[str, Any]:
    read_query()
    return world_document(find_world(name))


@resource.delete("/worlds/<name>")
def delete_world(name: str) -> Response:
    read_query()
    find_world(name)
    worlds_in(request.environ).delete(name)
    return Response(status=204)


@resource.get("/worlds/<name>/adapter.toml")
def write_adapter_settings(name: str) -> Response:
    read_query()
    world = find_world(name)
    settings = adapter_settings(
        world,
        ledger="sqlite:///adapter.db",
        receipts_feed=world.behaviours.spectrum_receipts_feed,
        listen=_expected_at(world),
    )
    text = (
        f"# An adapter for the sandbox's world {world.name!r}. Every secret here is invented.\n"
        f"{toml_text(settings)}"
    )
    return Response(text, content_type="application/toml; charset=utf-8")


def _start(text: str | None) -> datetime | None:
    return None if text is None else read_moment("start", text)


def _expected_at(world: World) -> str:
    """Return the address on this machine where Invoice Cloud expects the adapter."""
    told = urlsplit(world.connectors[world.billers[0].slug].url or "")
    return told.netloc if told.port and told.hostname in LOOPBACK_NAMES else ADAPTER_ADDRESS
