"""The portal's door: choosing a biller, logging in, registering, changing account, leaving."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.chrome.guard import guard
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.sessions import (
    COOKIE_NAME,
    choose_account,
    log_in,
    register_payer,
    session_of,
    sign_out,
)
from sandbox.fakes.invoice_cloud.portal.answers import BODY_BYTES_MAX, lead_to, page_path, show
from sandbox.fakes.invoice_cloud.portal.one_time import do_once, form_token
from sandbox.fakes.invoice_cloud.portal.visit import Visit, form, former_session, safe_return_url
from sandbox.fakes.invoice_cloud.portal.words import PAGES
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PORTAL_PATH, set_session_cookie
from sandbox.world.billers import Biller
from sandbox.world.binding import world_in
from sandbox.world.world import World

# Whoever is not signed on has this instead of a session, so that forms can tell browsers apart.
VISITOR_COOKIE = "ic_visitor"
ACCOUNTS_SHOWN = 6

blueprint = Blueprint("door", __name__)


@blueprint.get("")
@blueprint.get("/")
def show_billers() -> AnyResponse:
    """Let a visitor choose; with one biller there is no choice."""
    world = world_in(request.environ)
    if len(world.billers) == 1:
        return lead_to(world.billers[0].slug, to=_wanted())
    return show("billers", world=world, biller=None, to=_wanted())


@blueprint.get("/<slug>")
def show_door(slug: str) -> AnyResponse:
    world = world_in(request.environ)
    biller = _find_biller(world, slug)
    session = session_of(world, request.cookies.get(COOKIE_NAME))
    if biller is not None and session is not None and session.biller == slug:
        return lead_to("bills")
    return _door(world, biller)


@blueprint.post("/<slug>/log-in")
def enter(slug: str) -> AnyResponse:
    world = world_in(request.environ)
    request.max_content_length = BODY_BYTES_MAX
    biller = _find_biller(world, slug)
    if biller is None:
        return _door(world, None)
    return do_once(world, _visitor(), lambda: _log_in(world, biller))


@blueprint.post("/<slug>/register")
def register(slug: str) -> AnyResponse:
    world = world_in(request.environ)
    request.max_content_length = BODY_BYTES_MAX
    biller = _find_biller(world, slug)
    if biller is None:
        return _door(world, None)
    return do_once(world, _visitor(), lambda: _register(world, biller))


@blueprint.post("/account")
@form
def change_account(visit: Visit) -> AnyResponse:
    back = request.form.get("page", "")
    try:
        choose_account(visit.world, visit.cookie, request.form.get("account_number", ""))
    except PortalRefusedError as refused:
        return visit.page("refused", "", 403, refused=refused)
    return lead_to(back if back in PAGES else "bills", "account")


@blueprint.post("/sign-out")
@form
def leave(visit: Visit) -> AnyResponse:
    """End the session, and go back to the insurer that it came from."""
    sign_out(visit.world, visit.cookie)
    path = f"{page_path(visit.biller.slug)}?told=signed-out"
    answer = redirect(visit.return_url or path, 303)
    answer.delete_cookie(
        COOKIE_NAME,
        path=f"{request.script_root}/invoicecloud/portal/",
        httponly=True,
        samesite="Lax",
    )
    guard(answer, leads_to=(visit.return_url,), framed=True)
    return answer


def _log_in(world: World, biller: Biller) -> AnyResponse:
    told, typed = read_form(request.form, ("EmailAddress",), name="log-in", secret=("Password",))
    try:
        cookie = log_in(
            world, biller.slug, typed["EmailAddress"], request.form.get("Password", "")
        )
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _door(world, biller, entering=told, status=422)
    return _enter(cookie, _wanted() or "bills")


def _register(world: World, biller: Biller) -> AnyResponse:
    told, typed = read_form(
        request.form, ("AccountNumber", "EmailAddress"), name="register", secret=("Password",)
    )
    try:
        cookie = register_payer(
            world,
            biller.slug,
            typed["AccountNumber"],
            typed["EmailAddress"],
            request.form.get("Password", ""),
        )
    except PortalRefusedError as refused:
        remedy = "Take it from your bill" if refused.field == "AccountNumber" else refused.remedy
        told.refuse(refused.field, refused.message, remedy)
        return _door(world, biller, registering=told, status=422)
    return _enter(cookie, _wanted() or "bills", "registered")


def _enter(cookie: str, page: str, told: str = "") -> AnyResponse:
    answer = lead_to(page, told)
    set_session_cookie(answer, cookie)
    return answer


def _door(
    world: World,
    biller: Biller | None,
    *,
    entering: Form | None = None,
    registering: Form | None = None,
    status: int = 200,
) -> AnyResponse:
    """Show the two forms, with what was typed before and what was wrong with it."""
    if biller is None:
        return show("nowhere", 404, world=world, biller=None)
    former = former_session(world, request.cookies.get(COOKIE_NAME))
    own = former if former and former.biller == biller.slug else None
    visitor = _visitor() or secrets.token_hex(24)
    answer = show(
        "door",
        status,
        world=world,
        biller=biller,
        entering=entering or Form(name="log-in"),
        registering=registering or Form(name="register"),
        token=lambda: form_token(world, visitor),
        to=_wanted(),
        return_url=safe_return_url(own) if own else "",
        accounts=_samples(world, biller),
    )
    answer.set_cookie(
        VISITOR_COOKIE,
        visitor,
        path=f"{request.script_root}{PORTAL_PATH}/",
        httponly=True,
        samesite="Lax",
    )
    return answer


def _samples(world: World, biller: Biller) -> list[tuple[str, str]]:
    """Return a few accounts that can be registered, with their owners' names."""
    bills = list(world.book(InvoiceCloudBook).bills.values())
    own = [bill.invoice for bill in bills if bill.biller == biller.slug]
    names = {invoice.account_number: invoice.customer_name for invoice in own}
    return list(names.items())[:ACCOUNTS_SHOWN]


def _visitor() -> str:
    return request.cookies.get(VISITOR_COOKIE, "")


def _wanted() -> str:
    """Return the page that the visitor was on the way to."""
    wanted = request.values.get("to", "")
    return wanted if wanted in PAGES else ""


def _find_biller(world: World, slug: str) -> Biller | None:
    return next((biller for biller in world.billers if biller.slug == slug), None)
