"""The magic cards and bank accounts of the sandbox: no other number is ever taken."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.fakes.invoice_cloud.processor.nacha import RETURN_CODES, ReturnCode


class InstrumentError(ValueError):
    """The number is none of the sandbox's own; the message lists those that are."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A test card and what its bank says."""

    number: str
    card_type: str
    approved: bool
    message: str


@dataclass(frozen=True, kw_only=True)
class BankAccount:
    """A test bank account; ACH payments are approved at once, returns come days later.

    With a `return_code`, the bank takes every payment back after the code's banking days.
    """

    routing_number: str
    account_number: str
    holder: str
    return_code: ReturnCode | None = None


CARDS = (
    Card(number="4111111111111111", card_type="VISA", approved=True, message="Approved"),
    Card(number="5555555555554444", card_type="MASTERCARD", approved=True, message="Approved"),
    Card(number="378282246310005", card_type="AMEX", approved=True, message="Approved"),
    Card(number="4000000000000002", card_type="VISA", approved=False, message="Declined"),
    Card(number="4000000000000069", card_type="VISA", approved=False, message="Expired card"),
    Card(
        number="4000000000009995", card_type="VISA", approved=False, message="Insufficient funds"
    ),
)


def _returned(code: ReturnCode) -> BankAccount:
    """Return the account of a code: its number ends in the code's digits."""
    days = f"after {code.banking_days} banking days"
    return BankAccount(
        routing_number="021000021",
        account_number=f"0009118800{code.code[1:]}",
        holder=f"returned {code.code} {code.reason} {days}",
        return_code=code,
    )


BANK_ACCOUNTS = (
    BankAccount(
        routing_number="011000015", account_number="000123456789", holder="personal checking"
    ),
    BankAccount(
        routing_number="011000015", account_number="000987654321", holder="personal savings"
    ),
    BankAccount(
        routing_number="021000021", account_number="000555666777", holder="commercial checking"
    ),
    *(_returned(code) for code in RETURN_CODES.values()),
)


def find_card(number: str) -> Card:
    for card in CARDS:
        if card.number == number:
            return card
    known = ", ".join(f"{card.number} ({card.card_type}, {card.message})" for card in CARDS)
    raise InstrumentError(f"the sandbox takes only its own test cards: {known}")


def find_bank_account(routing_number: str, account_number: str) -> BankAccount:
    for account in BANK_ACCOUNTS:
        if (account.routing_number, account.account_number) == (routing_number, account_number):
            return account
    known = ", ".join(f"{a.routing_number} {a.account_number} ({a.holder})" for a in BANK_ACCOUNTS)
    raise InstrumentError(f"the sandbox takes only its own test bank accounts: {known}")


def secret_numbers() -> tuple[str, ...]:
    """Return every number that no journal, report or database may hold."""
    return (*(card.number for card in CARDS), *(a.account_number for a in BANK_ACCOUNTS))
