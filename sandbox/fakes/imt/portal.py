"""IMT's portal: an owner is confirmed and registered, and goes on to Invoice Cloud (D2 to D4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import comes_from_elsewhere, guard
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.owners import Registration, owner_name, read_registration
from sandbox.fakes.imt.portal_sessions import (
    COOKIE_NAME,
    PortalSession,
    close_session,
    open_session,
    session_of,
)
from sandbox.fakes.imt.sign_on import SignOnFailedError, sign_on
from sandbox.world.billers import Biller
from sandbox.world.binding import world_in
from sandbox.world.carrier import Policy
from sandbox.world.world import World

BODY_BYTES_MAX = 16 * 1024
POLICIES_SHOWN = 8

blueprint = Blueprint("imt_portal", __name__, template_folder="templates")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One of the ways into Invoice Cloud, by CloudSSO's RedirectID (D2)."""

    redirect_id: int
    title: str
    text: str


LINKS = (
    Link(redirect_id=1, title="Recent bills", text="See what is due, and pay it."),
    Link(redirect_id=2, title="Paperless", text="Get bills by e-mail instead of on paper."),
    Link(redirect_id=3, title="AutoPay", text="Have each bill paid when it is due."),
    Link(redirect_id=5, title="Payment options", text="Keep cards and bank accounts."),
    Link(redirect_id=9, title="Scheduled payments", text="See, change or cancel what is planned."),
    Link(
        redirect_id=10,
        title="Recurring payments",
        text="Pay the same amount on a day of the month.",
    ),
    Link(redirect_id=11, title="Pay by text", text="Pay by answering a message."),
)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request to a carrier's portal."""

    world: World
    biller: Biller

    @property
    def path(self) -> str:
        return f"{request.script_root}/imt/{self.biller.imt.company_id}/portal/"

    @property
    def url(self) -> str:
        """Return the portal's address, which no client can name otherwise."""
        return f"{self.world.base_url}/imt/{self.biller.imt.company_id}/portal/"

    @property
    def session(self) -> PortalSession | None:
        return session_of(self.world, self.biller.slug, request.cookies.get(COOKIE_NAME))

    def policy(self, number: str) -> Policy:
        policy = self.world.book(ImtBook).policy_of(self.biller, number)
        if policy is None:
            raise LookupError(number)
        return policy

    def page(self, name: str, status: int = 200, **told: Any) -> Response:
        text = render_template(
            f"imt/{name}.html", visit=self, world=self.world, biller=self.biller, **told
        )
        return Response(text, status, content_type="text/html; charset=utf-8")


@blueprint.get("/imt/<company>/portal/")
def show_form(company: str) -> AnyResponse:
    return _serve(company, lambda visit: _form(visit, Registration()))


@blueprint.post("/imt/<company>/portal/")
def register(company: str) -> AnyResponse:
    """Confirm the owner, then register: in this order (D3)."""
    return _serve(company, _register)


@blueprint.get("/imt/<company>/portal/policy")
def show_policy(company: str) -> AnyResponse:
    return _serve(company, _policy)


@blueprint.get("/imt/<company>/portal/go/<int:redirect_id>")
def go(company: str, redirect_id: int) -> AnyResponse:
    """Leave for Invoice Cloud, signed on."""
    return _serve(company, lambda visit: _go(visit, redirect_id))


@blueprint.get("/imt/<company>/portal/frame/<int:redirect_id>")
def show_frame(company: str, redirect_id: int) -> AnyResponse:
    """Show Invoice Cloud's page within IMT's: the same redirect in a frame (D2)."""
    return _serve(company, lambda visit: _frame(visit, redirect_id))


@blueprint.post("/imt/<company>/portal/sign-out")
def sign_out(company: str) -> AnyResponse:
    return _serve(company, _sign_out)


@blueprint.after_request
def _guard(answer: AnyResponse) -> AnyResponse:
    guard(answer, frames=world_in(request.environ).base_url)
    return answer


def _serve(company: str, act: Callable[[Visit], AnyResponse]) -> AnyResponse:
    world = world_in(request.environ)
    request.max_content_length = BODY_BYTES_MAX
    for biller in world.billers:
        if biller.imt.company_id == company:
            return act(Visit(world=world, biller=biller))
    page = render_template("imt/nowhere.html", world=world, biller=None)
    return Response(page, 404, content_type="text/html; charset=utf-8")


def _form(
    visit: Visit,
    told: Registration,
    *,
    status: int = 200,
    failed: SignOnFailedError | None = None,
    notice: str = "",
) -> Response:
    policies = list(visit.world.book(ImtBook).policies.items())
    own = [policy for (slug, _), policy in policies if slug == visit.biller.slug]
    samples = [(p.policy_number, owner_name(p), p.zip_code) for p in own[:POLICIES_SHOWN]]
    return visit.page("register", status, told=told, failed=failed, notice=notice, samples=samples)


def _register(visit: Visit) -> AnyResponse:
    if comes_from_elsewhere(dict(request.headers)):
        return _form(visit, Registration(), status=403, notice="Fill in the form here.")
    try:
        told = read_registration(visit.world, visit.biller, request.form)
    except RequestEntityTooLarge:
        return _form(visit, Registration(), status=413, notice="That was too long for this form.")
    if told.policy is None:
        return _form(visit, told, status=422)
    try:
        signed_on = sign_on(
            visit.world, visit.biller, told.policy, email=told.email, redirect_id=1
        )
    except SignOnFailedError as failed:
        if failed.field:
            told.problems[failed.field] = failed.message
        return _form(visit, told, status=failed.status, failed=failed)
    close_session(visit.world, request.cookies.get(COOKIE_NAME))
    cookie = open_session(
        visit.world,
        visit.biller.slug,
        policy_number=told.policy.policy_number,
        email=told.email,
        branch=signed_on.branch,
        password_updated=signed_on.password_updated,
    )
    answer = redirect(f"{visit.path}policy", 303)
    answer.set_cookie(COOKIE_NAME, cookie, path=visit.path, httponly=True, samesite="Lax")
    return answer


def _policy(visit: Visit) -> AnyResponse:
    session = visit.session
    if session is None:
        return _sign_on_first(visit)
    policy = visit.policy(session.policy_number)
    settings = visit.world.book(ImtBook).settings_of(visit.biller, session.policy_number)
    return visit.page("policy", session=session, policy=policy, settings=settings, links=LINKS)


def _go(visit: Visit, redirect_id: int) -> AnyResponse:
    return _led(visit, redirect_id, lambda _, url: redirect(url, 302), framed=False)


def _frame(visit: Visit, redirect_id: int) -> AnyResponse:
    def show(link: Link, url: str) -> AnyResponse:
        return visit.page("frame", link=link, links=LINKS, url=url)

    return _led(visit, redirect_id, show, framed=True)


def _led(
    visit: Visit, redirect_id: int, lead: Callable[[Link, str], AnyResponse], *, framed: bool
) -> AnyResponse:
    """Sign on anew, each time: a sign-on URL is good once."""
    link = next((link for link in LINKS if link.redirect_id == redirect_id), None)
    if link is None:
        return visit.page("nowhere", 404)
    session = visit.session
    if session is None:
        return _sign_on_first(visit)
    try:
        signed_on = sign_on(
            visit.world,
            visit.biller,
            visit.policy(session.policy_number),
            email=session.email,
            redirect_id=redirect_id,
            # A way back inside a frame would show IMT's page within itself.
            return_url="" if framed else f"{visit.url}policy",
        )
    except SignOnFailedError as failed:
        return visit.page("failed", failed.status, failed=failed, link=link)
    return lead(link, signed_on.url)


def _sign_on_first(visit: Visit) -> Response:
    notice = "You are not signed on, or no longer. Confirm your policy to go on."
    return _form(visit, Registration(), status=401, notice=notice)


def _sign_out(visit: Visit) -> AnyResponse:
    close_session(visit.world, request.cookies.get(COOKIE_NAME))
    answer = redirect(visit.path, 303)
    answer.delete_cookie(COOKIE_NAME, path=visit.path, httponly=True, samesite="Lax")
    return answer
