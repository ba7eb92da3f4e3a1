"""What a request carries, read within bounds: one JSON object, or a few query parameters."""

from __future__ import annotations

from typing import Any

from flask import Request

from adapter.doors.envelope import MediaTypeError
from adapter.doors.strict_json import parse_object
from adapter.errors import BadInputError

BODY_BYTES_MAX = 64 * 1024


def json_object(request: Request) -> dict[str, Any]:
    """Return the body's JSON object; it must be announced as JSON in UTF-8."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise MediaTypeError("the body must be announced as application/json in UTF-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaTypeError("the body must not be compressed")
    return parse_object(request.get_data(cache=False))


def query(request: Request, *known: str) -> dict[str, str]:
    """Return the query parameters, each given once and each one known."""
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known:
            remedy = f"Known here: {', '.join(known) or 'none'}"
            raise BadInputError(
                field=name[:60], value="", rule="it is no parameter", remedy=remedy
            )
        if len(values) > 1:
            raise BadInputError(
                field=name, value="", rule="it stands twice in the query", remedy="Send it once"
            )
        found[name] = values[0]
    return found
