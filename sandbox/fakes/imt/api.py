"""IMT's wire (B1 to B3): sessions and policy settings, as JSON:API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Request, Response, request

from sandbox.fakes.imt.book import ImtBook, SettingChanged
from sandbox.fakes.imt.documents import check_media_types, read_resource
from sandbox.fakes.imt.errors import (
    MEDIA_TYPE,
    RefusedError,
    conflict,
    method_not_allowed,
    no_such_path,
    no_such_policy,
)
from sandbox.fakes.imt.sessions import open_session, require_session, set_cookies
from sandbox.faults.effects import FaultStruck, FaultyAnswer
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.fault_board import Moment
from sandbox.world.journal import Entry
from sandbox.world.world import World

PARTNER = "imt"
SESSIONS, SETTINGS = "Sessions", "Settings"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Which attribute a method sets, under which schema of the contract, and what it is called.
VERBS = {
    "POST": ("PaperlessChange", "paperless"),
    "PATCH": ("BillModeChange", "bill_mode"),
}

blueprint = Blueprint("imt", __name__)


@dataclass(kw_only=True)
class Call:
    """One request on its way through IMT."""

    request: Request
    world: World
    entry: Entry
    biller: Biller

    def strike(self, moment: Moment, facts: Mapping[str, str]) -> None:
        """Let an armed fault strike; what was done so far stays in the journal."""
        facts = {"biller": self.biller.slug, **facts}
        try:
            self.world.faults.strike(PARTNER, self.entry.operation, moment, facts)
        except FaultStruck as fault:
            self.entry.status = fault.status if isinstance(fault, FaultyAnswer) else None
            self.entry.outcome = self.entry.outcome or "cut off before IMT acted"
            raise

    def answer(self, document: Mapping[str, Any], status: int = 200) -> Response:
        self.entry.response = document
        return Response(json.dumps(document), status, content_type=MEDIA_TYPE)


@blueprint.route("/imt/<company>/api/sessions/", methods=METHODS, strict_slashes=True)
def sessions(company: str) -> Response:
    """B1: open a session; only its cookie counts."""
    return _serve(SESSIONS, company, ("POST",), _open_session)


@blueprint.route("/imt/<company>/api/settings/<number>/", methods=METHODS, strict_slashes=True)
def settings(company: str, number: str) -> Response:
    """B2 and B3: change a policy's setting."""
    return _serve(SETTINGS, company, tuple(VERBS), lambda call: _change_setting(call, number))


@blueprint.route("/imt/<company>/api/", methods=METHODS, defaults={"path": ""})
@blueprint.route("/imt/<company>/api/<path:path>", methods=METHODS)
def unknown(company: str, path: str) -> Response:  # noqa: ARG001  # the route names it
    """Refuse every other path of the API in IMT's own words."""
    return _serve("unknown path", company, METHODS, _refuse_path)


def _serve(
    operation: str, company: str, allowed: tuple[str, ...], act: Callable[[Call], Response]
) -> Response:
    world = world_in(request.environ)
    with world.journal.call(
        source=caller(request.environ), target=PARTNER, operation=operation
    ) as entry:
        try:
            biller = _company(world, company)
            entry.tags["biller"] = biller.slug
            if request.method not in allowed:
                raise method_not_allowed(allowed)
            call = Call(request=request, world=world, entry=entry, biller=biller)
            response = act(call)
        except RefusedError as refused:
            entry.outcome, entry.response = refused.summary, refused.document
            response = Response(refused.body, refused.status, refused.headers)
        entry.status = response.status_code
        return response


def _open_session(call: Call) -> Response:
    check_media_types(call.request)
    resource = read_resource(call.request, "SessionRequest", kind="sessions")
    call.entry.request = {"username": resource["attributes"]["username"]}
    call.strike("before", {})
    opened, cookies = open_session(call.world, call.biller, resource["attributes"])
    call.entry.outcome = f"a session for {call.biller.name}"
    call.strike("after", {})
    attributes = {"username": resource["attributes"]["username"]}
    data = {"id": opened.session_id, "type": "sessions", "attributes": attributes}
    response = call.answer({"data": data}, 201)
    set_cookies(
        response,
        cookies,
        path=f"{call.request.script_root}/imt/{call.biller.imt.company_id}/",
        lifetime_seconds=call.world.behaviours.imt_session_lifetime_seconds,
    )
    return response


def _change_setting(call: Call, number: str) -> Response:
    require_session(call.world, call.biller, call.request.cookies)
    check_media_types(call.request)
    schema, name = VERBS[call.request.method]
    resource = read_resource(call.request, schema, kind="policy-settings")
    if resource["id"] != number:
        raise conflict("/data/id", "The id must be the one in the path.")
    value = resource["attributes"][name]
    call.entry.request = {"account_number": number, name: value}
    facts = {"account_number": number}
    call.strike("before", facts)
    book = call.world.book(ImtBook)
    if book.settings_of(call.biller, number) is None:
        raise no_such_policy(number)
    book.record(
        SettingChanged(biller=call.biller.slug, account_number=number, name=name, value=value)
    )
    told = str(value).lower()
    call.entry.outcome = f"policy {number}: {name.replace('_', ' ')} is {told}"
    call.strike("after", facts)
    attributes = book.settings[call.biller.slug, number].attributes
    return call.answer(
        {"data": {"type": "policy-settings", "id": number, "attributes": attributes}}
    )


def _refuse_path(_: Call) -> Response:
    raise no_such_path()


def _company(world: World, company: str) -> Biller:
    for biller in world.billers:
        if biller.imt.company_id == company:
            return biller
    raise no_such_path()
