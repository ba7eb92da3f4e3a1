"""One request to the customer portal: who is signed on, and how its pages are answered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import origin_of
from sandbox.fakes.invoice_cloud.customers.registration import Account, find_account
from sandbox.fakes.invoice_cloud.customers.sessions import (
    COOKIE_NAME,
    PortalSession,
    SessionsBook,
    accounts_of,
    fingerprint_of,
    session_of,
)
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.portal.answers import BODY_BYTES_MAX, lead_to, show
from sandbox.fakes.invoice_cloud.portal.one_time import do_once, form_token
from sandbox.fakes.invoice_cloud.portal.words import PAGES
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PORTAL_PATH
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import Biller
from sandbox.world.binding import world_in
from sandbox.world.world import World

P = ParamSpec("P")


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
    def return_url(self) -> str:
        return safe_return_url(self.session)

    def page(
        self, template: str, current: str, status: int = 200, *, within: bool = False, **told: Any
    ) -> Response:
        """Render a page; `current` is the one of the seven that it is, or that it is `within`.

        The insurer's style sheet is named only if its address is a web address.
        """
        css_url = self.session.css_url
        return show(
            template,
            status,
            style_from=css_url if origin_of(css_url) else "",
            return_url=self.return_url,
            visit=self,
            world=self.world,
            biller=self.biller,
            token=lambda: form_token(self.world, self.cookie),
            pages=PAGES,
            current=current,
            within=within,
            zone=SERVER_ZONE,
            cards=CARDS,
            bank_accounts=BANK_ACCOUNTS,
            **told,
        )


def safe_return_url(session: PortalSession) -> str:
    """Return where the insurer wants its payers back, if that is a web address."""
    return session.return_url if origin_of(session.return_url) else ""


def former_session(world: World, cookie: str | None) -> PortalSession | None:
    """Return the session of a cookie even if its time has run out."""
    return world.book(SessionsBook).sessions.get(fingerprint_of(cookie or ""))


def signed_on(act: Callable[Concatenate[Visit, P], AnyResponse]) -> Callable[P, AnyResponse]:
    """Serve a page to those who are signed on; lead everybody else to where they log in."""

    @functools.wraps(act)
    def serve(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        world = world_in(request.environ)
        request.max_content_length = BODY_BYTES_MAX
        cookie = request.cookies.get(COOKIE_NAME, "")
        session = session_of(world, cookie)
        if session is None:
            return _log_in_first(world, cookie)
        biller = world.biller(session.biller)
        visit = Visit(world=world, biller=biller, session=session, cookie=cookie)
        return act(visit, *args, **kwargs)

    return serve


def form(act: Callable[Concatenate[Visit, P], AnyResponse]) -> Callable[P, AnyResponse]:
    """Take a form of someone who is signed on, once."""

    @functools.wraps(act)
    def take(visit: Visit, /, *args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        return do_once(visit.world, visit.cookie, lambda: act(visit, *args, **kwargs))

    return signed_on(take)


def _log_in_first(world: World, cookie: str) -> AnyResponse:
    """Lead to the log-in page of the biller, if it is known; what was wanted is kept in mind."""
    former = former_session(world, cookie)
    slugs = [former.biller] if former else [biller.slug for biller in world.billers]
    wanted = request.path.removeprefix(f"{PORTAL_PATH}/").partition("/")[0]
    return lead_to(
        slugs[0] if len(slugs) == 1 else "",
        "ended" if former else "log-in",
        to=wanted if wanted in PAGES else "",
    )
