"""Enrolling in paperless, AutoPay and pay by text, and who is enrolled (C5, D4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sandbox.fakes.invoice_cloud.customers.autopay import plan_account
from sandbox.fakes.invoice_cloud.customers.book import (
    CustomersBook,
    EnrollmentKind,
    Setting,
    SettingChosen,
)
from sandbox.fakes.invoice_cloud.customers.enrollment_pump import tell_if_changed
from sandbox.fakes.invoice_cloud.customers.methods import require_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import find_account
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession
from sandbox.fakes.invoice_cloud.customers.wallet import WalletBook
from sandbox.world.world import World

OPERATION = "Enrollment"
_PHONE = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """An account's enrolment that stands; `payment_type` is AutoPay's, `since` is UTC."""

    account_number: str
    customer_name: str
    email_address: str
    payment_type: str | None
    since: datetime


def enroll(
    world: World,
    session: PortalSession,
    kind: EnrollmentKind,
    *,
    method_guid: str = "",
    phone: str = "",
) -> None:
    """Enroll the session's account; AutoPay needs a payment option, pay by text a phone."""
    if kind is EnrollmentKind.AUTOPAY:
        require_method(world, session, method_guid)
    digits = _digits(phone) if kind is EnrollmentKind.PAY_BY_TEXT else ""
    _choose(world, session, kind, method_guid=method_guid, phone_last_four=digits[-4:])
    if kind is EnrollmentKind.AUTOPAY:
        plan_account(world, session.biller, session.account_number)


def unenroll(world: World, session: PortalSession, kind: EnrollmentKind) -> None:
    """End what the session's login has chosen; another login's choice stands."""
    if setting_of(world, session, kind) is not None:
        _choose(world, session, kind, enrolled=False)


def setting_of(world: World, session: PortalSession, kind: EnrollmentKind) -> Setting | None:
    """Return what the session's own login has chosen for its account."""
    standing = world.book(CustomersBook).standing(session.biller, session.account_number, kind)
    return standing.get(session.login_guid)


def enrolled(world: World, biller: str, kind: EnrollmentKind) -> list[Enrolled]:
    """Return the accounts of a biller that are enrolled now, in the order of enrolment."""
    book = world.book(CustomersBook)
    with book.locked():
        found = [
            _enrolled(world, biller, account_number, next(iter(settings.values())))
            for account_number, settings in book.standing_of_kind(biller, kind)
        ]
    return sorted(found, key=lambda told: (told.since, told.account_number))


def _enrolled(world: World, biller: str, account_number: str, setting: Setting) -> Enrolled:
    account = find_account(world, biller, account_number)
    method = world.book(WalletBook).methods.get(setting.method_guid)
    return Enrolled(
        account_number=account_number,
        customer_name=account.name if account else "",
        email_address=world.book(CustomersBook).logins[setting.login_guid].email_address,
        payment_type=method.kind if method else None,
        since=setting.since,
    )


def _choose(
    world: World,
    session: PortalSession,
    kind: EnrollmentKind,
    *,
    enrolled: bool = True,
    method_guid: str = "",
    phone_last_four: str = "",
) -> None:
    world.book(CustomersBook).record(
        SettingChosen(
            biller=session.biller,
            login_guid=session.login_guid,
            account_number=session.account_number,
            kind=kind,
            enrolled=enrolled,
            method_guid=method_guid,
            phone_last_four=phone_last_four,
        )
    )
    what = "enrolled in" if enrolled else "left"
    world.journal.event(
        target="invoice_cloud",
        operation=OPERATION,
        outcome=f"account {session.account_number} {what} {kind.words}",
        biller=session.biller,
        account_number=session.account_number,
    )
    tell_if_changed(world, session.biller, session.account_number, kind)


def _digits(phone: str) -> str:
    digits = re.sub(r"[\s().+-]", "", phone).removeprefix("1")
    if not _PHONE.fullmatch(digits):
        raise PortalRefusedError(
            "this is no phone number of the United States",
            field="phone",
            remedy="Give ten digits, such as 217 555 0123",
        )
    return digits
