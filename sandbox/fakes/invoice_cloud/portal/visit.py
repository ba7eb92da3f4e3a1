"""One request to the customer portal: who is signed on, and how its pages are answered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import guard, origin_of
from sandbox.fakes.invoice_cloud.customers.registration import Account, find_account
from sandbox.fakes.invoice_cloud.customers.sessions import (
    COOKIE_NAME,
    PortalSession,
    SessionsBook,
    accounts_of,
    fingerprint_of,
    session_of,
)
from sandbox.fakes.invoice_cloud.portal.words import NOTICES, PAGES
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PORTAL_PATH
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import Biller
from sandbox.world.binding import world_in
from sandbox.world.world import World

P = ParamSpec("P")
BODY_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Someone who is signed on, on a page of this world's portal."""

    world: World
    biller: Biller
    session: PortalSession
    cookie: str

    @property
    def account(self) -> Account | None:
        return find_account(self.world, self.session.biller, self.session.account_number)

    @property
    def accounts(self) -> tuple[str, ...]:
        return accounts_of(self.world, self.session)

    @property
    def css_url(self) -> str:
        """Return the insurer's style sheet, if its address is one that a page may name."""
        return self.session.css_url if origin_of(self.session.css_url) else ""

    @property
    def return_url(self) -> str:
        return safe_return_url(self.session)

    def page(self, template: str, current: str, status: int = 200, **told: Any) -> Response:
        """Render a page; `current` is the one of the navigation that it belongs to."""
        text = render_template(
            f"customer/{template}.html",
            visit=self,
            world=self.world,
            biller=self.biller,
            pages=PAGES,
            current=current,
            notice=NOTICES.get(request.args.get("told", "")),
            zone=SERVER_ZONE,
            **told,
        )
        answer = html(text, status)
        guard(answer, style_from=self.css_url, leads_to=(self.return_url,), framed=True)
        return answer


def html(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")


def page_path(path: str = "") -> str:
    """Return the path of a portal's page in the world of this request."""
    return f"{request.script_root}{PORTAL_PATH}/{path}"


def lead_to(path: str, told: str = "") -> AnyResponse:
    """Answer a form: go on to a page, which says what came of it."""
    return redirect(page_path(path) + (f"?told={told}" if told else ""), 303)


def safe_return_url(session: PortalSession) -> str:
    """Return where the insurer wants its payers back, if that is a web address."""
    return session.return_url if origin_of(session.return_url) else ""


def former_session(world: World, cookie: str | None) -> PortalSession | None:
    """Return the session of a cookie even if it has ended."""
    return world.book(SessionsBook).sessions.get(fingerprint_of(cookie or ""))


def signed_on(
    act: Callable[Concatenate[Visit, P], AnyResponse],
) -> Callable[P, AnyResponse]:
    """Serve a page to those who are signed on; lead everybody else to where they log in."""

    @functools.wraps(act)
    def serve(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        world = world_in(request.environ)
        request.max_content_length = BODY_BYTES_MAX
        cookie = request.cookies.get(COOKIE_NAME)
        session = session_of(world, cookie)
        if session is None or cookie is None:
            return _log_in_first(world, cookie)
        visit = Visit(
            world=world, biller=world.biller(session.biller), session=session, cookie=cookie
        )
        return act(visit, *args, **kwargs)

    return serve


def _log_in_first(world: World, cookie: str | None) -> AnyResponse:
    """Lead to the log-in page of the biller, if it is known; what was wanted is kept in mind."""
    former = former_session(world, cookie)
    slugs = [former.biller] if former else [biller.slug for biller in world.billers]
    wanted = request.path.removeprefix(f"{PORTAL_PATH}/").partition("/")[0]
    query = f"?told={'ended' if former else 'log-in'}"
    if wanted in PAGES:
        query += f"&to={wanted}"
    return redirect(page_path(slugs[0] if len(slugs) == 1 else "") + query, 303)
