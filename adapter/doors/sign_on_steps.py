"""The steps of a sign-on: create, register, authenticate, whichever are missing (D3).

Every step may be taken again: whoever asks anew after a failure is led on from where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.domain.registration import (
    AccountExistsError,
    Branch,
    Destination,
    PasswordMismatchError,
    Payer,
    branch_of,
)
from adapter.errors import BadInputError, OutcomeUnknownError
from adapter.ports import PayerAccountsPort


@dataclass(frozen=True, kw_only=True)
class SignedOn:
    """What a sign-on came to; `url` is good once, and not for long."""

    url: str
    branch: Branch
    password_updated: bool


def sign_on(accounts: PayerAccountsPort, payer: Payer, destination: Destination) -> SignedOn:
    """Take the steps of the payer's branch, and return the way in."""
    branch = branch_of(accounts.known_users(payer.account_number), payer.email_address)
    if branch.creates_customer:
        _create_customer(accounts, payer)
    if branch.registers:
        _register(accounts, payer)
    token, password_updated = _authenticate(accounts, payer)
    url = accounts.sign_on_url(token, destination)
    return SignedOn(url=url, branch=branch, password_updated=password_updated)


def _create_customer(accounts: PayerAccountsPort, payer: Payer) -> None:
    customer = payer.customer
    if customer is None:
        raise BadInputError(
            field="customer",
            value="",
            rule=f"Invoice Cloud has no account {payer.account_number} yet, so it is needed",
            remedy="Send the policy owner's name and address",
        )

    def create() -> None:
        try:
            accounts.create_customer(payer, customer)
        except AccountExistsError:
            return  # a bill came in between, or an earlier request did arrive

    _surely(create, lambda: accounts.known_users(payer.account_number).account_exists)


def _register(accounts: PayerAccountsPort, payer: Payer) -> None:
    _surely(
        lambda: accounts.register(payer),
        lambda: accounts.known_users(payer.account_number).has(payer.email_address),
    )


def _authenticate(accounts: PayerAccountsPort, payer: Payer) -> tuple[str, bool]:
    """Return a token, and whether the login's password had to be updated for it."""
    try:
        return accounts.authenticate(payer), False
    except PasswordMismatchError:
        accounts.update_password(payer.email_address)
        return accounts.authenticate(payer), True


def _surely(act: Callable[[], None], is_done: Callable[[], bool]) -> None:
    """Act; after a lost answer look whether it was done, and act once more if it was not.

    A request that is still on its way meanwhile does no harm: accounts are made once by their
    number, and logins once by their e-mail address.
    """
    try:
        act()
    except OutcomeUnknownError:
        if not is_done():
            act()
