"""The connector: where Invoice Cloud reaches the adapter of one biller."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request

from sandbox.control.body import SHOWN_LENGTH_MAX, read_body, read_query
from sandbox.control.errors import bad_input
from sandbox.control.lookup import find_biller
from sandbox.world.binding import world_in

CREDENTIAL_LENGTH_MAX = 200

resource = Blueprint("connector", __name__)


@resource.put("/connector")
def connect() -> dict[str, Any]:
    """Send the data pump and the balance requests of a biller to this address from now on."""
    read_query()
    wanted = read_body("Connector")
    world = world_in(request.environ)
    biller = find_biller(world, wanted.get("biller"))
    url = None if wanted["url"] is None else _base_url(wanted["url"])
    credentials = {
        "username": wanted.get("username", biller.biller_guid),
        "password": wanted.get("password", biller.door_key),
    }
    for field, value in credentials.items():
        if len(value) > CREDENTIAL_LENGTH_MAX:
            raise bad_input(
                f"{field}: longer than {CREDENTIAL_LENGTH_MAX} characters", remedy="Shorten it"
            )
    connector = world.connectors[biller.slug]
    connector.url = url
    connector.username, connector.password = credentials["username"], credentials["password"]
    return {"biller": biller.slug, "url": url}


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0 and not parts.query + parts.fragment
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise bad_input(
            f"url = {text[:SHOWN_LENGTH_MAX]!r}: the base URL of an adapter",
            remedy="Send such as http://127.0.0.1:8200",
        )
    return text.rstrip("/")
