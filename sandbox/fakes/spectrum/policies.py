"""Spectrum's policy screen (D5): what an agent sees of a policy, and the Pay Now button."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import comes_from_elsewhere, guard
from sandbox.fakes.spectrum.agent_connect import PayNowError, open_payment_page
from sandbox.fakes.spectrum.book import Invoice, Receipt, SpectrumBook
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.world import World

PARTNER = "spectrum"
OPERATION = "PayNow"
PATH = "/spectrum/policies"
POLICIES_SHOWN = 100

blueprint = Blueprint("spectrum_policies", __name__, template_folder="templates")


@dataclass(frozen=True, kw_only=True)
class PolicyFile:
    """Everything that Spectrum's own book says of one policy; Invoice Cloud's is not looked at."""

    biller: Biller
    invoices: tuple[Invoice, ...]
    receipts: tuple[Receipt, ...]

    @property
    def policy(self) -> Any:
        return self.invoices[0].policy

    @property
    def open(self) -> tuple[Invoice, ...]:
        return tuple(invoice for invoice in self.invoices if invoice.balance > 0)


def show_policies() -> AnyResponse:
    """List the policies, or those that a search finds."""
    world = world_in(request.environ)
    if request.method not in {"GET", "HEAD"}:
        return _not_so(world, "GET")
    wanted = request.args.get("find", "").strip()[:100]
    invoices = list(world.book(SpectrumBook).invoices.values())
    found = [invoice for invoice in invoices if _matches(invoice, wanted)]
    names = {biller.slug: biller.name for biller in world.billers}
    shown = found[:POLICIES_SHOWN]
    return _page(world, "policies", wanted=wanted, found=shown, count=len(found), names=names)


def show_policy(policy_number: str) -> AnyResponse:
    world = world_in(request.environ)
    file = _open(world, policy_number)
    if file is None:
        return _page(world, "no_policy", HTTPStatus.NOT_FOUND, number=policy_number)
    if request.method in {"GET", "HEAD"}:
        return _page(world, "policy", file=file, failed=None)
    if request.method != "POST":
        return _not_so(world, "GET, POST")
    return _pay_now(world, file)


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb, so that a wrong one is refused by a page and not by the services."""
    for path, view in ((PATH, show_policies), (f"{PATH}/<policy_number>", show_policy)):
        endpoint = f"{blueprint.name}.{view.__name__}"
        state.app.url_map.add(Rule(path, endpoint=endpoint, strict_slashes=False))
        state.app.view_functions[endpoint] = view


def _pay_now(world: World, file: PolicyFile) -> AnyResponse:
    """Lead the agent to Invoice Cloud's page; it is opened anew for each press of the button."""
    with world.journal.call(
        source=caller(request.environ),
        target=PARTNER,
        operation=OPERATION,
        biller=file.biller.slug,
        policy_number=file.policy.policy_number,
    ) as entry:
        answer, entry.outcome = _lead(world, file)
        entry.status = answer.status_code
        return answer


def _lead(world: World, file: PolicyFile) -> tuple[AnyResponse, str]:
    """Return the way to the page, or the screen that says why there is none.

    No visitor has a session here: all that another site could bring about is an agent's page.
    """
    if comes_from_elsewhere(request.headers):
        failed = PayNowError("Another site sent this", "Press Pay Now on this page")
        return _page(world, "policy", HTTPStatus.FORBIDDEN, file=file, failed=failed), str(failed)
    if not file.open:
        failed = PayNowError("Nothing is due on this policy", "There is nothing to pay")
        return _page(world, "policy", HTTPStatus.CONFLICT, file=file, failed=failed), str(failed)
    back = f"{world.base_url}{PATH}/{file.policy.policy_number}"
    try:
        url = open_payment_page(world, file.biller, file.open, return_url=back)
    except PayNowError as failed:
        page = _page(world, "policy", HTTPStatus.BAD_GATEWAY, file=file, failed=failed)
        return page, failed.message
    answer = redirect(url, HTTPStatus.SEE_OTHER)
    guard(answer)
    return answer, "the agent goes on to AgentConnect"


def _open(world: World, policy_number: str) -> PolicyFile | None:
    """Collect what the book has of a policy; were two billers to share a number, the first's."""
    book = world.book(SpectrumBook)
    invoices = [i for i in book.invoices.values() if i.policy.policy_number == policy_number]
    if not invoices:
        return None
    biller = world.biller(invoices[0].biller)
    own = tuple(invoice for invoice in invoices if invoice.biller == biller.slug)
    numbers = {invoice.number for invoice in own}
    receipts = [r for r in book.receipts_of(biller) if r.applied.invoice_number in numbers]
    return PolicyFile(biller=biller, invoices=own, receipts=tuple(receipts))


def _matches(invoice: Invoice, wanted: str) -> bool:
    policy = invoice.policy
    told = f"{policy.policy_number} {policy.invoice_number} {policy.customer_name}"
    return wanted.casefold() in told.casefold()


def _not_so(world: World, allowed: str) -> AnyResponse:
    answer = _page(world, "no_policy", HTTPStatus.METHOD_NOT_ALLOWED, number="")
    answer.headers["Allow"] = allowed
    return answer


def _page(world: World, name: str, status: int = HTTPStatus.OK, **told: Any) -> Response:
    path = f"{request.script_root}{PATH}"
    text = render_template(f"spectrum/{name}.html", world=world, path=path, **told)
    answer = Response(text, status, content_type="text/html; charset=utf-8")
    guard(answer, leads_to=(world.base_url,))
    return answer
