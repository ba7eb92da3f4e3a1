"""Customers over REST: is the key good, who is a customer, and a record for a new one (D1)."""

from __future__ import annotations

from typing import Any

from flask import Response

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import (
    ADDRESS_LINES,
    Account,
    create_customer,
    find_account,
    find_account_by_guid,
    users_of,
)
from sandbox.fakes.invoice_cloud.customers.schedules import open_bills
from sandbox.fakes.invoice_cloud.rest.call import Call
from sandbox.fakes.invoice_cloud.rest.errors import (
    account_exists,
    no_such_account,
    no_such_customer,
)
from sandbox.world.world import World


def tell_status(call: Call) -> Response:
    """Say that the key is good, and whose it is."""
    call.strike("before")
    biller = call.biller
    call.entry.outcome = f"the key of {biller.name}"
    call.strike("after")
    return call.answer(
        {"Status": "Active", "BillerGUID": biller.biller_guid, "BillerName": biller.name}
    )


def retrieve_customer_guid(call: Call) -> Response:
    """Find a customer by account number; what else is told about it has to be right."""
    wanted = call.read_body("CustomerQuery")
    number = wanted["AccountNumber"]
    call.strike("before", account_number=number)
    account = find_account(call.world, call.biller.slug, number)
    if account is None:
        raise no_such_account()
    names = {login.email_address for login in users_of(call.world, call.biller.slug, number)}
    _require(wanted, "EmailAddress", {account.email_address, *names})
    _require(wanted, "Username", names)
    call.entry.outcome = f"the customer of account {number}"
    call.strike("after", account_number=number)
    return call.answer({"CustomerGuid": account.customer_guid})


def tell_account(call: Call) -> Response:
    """Tell a customer's account in the words of the web service ViewCustomerRecord."""
    guid = call.path_values["CustomerGuid"]
    call.strike("before", customer_guid=guid)
    account = find_account_by_guid(call.world, call.biller.slug, guid)
    if account is None:
        raise no_such_customer("There is no such customer.", field="CustomerGuid")
    call.entry.outcome = f"account {account.number}"
    call.strike("after", customer_guid=guid)
    return call.answer(_account(call.world, account))


def create_customer_record(call: Call) -> Response:
    """D1: make a customer record for an account that Invoice Cloud does not know."""
    wanted = call.read_body("CustomerRecord")
    number = wanted["AccountNumber"]
    call.strike("before", account_number=number)
    try:
        account = create_customer(
            call.world,
            call.biller.slug,
            number,
            name=wanted["CustomerName"],
            email_address=wanted["EmailAddress"],
            address=tuple(wanted.get(line) or "" for line in ADDRESS_LINES),
        )
    except PortalRefusedError:
        raise account_exists() from None
    call.entry.outcome = f"a customer record for account {number}"
    call.strike("after", account_number=number)
    return call.answer({"CustomerGuid": account.customer_guid}, 201)


def _require(wanted: dict[str, Any], field: str, right: set[str]) -> None:
    told = (wanted.get(field) or "").strip().casefold()
    if told and told not in {value.casefold() for value in right}:
        raise no_such_customer("The account's customer has another one.", field=field)


def _account(world: World, account: Account) -> dict[str, Any]:
    book = world.book(CustomersBook)
    logins = book.logins_of(account.biller, account.number)
    registered_at = f"{logins[0].registered_at:%Y-%m-%dT%H:%M:%SZ}" if logins else None

    def stands(kind: EnrollmentKind) -> bool:
        return bool(book.standing(account.biller, account.number, kind))

    return {
        "CustomerGuid": account.customer_guid,
        "AccountNumber": account.number,
        "CustomerName": account.name,
        **dict(zip(ADDRESS_LINES, account.address, strict=False)),
        "EmailAddress": account.email_address,
        "Registered": bool(logins),
        "RegistrationDate": registered_at,
        "LoginName": logins[0].email_address if logins else None,
        "AutoPay": stands(EnrollmentKind.AUTOPAY),
        "PaperInvoices": not stands(EnrollmentKind.PAPERLESS),
        "Invoices": [
            {
                "InvoiceNumber": bill.invoice.invoice_number,
                "InvoiceDueDate": bill.invoice.due_date,
                "BalanceDue": f"{bill.balance:.2f}",
            }
            for bill in open_bills(world, account.biller, account.number)
        ],
    }
