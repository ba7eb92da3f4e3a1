"""What an account is enrolled in, on and off: paperless, AutoPay and pay by text."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, setting_of, unenroll
from sandbox.fakes.invoice_cloud.customers.methods import methods_of
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.schedules import open_bills
from sandbox.fakes.invoice_cloud.portal.answers import lead_to
from sandbox.fakes.invoice_cloud.portal.asked import stored_options
from sandbox.fakes.invoice_cloud.portal.visit import Visit, form, signed_on

blueprint = Blueprint("settings", __name__)


@blueprint.get("/paperless")
@signed_on
def show_paperless(visit: Visit) -> AnyResponse:
    return _show(visit, "paperless", EnrollmentKind.PAPERLESS)


@blueprint.post("/paperless")
@form
def choose_paperless(visit: Visit) -> AnyResponse:
    if not _wants("on"):
        return _off(visit, EnrollmentKind.PAPERLESS, "paperless")
    enroll(visit.world, visit.session, EnrollmentKind.PAPERLESS)
    return lead_to("paperless", "saved")


@blueprint.get("/autopay")
@signed_on
def show_autopay(visit: Visit) -> AnyResponse:
    return _autopay(visit, Form(name="autopay"))


@blueprint.post("/autopay")
@form
def choose_autopay(visit: Visit) -> AnyResponse:
    """Turn AutoPay on with a payment option, give it another, or turn it off."""
    kind = EnrollmentKind.AUTOPAY
    if not _wants("on"):
        return _off(visit, kind, "autopay")
    told, typed = read_form(request.form, ("method_guid",), name="autopay")
    try:
        enroll(visit.world, visit.session, kind, method_guid=typed["method_guid"])
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _autopay(visit, told, 422)
    return lead_to("autopay", "saved")


@blueprint.get("/pay-by-text")
@signed_on
def show_pay_by_text(visit: Visit) -> AnyResponse:
    return _show(visit, "pay-by-text", EnrollmentKind.PAY_BY_TEXT, form=Form(name="text"))


@blueprint.post("/pay-by-text")
@form
def choose_pay_by_text(visit: Visit) -> AnyResponse:
    kind = EnrollmentKind.PAY_BY_TEXT
    if not _wants("on"):
        return _off(visit, kind, "pay-by-text")
    told, typed = read_form(request.form, ("phone",), name="text")
    try:
        enroll(visit.world, visit.session, kind, phone=typed["phone"])
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
        return _show(visit, "pay-by-text", kind, 422, form=told)
    return lead_to("pay-by-text", "saved")


def _autopay(visit: Visit, told: Form, status: int = 200) -> AnyResponse:
    kind = EnrollmentKind.AUTOPAY
    setting = setting_of(visit.world, visit.session, kind)
    methods = {one.method_guid: one for one in methods_of(visit.world, visit.session)}
    if setting is not None:
        told.values.setdefault("method_guid", setting.method_guid)
    return _show(
        visit,
        "autopay",
        kind,
        status,
        form=told,
        options=stored_options(visit),
        method=methods.get(setting.method_guid) if setting else None,
        bills=open_bills(visit.world, visit.session.biller, visit.session.account_number),
    )


def _show(
    visit: Visit, page: str, kind: EnrollmentKind, status: int = 200, **told: Any
) -> AnyResponse:
    """Show a setting; `others` are the account's further logins that have chosen it too."""
    session = visit.session
    standing = visit.world.book(CustomersBook).standing(
        session.biller, session.account_number, kind
    )
    return visit.page(
        page.replace("-", "_"),
        page,
        status,
        setting=standing.get(session.login_guid),
        others=len(standing.keys() - {session.login_guid}),
        **told,
    )


def _off(visit: Visit, kind: EnrollmentKind, page: str) -> AnyResponse:
    """Turn a setting off; a form that chose nothing changes nothing."""
    if not _wants("off"):
        return lead_to(page)
    unenroll(visit.world, visit.session, kind)
    return lead_to(page, "saved")


def _wants(choice: str) -> bool:
    return request.form.get("choice") == choice
