"""The REST services' wire (D1, D5): every path, its method, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from sandbox.fakes.invoice_cloud.rest import agent_connect, customers, remote_authentication
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
    """What one path serves; `operation` is its operationId in the contract."""

    operation: str
    serve: Callable[[Call], Response]
    method: str = "POST"
    path_values: Mapping[str, str] = field(default_factory=dict)


# ASP.NET routes without regard to case, so the table is in lower case.
ROUTES: dict[str, Route] = {
    "api/v1/biller/status": Route(
        operation="BillerStatus", method="GET", serve=customers.tell_status
    ),
    "api/v1/customer/retrievecustomerguid": Route(
        operation="RetrieveCustomerGuid", serve=customers.retrieve_customer_guid
    ),
    "api/v1/customer/createcustomerrecord": Route(
        operation="CreateCustomerRecord", serve=customers.create_customer_record
    ),
    "api/v1/remoteauthentication/retrieveusers": Route(
        operation="RetrieveUsers", serve=remote_authentication.retrieve_users
    ),
    "api/v1/remoteauthentication/registeraccounts": Route(
        operation="RegisterAccounts", serve=remote_authentication.register_accounts
    ),
    "api/v1/remoteauthentication/updatepassword": Route(
        operation="UpdatePassword", serve=remote_authentication.change_password
    ),
    "api/v1/remoteauthentication/remoteauthentication": Route(
        operation="RemoteAuthentication", serve=remote_authentication.authenticate_remotely
    ),
    "agentconnectapi/onetimepayment/generateonetimepaymenturl": Route(
        operation="GenerateOneTimePaymentUrl", serve=agent_connect.open_page
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
        serve=customers.tell_account,
        path_values={"CustomerGuid": account.group(1)},
    )


def _serve(world: World, entry: Entry, route: Route | None) -> Response:
    if route is None:
        raise no_such_path()
    if request.method != route.method:
        raise method_not_allowed(route.method)
    biller = authenticate(world, request)
    entry.tags["biller"] = biller.slug
    return route.serve(
        Call(
            request=request,
            world=world,
            entry=entry,
            biller=biller,
            path_values=route.path_values,
        )
    )
