"""CloudSSO Connect (D2): a sign-on token opens the customer portal at the page asked for."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.rest.errors import RefusedError
from sandbox.fakes.invoice_cloud.rest.validation import PARTNER, validate_query
from sandbox.faults.effects import FaultStruck, FaultyAnswer
from sandbox.world.binding import caller, world_in
from sandbox.world.fault_board import Moment
from sandbox.world.journal import Entry
from sandbox.world.world import World

OPERATION = "CloudSSO"
PATHS = ("/invoicecloud/portal/cloudsso.aspx", "/invoicecloud/portal/CloudSSO.aspx")
PORTAL_PATH = "/invoicecloud/portal/customer"
# The technical design's RedirectIDs, and the portal's page behind each.
PAGES = {
    1: "bills",
    2: "paperless",
    3: "autopay",
    5: "payment-options",
    9: "scheduled",
    10: "recurring",
    11: "pay-by-text",
}
# The token stands in the address, which no cache and no other site is to see.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

blueprint = Blueprint("invoice_cloud_sso", __name__, template_folder="templates")


def connect() -> AnyResponse:
    """Open a session and go to its page, or say on a page why not."""
    world = world_in(request.environ)
    told = dict(request.args.items(multi=True))
    with world.journal.call(
        source=caller(request.environ), target=PARTNER, operation=OPERATION, request=told
    ) as entry:
        if request.method != "GET":
            entry.outcome = "refused: only GET is served here"
            answer: AnyResponse = _page(HTTPStatus.METHOD_NOT_ALLOWED, "Follow the link instead")
            answer.headers["Allow"] = "GET"
        else:
            answer = _connect(world, entry)
        entry.status = answer.status_code
    answer.headers.update(HEADERS)
    return answer


def set_session_cookie(answer: AnyResponse, cookie: str) -> None:
    """Give the browser a session, for the portal of this world only."""
    from sandbox.fakes.invoice_cloud.customers.sessions import COOKIE_NAME

    answer.set_cookie(
        COOKIE_NAME,
        cookie,
        path=f"{request.script_root}/invoicecloud/portal/",
        httponly=True,
        samesite="Lax",
    )


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb to `connect`: a HEAD that Flask served as GET would use a token up."""
    endpoint = f"{blueprint.name}.connect"
    for path in PATHS:
        state.app.url_map.add(Rule(path, endpoint=endpoint))
    state.app.view_functions[endpoint] = connect


def _connect(world: World, entry: Entry) -> AnyResponse:
    """Check the link before its token is used up; a wrong link leaves the token good."""
    from sandbox.fakes.invoice_cloud.customers.sessions import redeem_token

    try:
        wanted = validate_query(OPERATION, request.args.items(multi=True))
    except RefusedError as refused:
        entry.outcome = refused.summary
        return _page(HTTPStatus.BAD_REQUEST, f"The link is not right: {refused.document['Field']}")
    facts = {"redirect_id": str(wanted["RedirectID"])}
    return_url = wanted.get("ReturnUrl", "")
    _strike(world, entry, "before", facts)
    try:
        cookie = redeem_token(
            world,
            wanted["RemoteAuthenticationToken"],
            css_url=wanted.get("CSSUrl", ""),
            return_url=return_url,
        )
    except PortalRefusedError as refused:
        entry.outcome = f"refused: {refused.message}"
        reason = refused.message[:1].upper() + refused.message[1:]
        return _page(HTTPStatus.FORBIDDEN, reason, remedy=refused.remedy, return_url=return_url)
    page = PAGES[wanted["RedirectID"]]
    entry.outcome = f"signed on, to {page.replace('-', ' ')}"
    _strike(world, entry, "after", facts)
    answer = redirect(f"{world.base_url}{PORTAL_PATH}/{page}")
    set_session_cookie(answer, cookie)
    return answer


def _strike(world: World, entry: Entry, moment: Moment, facts: dict[str, str]) -> None:
    try:
        world.faults.strike(PARTNER, OPERATION, moment, facts)
    except FaultStruck as fault:
        entry.status = fault.status if isinstance(fault, FaultyAnswer) else None
        entry.outcome = entry.outcome or "cut off before Invoice Cloud acted"
        raise


def _page(status: int, reason: str, *, remedy: str = "", return_url: str = "") -> Response:
    text = render_template(
        "invoice_cloud/sign_on_refused.html", reason=reason, remedy=remedy, return_url=return_url
    )
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")
