"""Payment options: cards and bank accounts of the sandbox, stored, changed and removed."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.methods import (
    methods_of,
    remove_method,
    require_method,
    store_method,
    update_method,
)
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.schedules import recurring_of, scheduled_of
from sandbox.fakes.invoice_cloud.customers.wallet import PlanState
from sandbox.fakes.invoice_cloud.portal.answers import lead_to
from sandbox.fakes.invoice_cloud.portal.asked import SECRETS, read_instrument
from sandbox.fakes.invoice_cloud.portal.visit import Visit, form, signed_on

PAGE = "payment-options"
FIELDS = ("method", "label")

blueprint = Blueprint("options", __name__)


@blueprint.get("/payment-options")
@signed_on
def show_options(visit: Visit) -> AnyResponse:
    return _list(visit, Form(name="option"))


@blueprint.post("/payment-options")
@form
def add_option(visit: Visit) -> AnyResponse:
    told, typed = read_form(request.form, FIELDS, name="option", secret=SECRETS)
    try:
        store_method(visit.world, visit.session, read_instrument(typed), typed["label"])
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _list(visit, told, 422)
    return lead_to(PAGE, "stored")


@blueprint.get("/payment-options/<guid>")
@signed_on
def show_option(visit: Visit, guid: str) -> AnyResponse:
    return _one(visit, guid, None)


@blueprint.post("/payment-options/<guid>")
@form
def change_option(visit: Visit, guid: str) -> AnyResponse:
    told, typed = read_form(request.form, FIELDS, name="option", secret=SECRETS)
    try:
        require_method(visit.world, visit.session, guid)
        update_method(visit.world, visit.session, guid, read_instrument(typed), typed["label"])
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _one(visit, guid, told, 422)
    return lead_to(PAGE, "updated")


@blueprint.post("/payment-options/<guid>/remove")
@form
def remove_option(visit: Visit, guid: str) -> AnyResponse:
    try:
        remove_method(visit.world, visit.session, guid)
    except PortalRefusedError as refused:
        return visit.page("refused", PAGE, 404, refused=refused)
    return lead_to(PAGE, "removed")


def _list(visit: Visit, told: Form, status: int = 200) -> AnyResponse:
    methods = methods_of(visit.world, visit.session)
    uses = {one.method_guid: _uses(visit, one.method_guid) for one in methods}
    return visit.page("payment_options", PAGE, status, methods=methods, uses=uses, form=told)


def _one(visit: Visit, guid: str, told: Form | None, status: int = 200) -> AnyResponse:
    try:
        method = require_method(visit.world, visit.session, guid)
    except PortalRefusedError as refused:
        return visit.page("refused", PAGE, 404, refused=refused)
    if told is None:
        kind = "card" if method.kind == "CreditCard" else "bank"
        told = Form(name="option", values={"label": method.label, "method": kind})
    return visit.page(
        "payment_option",
        PAGE,
        status,
        within=True,
        method=method,
        form=told,
        uses=_uses(visit, guid),
    )


def _uses(visit: Visit, guid: str) -> list[str]:
    """Return what is planned with an option, for its owner to know before removing it."""
    world, session = visit.world, visit.session
    standing = world.book(CustomersBook).standing
    autopay = [
        number
        for number in visit.accounts
        if (chosen := standing(session.biller, number, EnrollmentKind.AUTOPAY))
        and session.login_guid in chosen
        and chosen[session.login_guid].method_guid == guid
    ]
    scheduled = [
        plan
        for plan in scheduled_of(world, session)
        if plan.state is PlanState.SCHEDULED and plan.planned.method_guid == guid
    ]
    recurring = [one for one in recurring_of(world, session) if one.added.method_guid == guid]
    uses = [f"AutoPay of account {number}" for number in autopay]
    if scheduled:
        uses.append(_count(len(scheduled), "scheduled payment"))
    if recurring:
        uses.append(_count(len(recurring), "recurring payment"))
    return uses


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number > 1 else "")
