"""Registering and signing on a payer: what follows from what Invoice Cloud knows (D2, D3)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from adapter.errors import RejectedError


class Redirect(enum.IntEnum):
    """Where CloudSSO leads (D2), by its RedirectID; the technical design names these only."""

    RECENT_BILLS = 1
    PAPERLESS = 2
    AUTOPAY = 3
    PAYMENT_OPTIONS = 5
    SCHEDULED_PAYMENTS = 9
    RECURRING_PAYMENTS = 10
    PAY_BY_TEXT = 11


class Branch(enum.Enum):
    """What D3 does for a payer; `NEW_LOGIN` is how its matching by e-mail ends without a match."""

    CREATED = "created"  # no such account: create the customer, register, authenticate
    REGISTERED = "registered"  # nobody is registered for the account: register, authenticate
    NEW_LOGIN = "new_login"  # others are: register a login that starts empty, authenticate
    AUTHENTICATED = "authenticated"  # this e-mail address is: authenticate

    @property
    def creates_customer(self) -> bool:
        return self is Branch.CREATED

    @property
    def registers(self) -> bool:
        return self is not Branch.AUTHENTICATED


@dataclass(frozen=True, kw_only=True)
class KnownUsers:
    """What Invoice Cloud's Retrieve Users knows of an account: the logins that may act for it."""

    account_exists: bool
    registered: bool
    email_addresses: tuple[str, ...] = ()

    def has(self, email_address: str) -> bool:
        wanted = matching_form(email_address)
        return any(matching_form(known) == wanted for known in self.email_addresses)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who owns a policy, as IMT has confirmed it; for an account that is still to be created."""

    name: str
    address1: str
    address2: str
    city: str
    state: str
    zip_code: str


@dataclass(frozen=True, kw_only=True)
class Payer:
    """Someone who signs on for an account; IMT has confirmed that the policy is theirs."""

    account_number: str
    email_address: str
    customer: Customer | None


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a payer goes: a page, perhaps styled, and perhaps with a way back."""

    redirect: Redirect
    css_url: str = ""
    return_url: str = ""


class AccountExistsError(RejectedError):
    """The account to create exists by now, which is as good."""


class PasswordMismatchError(RejectedError):
    """The login has another password: one that the payer chose, or one of a former seed."""


def matching_form(email_address: str) -> str:
    """Return what two spellings of one e-mail address have in common (decision 0022)."""
    return email_address.strip().lower()


def branch_of(known: KnownUsers, email_address: str) -> Branch:
    """Tell D3's branch for an e-mail address."""
    if not known.account_exists:
        return Branch.CREATED
    if known.has(email_address):
        return Branch.AUTHENTICATED
    return Branch.NEW_LOGIN if known.registered else Branch.REGISTERED
