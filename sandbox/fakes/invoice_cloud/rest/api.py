"""The REST services' wire (D1, D5): every path, its method, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from sandbox.fakes import load
from sandbox.fakes.invoice_cloud.rest.call import Call, authenticate
from sandbox.fakes.invoice_cloud.rest.errors import (
    RefusedError,
    method_not_allowed,
    no_such_path,
)
from sandbox.fakes.invoice_cloud.rest.validation import PARTNER
from sandbox.world.binding import caller, world_in
from sandbox.world.journal import Entry
from sandbox.world.world import World

ROOTS = ("/invoicecloud/api", "/invoicecloud/agentconnectapi")
PATH_SHOWN = 200
_ACCOUNT_PATH = re.compile(r"api/v1/cp/([0-9a-f-]{1,50})/account")

blueprint = Blueprint("invoice_cloud_rest", __name__)


@dataclass(frozen=True, kw_only=True)
class Route:
    """What one path serves; `operation` is its operationId in the contract.

    `serve` is a `module:name`, imported at the first request, so that start-up stays fast.
    """

    operation: str
    serve: str
    method: str = "POST"
    path_values: Mapping[str, str] = field(default_factory=dict)


CUSTOMERS = "sandbox.fakes.invoice_cloud.rest.customers"
REMOTE_AUTHENTICATION = "sandbox.fakes.invoice_cloud.rest.remote_authentication"
AGENT_CONNECT = "sandbox.fakes.invoice_cloud.rest.agent_connect"
# ASP.NET routes without regard to case, so the table is in lower case.
ROUTES: dict[str, Route] = {
    "api/v1/biller/status": Route(
        operation="BillerStatus", method="GET", serve=f"{CUSTOMERS}:tell_status"
    ),
    "api/v1/customer/retrievecustomerguid": Route(
        operation="RetrieveCustomerGuid", serve=f"{CUSTOMERS}:retrieve_customer_guid"
    ),
    "api/v1/customer/createcustomerrecord": Route(
        operation="CreateCustomerRecord", serve=f"{CUSTOMERS}:create_customer_record"
    ),
    "api/v1/remoteauthentication/retrieveusers": Route(
        operation="RetrieveUsers", serve=f"{REMOTE_AUTHENTICATION}:retrieve_users"
    ),
    "api/v1/remoteauthentication/registeraccounts": Route(
        operation="RegisterAccounts", serve=f"{REMOTE_AUTHENTICATION}:register_accounts"
    ),
    "api/v1/remoteauthentication/updatepassword": Route(
        operation="UpdatePassword", serve=f"{REMOTE_AUTHENTICATION}:change_password"
    ),
    "api/v1/remoteauthentication/remoteauthentication": Route(
        operation="RemoteAuthentication", serve=f"{REMOTE_AUTHENTICATION}:authenticate_remotely"
    ),
    "agentconnectapi/onetimepayment/generateonetimepaymenturl": Route(
        operation="GenerateOneTimePaymentUrl", serve=f"{AGENT_CONNECT}:open_page"
    ),
}


def serve(path: str = "") -> Response:  # noqa: ARG001  # the rule names it
    """Serve one request and keep it in the world's journal."""
    world = world_in(request.environ)
    route = _find(request.path.removeprefix("/invoicecloud/").rstrip("/").lower())
    with world.journal.call(
        source=caller(request.environ),
        target=PARTNER,
        operation=route.operation if route else "unknown path",
        request=None if route else request.path[:PATH_SHOWN],
    ) as entry:
        try:
            response = _serve(world, entry, route)
        except RefusedError as refused:
            response = Response(refused.body, refused.status, refused.headers)
            entry.outcome, entry.response = refused.summary, refused.document
        entry.status = response.status_code
        return response


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb and every path of the services to `serve`, so that it says every no."""
    endpoint = f"{blueprint.name}.serve"
    for rule in [spelled for root in ROOTS for spelled in (f"{root}/", f"{root}/<path:path>")]:
        state.app.url_map.add(Rule(rule, endpoint=endpoint, merge_slashes=False))
    state.app.view_functions[endpoint] = serve


def _find(path: str) -> Route | None:
    account = _ACCOUNT_PATH.fullmatch(path)
    if account is None:
        return ROUTES.get(path)
    return Route(
        operation="CustomerAccount",
        method="GET",
        serve=f"{CUSTOMERS}:tell_account",
        path_values={"CustomerGuid": account.group(1)},
    )


def _serve(world: World, entry: Entry, route: Route | None) -> Response:
    if route is None:
        raise no_such_path()
    if request.method != route.method:
        raise method_not_allowed(route.method)
    biller = authenticate(world, request)
    entry.tags["biller"] = biller.slug
    return _operation(route.serve)(
        Call(
            request=request,
            world=world,
            entry=entry,
            biller=biller,
            path_values=route.path_values,
        )
    )


@cache
def _operation(reference: str) -> Callable[[Call], Response]:
    operation: Callable[[Call], Response] = load(reference)
    return operation
