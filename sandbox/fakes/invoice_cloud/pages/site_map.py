"""The pages without a log-in, by path: which function shows each, and which takes its form."""

from __future__ import annotations

from functools import partial

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from sandbox.fakes.invoice_cloud.pages.visit import PORTAL, Page, serve, show_nowhere

# The Customer Portal, which has sessions, is `sandbox.fakes.invoice_cloud.portal`.
VIRTUAL_SITE = "sandbox.fakes.invoice_cloud.pages.virtual_site"
AGENT_CONNECT = "sandbox.fakes.invoice_cloud.pages.agent_connect"
BILLER_PORTAL = "sandbox.fakes.invoice_cloud.pages.biller_portal"

blueprint = Blueprint("invoice_cloud_pages", __name__, template_folder="templates")

# A function is a `module:name`, imported when its page is first visited.
PAGES: dict[str, Page] = {
    "site/<biller>": Page("VirtualSite", show=f"{VIRTUAL_SITE}:find_bill"),
    "site/<biller>/bills/<number>": Page(
        "VirtualSite", show=f"{VIRTUAL_SITE}:show_bill", take=f"{VIRTUAL_SITE}:pay_bill"
    ),
    "site/<biller>/receipts/<guid>": Page("VirtualSite", show=f"{VIRTUAL_SITE}:show_receipt"),
    "agentconnect/<secret>": Page(
        "AgentConnect", show=f"{AGENT_CONNECT}:show_bills", take=f"{AGENT_CONNECT}:pay_bills"
    ),
    "agentconnect/<secret>/receipts/<guid>": Page(
        "AgentConnect", show=f"{AGENT_CONNECT}:show_receipt"
    ),
    "biller/<biller>": Page("BillerPortal", show=f"{BILLER_PORTAL}:show"),
}


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb of every page to its function, and every other path to a page that says no.

    The rules name no verbs, so that a wrong one is refused by a page too.
    """
    for path, page in PAGES.items():
        endpoint = f"{blueprint.name}.{path}"
        state.app.url_map.add(Rule(f"{PORTAL}/{path}", endpoint=endpoint, strict_slashes=False))
        state.app.view_functions[endpoint] = partial(serve, page)
    endpoint = f"{blueprint.name}.nowhere"
    for path in ("/", "/<path:path>"):
        state.app.url_map.add(Rule(f"{PORTAL}{path}", endpoint=endpoint, strict_slashes=False))
    state.app.view_functions[endpoint] = show_nowhere
