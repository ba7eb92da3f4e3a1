"""The journal: who called whom, filtered by any field or tag of an entry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.control.body import SHOWN_LENGTH_MAX, read_count
from sandbox.control.errors import bad_input
from sandbox.world.binding import world_in

PAGE_DEFAULT = 10_000
PAGE_MAX = 100_000
LINES = "application/x-ndjson; charset=utf-8"

resource = Blueprint("journal", __name__)


@resource.get("/journal")
def show_journal() -> Response | dict[str, Any]:
    """Answer one page; `more` tells whether entries follow, to be asked for with `after`."""
    wanted = _filters()
    form = wanted.pop("format", "json")
    after = read_count("after", wanted.pop("after", "0"), lowest=0)
    limit = min(read_count("limit", wanted.pop("limit", str(PAGE_DEFAULT)), lowest=1), PAGE_MAX)
    found = world_in(request.environ).journal.entries(**wanted)
    rest = [entry for entry in found if entry.sequence > after]
    page = rest[:limit]
    if form == "jsonl":
        return Response("".join(entry.as_line() for entry in page), content_type=LINES)
    if form != "json":
        raise bad_input(
            f"format = {form[:SHOWN_LENGTH_MAX]!r}: one of json, jsonl",
            remedy="Send format=jsonl for one entry a line",
        )
    return {"entries": [entry.as_json() for entry in page], "more": len(rest) > len(page)}


def _filters() -> dict[str, str]:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise bad_input(
                f"the query parameter {name[:SHOWN_LENGTH_MAX]!r} comes more than once",
                remedy="Send each filter once",
            )
    return request.args.to_dict()
