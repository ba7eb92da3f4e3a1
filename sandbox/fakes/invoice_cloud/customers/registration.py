"""Accounts and logins: who exists, who is registered, and how a login comes to be (D1, D3)."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import (
    AccountLinked,
    AccountUnlinked,
    CustomerCreated,
    CustomersBook,
    EnrollmentKind,
    Login,
    LoginMade,
    PasswordChanged,
)
from sandbox.fakes.invoice_cloud.customers.enrollment_pump import tell_if_changed
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.world.billers import next_guid
from sandbox.world.world import World

HASH_ROUNDS = 1000
PASSWORD_LENGTH_MIN = 8
EMAIL_LENGTH_MAX = 254
# What a customer record's address is made of, in its order.
ADDRESS_LINES = ("Address1", "Address2", "City", "State", "Zip")
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that Invoice Cloud knows, from a bill or from a customer record.

    Only a customer record brings an `address`, line by line.
    """

    biller: str
    number: str
    customer_guid: str
    name: str
    email_address: str
    address: tuple[str, ...] = ("",) * len(ADDRESS_LINES)


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What a registration came to; `new_login` starts with empty settings."""

    login: Login
    new_login: bool


def find_account(world: World, biller: str, number: str) -> Account | None:
    """Return an account that was billed, or that a customer record was made for."""
    created = world.book(CustomersBook).customers.get((biller, number))
    if created is not None:
        return Account(
            biller=biller,
            number=number,
            customer_guid=created.customer_guid,
            name=created.name,
            email_address=created.email_address,
            address=created.address or ("",) * len(ADDRESS_LINES),
        )
    bills = world.book(InvoiceCloudBook).bills.values()
    billed = [b for b in bills if (b.biller, b.invoice.account_number) == (biller, number)]
    if not billed:
        return None
    return Account(
        biller=biller,
        number=number,
        customer_guid=_customer_guid(world, biller, number),
        name=billed[-1].invoice.customer_name,
        email_address=billed[-1].invoice.email_address,
    )


def find_account_by_guid(world: World, biller: str, customer_guid: str) -> Account | None:
    """Return a biller's account by its customer's GUID."""
    bills = world.book(InvoiceCloudBook).bills.values()
    numbers = {bill.invoice.account_number for bill in bills if bill.biller == biller}
    created = world.book(CustomersBook).customers
    numbers |= {number for owner, number in created if owner == biller}
    for number in sorted(numbers):
        if _customer_guid(world, biller, number) == customer_guid.lower():
            return find_account(world, biller, number)
    return None


def create_customer(
    world: World,
    biller: str,
    number: str,
    *,
    name: str,
    email_address: str = "",
    address: tuple[str, ...] = (),
) -> Account:
    """Make a customer record; refused where the account exists."""
    book = world.book(CustomersBook)
    with book.locked():
        if find_account(world, biller, number) is not None:
            raise PortalRefusedError(
                f"account {number} exists already",
                field="AccountNumber",
                remedy="Register it instead",
            )
        book.record(
            CustomerCreated(
                biller=biller,
                account_number=number,
                customer_guid=_customer_guid(world, biller, number),
                name=name,
                email_address=email_address,
                address=address,
            )
        )
    _tell(world, biller, f"a customer record for account {number}")
    account = find_account(world, biller, number)
    if account is None:
        raise LookupError(number)
    return account


def users_of(world: World, biller: str, number: str) -> list[Login]:
    return world.book(CustomersBook).logins_of(biller, number)


def register(
    world: World, biller: str, email_address: str, password: str, accounts: tuple[str, ...]
) -> Registered:
    """Give an e-mail address a login for these accounts, or link them to the one that it has.

    Without multiuser, the account's former logins lose it, and their settings end.
    """
    email = require_email(email_address)
    for number in accounts:
        if find_account(world, biller, number) is None:
            raise PortalRefusedError(
                f"there is no account {number}",
                field="AccountNumber",
                remedy="Give the account number of a bill, or create the customer first",
            )
    book = world.book(CustomersBook)
    with book.locked():
        login = book.find_login(biller, email)
        new_login = login is None
        if login is None:
            login = _make_login(world, book, biller, email, password)
        for number in accounts:
            _link(world, book, login.guid, biller, number)
        return Registered(login=book.logins[login.guid], new_login=new_login)


def update_password(world: World, biller: str, email_address: str, password: str) -> Login:
    """Give the login of an e-mail address another password; refused where there is none (D3)."""
    book = world.book(CustomersBook)
    with book.locked():
        login = book.find_login(biller, email_address)
        if login is None:
            raise PortalRefusedError(
                "no login has this e-mail address", field="EmailAddress", remedy="Register first"
            )
        password_hash = _hash(password, login.guid)
        book.record(PasswordChanged(login_guid=login.guid, password_hash=password_hash))
        _tell(world, biller, "a login's password was updated")
        return book.logins[login.guid]


def has_password(login: Login, password: str) -> bool:
    return hmac.compare_digest(login.password_hash, _hash(password, login.guid))


def require_email(text: str) -> str:
    email = text.strip()
    if len(email) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(email):
        raise PortalRefusedError(
            "this is no e-mail address",
            field="EmailAddress",
            remedy="Give an address such as pat@example.com",
        )
    return email


def require_password(text: str) -> str:
    if len(text) < PASSWORD_LENGTH_MIN:
        raise PortalRefusedError(
            f"a password has at least {PASSWORD_LENGTH_MIN} characters",
            field="Password",
            remedy="Choose a longer one",
        )
    return text


def _make_login(
    world: World, book: CustomersBook, biller: str, email: str, password: str
) -> Login:
    guid = next_guid(world.chance(f"login:{len(book.logins)}"))
    book.record(
        LoginMade(
            biller=biller,
            login_guid=guid,
            email_address=email,
            password_hash=_hash(password, guid),
        )
    )
    _tell(world, biller, "a new login, with empty settings")
    return book.logins[guid]


def _link(world: World, book: CustomersBook, login_guid: str, biller: str, number: str) -> None:
    if number in book.logins[login_guid].accounts:
        return
    if not world.behaviours.multiuser:
        for former in book.logins_of(biller, number):
            book.record(
                AccountUnlinked(biller=biller, login_guid=former.guid, account_number=number)
            )
            for kind in EnrollmentKind:
                tell_if_changed(world, biller, number, kind)
    book.record(AccountLinked(biller=biller, login_guid=login_guid, account_number=number))
    _tell(world, biller, f"account {number} registered")


def _customer_guid(world: World, biller: str, number: str) -> str:
    biller_guid = uuid.UUID(world.biller(biller).biller_guid)
    return str(uuid.uuid5(biller_guid, f"customer {number}"))


def _hash(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), HASH_ROUNDS).hex()


def _tell(world: World, biller: str, outcome: str) -> None:
    world.journal.event(
        target="invoice_cloud", operation="Register", outcome=outcome, biller=biller
    )
