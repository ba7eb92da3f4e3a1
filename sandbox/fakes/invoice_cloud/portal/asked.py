"""What the portal's forms ask for, read: money, days, and what to pay with."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from sandbox.fakes.invoice_cloud.customers.methods import methods_of, require_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.instruments import (
    BankAccount,
    Card,
    InstrumentError,
    find_bank_account,
    find_card,
)
from sandbox.fakes.invoice_cloud.portal.visit import Visit

_MONEY = re.compile(r"\$?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(\.[0-9]{1,2})?")
_BETWEEN = re.compile(r"[\s-]+")
_DAY_OF_MONTH = re.compile(r"[0-9]{1,2}")
_CHOOSE_LISTED = "Choose one of the numbers listed on this page"

# What is asked for one instrument; a number is never shown again.
SECRETS = ("card_number", "routing_number", "bank_account_number")


def read_amount(text: str) -> Decimal | None:
    """Read dollars; nothing stands for whatever is due."""
    if not text:
        return None
    found = _MONEY.fullmatch(text)
    if found is None:
        raise PortalRefusedError(
            "this is no amount", field="amount", remedy="Give dollars and cents, such as 125.50"
        )
    amount = Decimal(text.replace("$", "").replace(",", "").strip())
    if not amount:
        raise PortalRefusedError("an amount is above nothing", field="amount")
    return amount


def read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PortalRefusedError(
            "this is no day", field="on", remedy="Give year, month and day, such as 2026-01-20"
        ) from None


def read_day_of_month(text: str) -> int:
    if not _DAY_OF_MONTH.fullmatch(text):
        raise PortalRefusedError(
            "this is no day of the month", field="day_of_month", remedy="Give a number, such as 15"
        )
    return int(text)


def read_instrument(typed: dict[str, str]) -> Card | BankAccount:
    """Read a card or a bank account, of the sandbox's own only."""
    if typed["method"] == "card":
        try:
            return find_card(_BETWEEN.sub("", typed["card_number"]))
        except InstrumentError:
            raise PortalRefusedError(
                "the sandbox takes its own test cards only",
                field="card_number",
                remedy=_CHOOSE_LISTED,
            ) from None
    if typed["method"] != "bank":
        raise PortalRefusedError("choose a card or a bank account", field="method")
    routing, account = (_BETWEEN.sub("", typed[name]) for name in SECRETS[1:])
    try:
        return find_bank_account(routing, account)
    except InstrumentError:
        raise PortalRefusedError(
            "the sandbox takes its own test bank accounts only",
            field="bank_account_number",
            remedy=_CHOOSE_LISTED,
        ) from None


def read_payment_option(visit: Visit, typed: dict[str, str]) -> Card | BankAccount:
    """Read what to pay with: one of the login's stored options, or a new instrument."""
    if typed["method"] == "stored":
        return require_method(visit.world, visit.session, typed["method_guid"]).instrument
    return read_instrument(typed)


def stored_options(visit: Visit) -> list[tuple[str, str]]:
    """Return the login's payment options as a form offers them: GUID, and what a payer reads."""
    return [
        (method.method_guid, f"{method.label} ({method.words})" if method.label else method.words)
        for method in methods_of(visit.world, visit.session)
    ]
