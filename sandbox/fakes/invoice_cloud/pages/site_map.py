"""Every page of Invoice Cloud's, by its path: which function shows it, and which takes its form."""

from __future__ import annotations

from functools import partial

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from sandbox.fakes.invoice_cloud.pages.visit import PORTAL, Page, serve, show_nowhere

HERE = "sandbox.fakes.invoice_cloud.pages"

blueprint = Blueprint("invoice_cloud_pages", __name__, template_folder="templates")

# A function is a `module:name`, imported when its page is first visited.
PAGES: dict[str, Page] = {
    "site/<biller>": Page("VirtualSite", show="virtual_site:find_bill"),
    "site/<biller>/bills/<number>": Page(
        "VirtualSite", show="virtual_site:show_bill", take="virtual_site:pay_bill"
    ),
    "site/<biller>/receipts/<guid>": Page("VirtualSite", show="virtual_site:show_receipt"),
    "agentconnect/<secret>": Page(
        "AgentConnect", show="agent_connect:show_bills", take="agent_connect:pay_bills"
    ),
    "agentconnect/<secret>/receipts/<guid>": Page(
        "AgentConnect", show="agent_connect:show_receipt"
    ),
    "biller/<biller>": Page("BillerPortal", show="biller_portal:show"),
}


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb of every page to its function, and every other path to a page that says no.

    The rules name no verbs, so that a wrong one is refused by a page too.
    """
    for path, page in PAGES.items():
        endpoint = f"{blueprint.name}.{path}"
        state.app.url_map.add(Rule(f"{PORTAL}/{path}", endpoint=endpoint, strict_slashes=False))
        state.app.view_functions[endpoint] = partial(serve, page.within(HERE))
    endpoint = f"{blueprint.name}.nowhere"
    for path in ("/", "/<path:path>"):
        state.app.url_map.add(Rule(f"{PORTAL}{path}", endpoint=endpoint, strict_slashes=False))
    state.app.view_functions[endpoint] = show_nowhere
