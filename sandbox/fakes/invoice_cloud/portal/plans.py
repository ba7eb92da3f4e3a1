"""Payments to come: scheduled for a day, or recurring every month."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.customers.due import today
from sandbox.fakes.invoice_cloud.customers.methods import methods_of
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.schedules import (
    DAY_OF_MONTH_MAX,
    DAYS_AHEAD_MAX,
    add_recurring,
    cancel_recurring,
    cancel_scheduled,
    change_scheduled,
    open_bills,
    recurring_of,
    schedule_payment,
    scheduled_of,
)
from sandbox.fakes.invoice_cloud.customers.wallet import Plan, PlanState
from sandbox.fakes.invoice_cloud.portal.answers import lead_to
from sandbox.fakes.invoice_cloud.portal.asked import (
    read_amount,
    read_day,
    read_day_of_month,
    stored_options,
)
from sandbox.fakes.invoice_cloud.portal.visit import Visit, form, signed_on

CHANGED = ("method_guid", "on", "amount")

blueprint = Blueprint("plans", __name__)


@blueprint.get("/scheduled")
@signed_on
def show_scheduled(visit: Visit) -> AnyResponse:
    told = Form(name="plan", values={"invoice_number": request.args.get("invoice", "")[:20]})
    return _scheduled(visit, told)


@blueprint.post("/scheduled")
@form
def schedule(visit: Visit) -> AnyResponse:
    told, typed = read_form(request.form, ("invoice_number", *CHANGED), name="plan")
    try:
        schedule_payment(
            visit.world,
            visit.session,
            typed["invoice_number"],
            method_guid=typed["method_guid"],
            on=read_day(typed["on"]),
            amount=read_amount(typed["amount"]),
        )
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _scheduled(visit, told, 422)
    return lead_to("scheduled", "scheduled")


@blueprint.get("/scheduled/<guid>")
@signed_on
def show_plan(visit: Visit, guid: str) -> AnyResponse:
    return _plan(visit, guid, None)


@blueprint.post("/scheduled/<guid>")
@form
def change_plan(visit: Visit, guid: str) -> AnyResponse:
    told, typed = read_form(request.form, CHANGED, name="plan")
    try:
        change_scheduled(
            visit.world,
            visit.session,
            guid,
            method_guid=typed["method_guid"],
            on=read_day(typed["on"]),
            amount=read_amount(typed["amount"]),
        )
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _plan(visit, guid, told, 422)
    return lead_to("scheduled", "changed")


@blueprint.post("/scheduled/<guid>/cancel")
@form
def cancel_plan(visit: Visit, guid: str) -> AnyResponse:
    try:
        cancel_scheduled(visit.world, visit.session, guid)
    except PortalRefusedError as refused:
        status = 409 if _find(visit, guid) else 404
        return visit.page("refused", "scheduled", status, refused=refused)
    return lead_to("scheduled", "cancelled")


@blueprint.get("/recurring")
@signed_on
def show_recurring(visit: Visit) -> AnyResponse:
    return _recurring(visit, Form(name="recurring"))


@blueprint.post("/recurring")
@form
def recur(visit: Visit) -> AnyResponse:
    told, typed = read_form(
        request.form, ("method_guid", "day_of_month", "amount"), name="recurring"
    )
    try:
        add_recurring(
            visit.world,
            visit.session,
            typed["method_guid"],
            read_day_of_month(typed["day_of_month"]),
            read_amount(typed["amount"]),
        )
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _recurring(visit, told, 422)
    return lead_to("recurring", "recurring-added")


@blueprint.post("/recurring/<guid>/cancel")
@form
def end_recurring(visit: Visit, guid: str) -> AnyResponse:
    try:
        cancel_recurring(visit.world, visit.session, guid)
    except PortalRefusedError as refused:
        return visit.page("refused", "recurring", 404, refused=refused)
    return lead_to("recurring", "recurring-cancelled")


def _scheduled(visit: Visit, told: Form, status: int = 200) -> AnyResponse:
    """Show what is still to be paid first, then what became of the others."""
    plans = scheduled_of(visit.world, visit.session)
    coming = [plan for plan in plans if plan.state is PlanState.SCHEDULED]
    return visit.page(
        "scheduled",
        "scheduled",
        status,
        coming=sorted(coming, key=lambda plan: plan.planned.on),
        past=[plan for plan in reversed(plans) if plan.state is not PlanState.SCHEDULED],
        bills=open_bills(visit.world, visit.session.biller, visit.session.account_number),
        form=told,
        **_choices(visit),
    )


def _plan(visit: Visit, guid: str, told: Form | None, status: int = 200) -> AnyResponse:
    plan = _find(visit, guid)
    if plan is None:
        refused = PortalRefusedError("this is none of your scheduled payments")
        return visit.page("refused", "scheduled", 404, refused=refused)
    if told is None:
        amount = plan.planned.amount
        values = {
            "method_guid": plan.planned.method_guid,
            "on": plan.planned.on.isoformat(),
            "amount": "" if amount is None else f"{amount:.2f}",
        }
        told = Form(name="plan", values=values)
    return visit.page(
        "scheduled_payment",
        "scheduled",
        status,
        within=True,
        plan=plan,
        form=told,
        **_choices(visit),
    )


def _recurring(visit: Visit, told: Form, status: int = 200) -> AnyResponse:
    return visit.page(
        "recurring",
        "recurring",
        status,
        recurring=recurring_of(visit.world, visit.session),
        last_day=DAY_OF_MONTH_MAX,
        form=told,
        **_choices(visit),
    )


def _choices(visit: Visit) -> dict[str, Any]:
    """Return what a plan can be made of: options by GUID, and the days that may be chosen."""
    now = today(visit.world)
    methods = methods_of(visit.world, visit.session)
    return {
        "options": stored_options(visit),
        "methods": {one.method_guid: one for one in methods},
        "first": now + timedelta(days=1),
        "last": now + timedelta(days=DAYS_AHEAD_MAX),
    }


def _find(visit: Visit, guid: str) -> Plan | None:
    plans = scheduled_of(visit.world, visit.session)
    return next((plan for plan in plans if plan.planned.plan_guid == guid), None)
