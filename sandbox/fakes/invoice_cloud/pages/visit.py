"""One visit to a page of Invoice Cloud's, from the request to the page that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes import load
from sandbox.fakes.chrome.guard import comes_from_elsewhere, guard, origin_of
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.journal import Entry
from sandbox.world.world import World

PARTNER = "invoice_cloud"
PORTAL = "/invoicecloud/portal"
BODY_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class Page:
    """What a path serves: `show` answers GET, `take` a form; `operation` is the journal's word."""

    operation: str
    show: str = ""
    take: str = ""


@dataclass(kw_only=True)
class Visit:
    """One request; a page learns from it where it is, and tells it what came of a form.

    `css_url` and `return_url` are what the visitor's own portal asked for, if it sent them here.
    """

    world: World
    entry: Entry | None = None
    host: Biller | None = None
    css_url: str = ""
    return_url: str = ""
    zone: ZoneInfo = SERVER_ZONE

    @property
    def biller(self) -> Biller:
        if self.host is None:
            raise LookupError("this page is no biller's")
        return self.host

    def link(self, path: str) -> str:
        """Return the path of a page in this world."""
        return f"{request.script_root}{PORTAL}/{path}"

    def tell(self, outcome: str, **tags: str) -> None:
        """Say in the journal what came of a form."""
        if self.entry is not None:
            self.entry.outcome = outcome
            self.entry.tags.update(tags)

    def page(self, name: str, status: int = HTTPStatus.OK, **told: Any) -> Response:
        """Answer a page of this visit, with the headers that guard it."""
        css_url = self.css_url if origin_of(self.css_url) else ""
        return_url = self.return_url if origin_of(self.return_url) else ""
        text = render_template(
            f"ic/{name}.html",
            visit=self,
            world=self.world,
            biller=self.host,
            css_url=css_url,
            return_url=return_url,
            **told,
        )
        answer = Response(text, status, content_type="text/html; charset=utf-8")
        guard(
            answer,
            style_from=css_url,
            leads_to=(self.world.base_url, return_url),
        )
        return answer

    def go(self, path: str) -> AnyResponse:
        """Lead on after a form was taken, so that reloading sends nothing again."""
        answer = redirect(self.link(path), HTTPStatus.SEE_OTHER)
        guard(answer)
        return answer

    def nowhere(self) -> Response:
        return self.page("nowhere", HTTPStatus.NOT_FOUND)

    def refused(self, status: int, message: str, remedy: str = "") -> Response:
        self.tell(f"refused: {message}")
        return self.page("refused", status, message=message, remedy=remedy)


def serve(page: Page, **path: str) -> AnyResponse:
    """Serve one request; only what a form brings about is kept in the world's journal."""
    world = world_in(request.environ)
    visit = Visit(world=world)
    request.max_content_length = BODY_BYTES_MAX
    if request.method in {"GET", "HEAD"} and page.show:
        return _act(visit, page.show, path)
    if request.method != "POST" or not page.take:
        allowed = [verb for verb, served in (("GET", page.show), ("POST", page.take)) if served]
        refused = visit.refused(HTTPStatus.METHOD_NOT_ALLOWED, "this page is not used so")
        refused.headers["Allow"] = ", ".join(allowed)
        return refused
    with world.journal.call(
        source=caller(request.environ), target=PARTNER, operation=page.operation
    ) as visit.entry:
        answer = _take(visit, page.take, path)
        visit.entry.status = answer.status_code
        return answer


def show_nowhere(path: str = "") -> AnyResponse:  # noqa: ARG001  # the rule names it
    return Visit(world=world_in(request.environ)).nowhere()


def _take(visit: Visit, reference: str, path: dict[str, str]) -> AnyResponse:
    """Take a form that one of our own pages sent.

    No visitor has a session here, so there is nothing that another site could have a browser do in
    the visitor's name; what a browser says of another site's form is heeded all the same.
    """
    if comes_from_elsewhere(request.headers):
        return visit.refused(HTTPStatus.FORBIDDEN, "another site sent this form", "Open the page")
    try:
        return _act(visit, reference, path)
    except RequestEntityTooLarge:
        return visit.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this is more than a form holds")


def _act(visit: Visit, reference: str, path: dict[str, str]) -> AnyResponse:
    """Find the biller that the path names, and call the page's function with the rest."""
    from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError

    slug = path.get("biller")
    rest = {name: value for name, value in path.items() if name != "biller"}
    if slug is not None:
        visit.host = next((one for one in visit.world.billers if one.slug == slug), None)
        if visit.host is None:
            return visit.nowhere()
        if visit.entry is not None:
            visit.entry.tags["biller"] = slug
    act: Callable[..., AnyResponse] = load(reference)
    try:
        return act(visit, **rest)
    except PortalRefusedError as refused:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return visit.refused(status, refused.message, refused.remedy)
