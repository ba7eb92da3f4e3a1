"""The console: one page for each world that shows what it holds and what happened in it."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from sandbox.console.view import look_at
from sandbox.world.binding import world_in
from sandbox.world.registry import worlds_in

# A page without scripts, frames or forms: nothing that a book brings in can act.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

blueprint = Blueprint("console", __name__, template_folder="templates")


@blueprint.get("/")
def show_world() -> Response:
    """Show the world of this path."""
    view = look_at(world_in(request.environ), worlds_in(request.environ).names())
    page = Response(render_template("world.html", view=view), content_type="text/html")
    page.headers["Content-Security-Policy"] = POLICY
    page.headers["Cache-Control"] = "no-store"
    return page
