"""Remote authentication over REST: users, registration, passwords, sign-on tokens (D1, D3)."""

from __future__ import annotations

from typing import Any

from flask import Response

from sandbox.fakes.invoice_cloud.customers.book import Login
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import (
    find_account,
    has_password,
    register,
    update_password,
    users_of,
)
from sandbox.fakes.invoice_cloud.customers.sessions import issue_token
from sandbox.fakes.invoice_cloud.rest.call import Call
from sandbox.fakes.invoice_cloud.rest.errors import (
    no_such_account,
    no_such_login,
    password_mismatch,
)


def retrieve_users(call: Call) -> Response:
    """Tell whether the account exists, and who is registered for it."""
    number = call.read_body("AccountQuery")["AccountNumber"]
    call.strike("before", account_number=number)
    account = find_account(call.world, call.biller.slug, number)
    users = users_of(call.world, call.biller.slug, number)
    exists = "exists" if account else "does not exist"
    call.entry.outcome = f"account {number} {exists}, logins: {len(users)}"
    call.strike("after", account_number=number)
    return call.answer(
        {
            "AccountExists": account is not None,
            "Registered": bool(users),
            "CustomerGuid": account.customer_guid if account else None,
            "Users": [_user(login) for login in users],
        }
    )


def register_accounts(call: Call) -> Response:
    """Give an e-mail address a login for these accounts, or none of them."""
    wanted = call.read_body("Registration")
    numbers = tuple(account["AccountNumber"] for account in wanted["Accounts"])
    email = wanted["EmailAddress"]
    call.strike("before", account_number=numbers[0])
    for place, number in enumerate(numbers):
        if find_account(call.world, call.biller.slug, number) is None:
            raise no_such_account(f"Accounts.{place}.AccountNumber")
    registered = register(call.world, call.biller.slug, email, wanted["PasswordToken"], numbers)
    what = "a new login" if registered.new_login else "a known login"
    call.entry.outcome = f"{what} for account {', '.join(numbers)}"
    call.strike("after", account_number=numbers[0])
    told = {
        "UserGuid": registered.login.guid,
        "EmailAddress": registered.login.email_address,
        "NewLogin": registered.new_login,
    }
    return call.answer(told, 201)


def change_password(call: Call) -> Response:
    """Put another password token in the place of what the login of an e-mail address had."""
    wanted = call.read_body("PasswordUpdate")
    call.strike("before")
    try:
        login = update_password(
            call.world, call.biller.slug, wanted["EmailAddress"], wanted["PasswordToken"]
        )
    except PortalRefusedError:
        raise no_such_login("No login has this e-mail address.") from None
    call.entry.outcome = "the login has another password token"
    call.strike("after")
    return call.answer({"UserGuid": login.guid})


def authenticate_remotely(call: Call) -> Response:
    """Exchange account, e-mail address and password token for a sign-on token."""
    wanted = call.read_body("RemoteAuthentication")
    number, email = wanted["AccountNumber"], wanted["EmailAddress"].strip().casefold()
    call.strike("before", account_number=number)
    if find_account(call.world, call.biller.slug, number) is None:
        raise no_such_account()
    logins = users_of(call.world, call.biller.slug, number)
    login = next((one for one in logins if one.email_address.casefold() == email), None)
    if login is None:
        raise no_such_login("No login of this e-mail address may act for the account.")
    if not has_password(login, wanted["PasswordToken"]):
        raise password_mismatch()
    token, expires_at = issue_token(call.world, login, number)
    call.entry.outcome = f"a sign-on token for account {number}"
    call.strike("after", account_number=number)
    return call.answer(
        {"RemoteAuthenticationToken": token, "ExpiresAt": f"{expires_at:%Y-%m-%dT%H:%M:%SZ}"}
    )


def _user(login: Login) -> dict[str, Any]:
    return {
        "UserGuid": login.guid,
        "EmailAddress": login.email_address,
        "LoginTypeID": 1,
        "RegistrationDate": f"{login.registered_at:%Y-%m-%dT%H:%M:%SZ}",
    }
