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
    """Send the data pump and the balance requests of a biller to this address from now on.

    In the mode `direct` they go to Spectrum and IMT, past any adapter (decision 0025).
    """
    read_query()
    wanted = read_body("Connector")
    world = world_in(request.environ)
    biller = find_biller(world, wanted.get("biller"))
    direct = wanted.get("mode") == "direct"
    url = None if wanted.get("url") is None else _base_url(wanted["url"])
    if direct and url is not None:
        message = "url: Invoice Cloud calls no adapter in mode direct"
        raise bad_input(message, remedy="Leave it out")
    if not direct and "url" not in wanted:
        raise bad_input("url: missing", remedy="Send the adapter's base URL, or null, or a mode")
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
    connector.url, connector.direct = url, direct
    connector.username, connector.password = credentials["username"], credentials["password"]
    return {"biller": biller.slug, "url": url, "mode": "direct" if direct else "adapter"}


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
