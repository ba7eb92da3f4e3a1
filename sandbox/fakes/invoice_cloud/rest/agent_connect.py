"""AgentConnect: an agent's system asks for a page that pays a customer's bills once (D5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.sessions import fingerprint_of
from sandbox.fakes.invoice_cloud.rest.call import Call
from sandbox.fakes.invoice_cloud.rest.errors import invalid, no_such_invoice
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

PAGE_PATH = "/invoicecloud/portal/agentconnect"
PAGE_MINUTES = 30
SECRET_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class PageOpened:
    """A page was asked for; whoever has its address may pay until it expires (UTC).

    Only the fingerprint of its address is kept; `agent` is the agent's log-in name.
    """

    fingerprint: str
    biller: str
    account_number: str
    invoice_numbers: tuple[str, ...]
    agent: str
    return_url: str
    css_url: str
    takes_cards: bool
    takes_bank_accounts: bool
    expires_at: datetime


class AgentConnectBook(Book):
    """The pages of one world, by the fingerprint of what stands in their address."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.pages: dict[str, PageOpened] = {}
        self._chance = world.chance(f"invoice_cloud:agent_connect:{world.name}")

    def next_secret(self) -> str:
        with self.lock:
            return self._chance.randbytes(SECRET_BYTES).hex()

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case PageOpened() as opened:
                self.pages[opened.fingerprint] = opened
            case event:
                raise TypeError(f"AgentConnect's book knows no {type(event).__name__}")


def open_page(call: Call) -> Response:
    """Answer the address of a page that pays one customer's bills."""
    wanted = call.read_body("OneTimePayment")
    customer = wanted["Customers"][0]
    account, numbers = customer["AccountNumber"], _numbers(customer)
    facts = {"account_number": account, "invoice_number": numbers[0]}
    call.strike("before", **facts)
    for place, number in enumerate(numbers):
        bill = call.world.book(InvoiceCloudBook).bill(call.biller.slug, number)
        if bill is None or bill.invoice.account_number != account:
            raise no_such_invoice(_field(place))
    book = call.world.book(AgentConnectBook)
    secret = book.next_secret()
    book.record(
        PageOpened(
            fingerprint=fingerprint_of(secret),
            biller=call.biller.slug,
            account_number=account,
            invoice_numbers=numbers,
            agent=wanted.get("UserLogName", ""),
            return_url=wanted.get("ReturnURL", ""),
            css_url=wanted.get("CSSUrl", ""),
            takes_cards=wanted.get("AllowCCPayment", True),
            takes_bank_accounts=wanted.get("AllowACHPayment", True),
            expires_at=call.world.clock.now() + timedelta(minutes=PAGE_MINUTES),
        )
    )
    call.entry.outcome = f"a page that pays invoice {', '.join(numbers)}"
    call.strike("after", **facts)
    url = f"{call.world.base_url}{PAGE_PATH}/{secret}"
    return call.answer({"Data": {"AgentConnectUrl": url}})


def find_page(world: World, secret: str) -> PageOpened | None:
    """Return the page of an address, if it has not expired."""
    opened = world.book(AgentConnectBook).pages.get(fingerprint_of(secret))
    return opened if opened and opened.expires_at > world.clock.now() else None


def _numbers(customer: dict[str, Any]) -> tuple[str, ...]:
    numbers: list[str] = []
    for place, invoice in enumerate(customer["Invoices"]):
        if invoice["InvoiceNumber"] in numbers:
            raise invalid(_field(place), "The invoice stands twice.")
        numbers.append(invoice["InvoiceNumber"])
    return tuple(numbers)


def _field(place: int) -> str:
    return f"Customers.0.Invoices.{place}.InvoiceNumber"
