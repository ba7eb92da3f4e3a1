"""The fields that name a card, a bank account or a stored option; only test numbers are taken."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.fakes.chrome.form import Form
from sandbox.fakes.invoice_cloud.customers.wallet import MethodStored
from sandbox.fakes.invoice_cloud.instruments import (
    BANK_ACCOUNTS,
    CARDS,
    BankAccount,
    Card,
    InstrumentError,
    find_bank_account,
    find_card,
)

CARD, BANK, STORED = "card", "bank", "stored"
PLAIN_FIELDS = ("method", "method_guid")
# Never shown again, and in no journal.
SECRET_FIELDS = ("card_number", "routing_number", "bank_account_number")
FROM_THE_LIST = "Take one from the list on this page; never enter a real one"


def read_instrument(
    form: Form,
    typed: dict[str, str],
    methods: Sequence[MethodStored] = (),
    kinds: tuple[str, ...] = (CARD, BANK, STORED),
) -> Card | BankAccount | None:
    """Return what a form pays with; None, with the form saying why, where it is nothing known."""
    kind = typed["method"]
    if kind not in kinds:
        form.refuse("method", "choose how to pay")
        return None
    if kind == STORED:
        for method in methods:
            if method.method_guid == typed["method_guid"]:
                return method.instrument
        form.refuse("method_guid", "choose one of your payment options")
        return None
    try:
        return _find_card(form, typed) if kind == CARD else _find_bank_account(form, typed)
    except InstrumentError:
        field = "card_number" if kind == CARD else "bank_account_number"
        form.refuse(field, "this is none of the sandbox's test numbers", FROM_THE_LIST)
        return None


def test_cards() -> list[tuple[str, str]]:
    """Return each card's number and what comes of it."""
    return [
        (card.number, f"{card.card_type}, {'approved' if card.approved else card.message.lower()}")
        for card in CARDS
    ]


def test_bank_accounts() -> list[tuple[str, str, str]]:
    """Return each account's routing number, number and what comes of it."""
    return [(one.routing_number, one.account_number, one.holder) for one in BANK_ACCOUNTS]


def _find_card(form: Form, typed: dict[str, str]) -> Card | None:
    number = _digits(typed["card_number"])
    if not number:
        form.refuse("card_number", "enter a card number", FROM_THE_LIST)
        return None
    return find_card(number)


def _find_bank_account(form: Form, typed: dict[str, str]) -> BankAccount | None:
    routing, number = _digits(typed["routing_number"]), _digits(typed["bank_account_number"])
    if not routing:
        form.refuse("routing_number", "enter a routing number", FROM_THE_LIST)
    if not number:
        form.refuse("bank_account_number", "enter an account number", FROM_THE_LIST)
    return find_bank_account(routing, number) if routing and number else None


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)
