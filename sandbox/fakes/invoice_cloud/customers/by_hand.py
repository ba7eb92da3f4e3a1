"""An account enrolled without a page, for QA: customer, login and payment option come along."""

from __future__ import annotations

from datetime import timedelta

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, unenroll
from sandbox.fakes.invoice_cloud.customers.methods import methods_of, store_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import find_account, register
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession
from sandbox.fakes.invoice_cloud.instruments import CARDS, BankAccount, Card
from sandbox.world.world import World

PHONE = "217 555 0123"


def enroll_account(
    world: World,
    biller: str,
    account_number: str,
    kind: EnrollmentKind,
    *,
    instrument: Card | BankAccount = CARDS[0],
) -> None:
    """Enroll an account under its oldest login, or a new one; AutoPay pays by `instrument`."""
    session = _session(world, biller, account_number)
    method_guid = ""
    if kind is EnrollmentKind.AUTOPAY:
        stored = [m for m in methods_of(world, session) if m.instrument == instrument]
        method = stored[0] if stored else store_method(world, session, instrument)
        method_guid = method.method_guid
    enroll(world, session, kind, method_guid=method_guid, phone=PHONE)


def unenroll_account(world: World, biller: str, account_number: str, kind: EnrollmentKind) -> None:
    """Take an account out, whichever of its logins enrolled it."""
    book = world.book(CustomersBook)
    for login_guid in list(book.standing(biller, account_number, kind)):
        unenroll(world, _session_of(world, biller, account_number, login_guid), kind)


def _session(world: World, biller: str, account_number: str) -> PortalSession:
    account = find_account(world, biller, account_number)
    if account is None:
        raise PortalRefusedError(
            f"Invoice Cloud has no account {account_number} of {biller}",
            field="account_number",
            remedy="Upload an invoice file first, or name an account of GET /_sandbox/state",
        )
    logins = world.book(CustomersBook).logins_of(biller, account_number)
    if not logins:
        email = account.email_address or f"payer-{account_number}@example.com"
        password = f"by hand {account.customer_guid}"
        logins = [register(world, biller, email, password, (account_number,)).login]
    return _session_of(world, biller, account_number, logins[0].guid)


def _session_of(world: World, biller: str, account_number: str, login_guid: str) -> PortalSession:
    return PortalSession(
        biller=biller,
        login_guid=login_guid,
        account_number=account_number,
        expires_at=world.clock.now() + timedelta(minutes=1),
    )
