"""Customers of one biller: two accounts with a bill each, and ways to sign on."""

from datetime import date
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.customers.sessions import register_payer, session_of
from sandbox.fakes.invoice_cloud.customers.wallet import WalletBook
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

PASSWORD = "correct horse battery"


class Customers:
    """One world's customers, and what its book says of their money."""

    def __init__(self, world):
        self.world = world
        self.slug = world.billers[0].slug
        self.book = world.book(CustomersBook)
        self.wallet = world.book(WalletBook)
        self.bill("101", "1001")
        self.bill("102", "1002")

    def bill(
        self, number, account, due="50.00", *, autopay_date="", due_date="01/20/2026", **told
    ):
        invoice = BilledInvoice(
            invoice_number=number,
            account_number=account,
            customer_name=f"Payer of {account}",
            email_address=f"{account}@example.com",
            invoice_date="01/02/2026",
            due_date=due_date,
            autopay_date=autopay_date,
            total_due=Decimal(due),
            allow_partial=told.get("allow_partial", False),
            details=((account, Decimal(due)),),
        )
        posted = BillPosted(biller=self.slug, file_name="a.BIF", invoice=invoice)
        self.world.book(InvoiceCloudBook).record(posted)
        return self.world.book(InvoiceCloudBook).bills[self.slug, number]

    def sign_on(self, account="1001", email="pat@example.com"):
        cookie = register_payer(self.world, self.slug, account, email, PASSWORD)
        return session_of(self.world, cookie)

    def paid(self):
        """Return invoice number and amount of every approved payment, in order."""
        payments = self.world.book(InvoiceCloudBook).payments.values()
        return [(p.made.invoice_number, str(p.made.amount)) for p in payments if p.made.approved]

    def days(self, count):
        self.world.clock.advance(count * 24 * 3600)

    def outcomes(self, operation):
        return [entry.outcome for entry in self.world.journal.entries(operation=operation)]

    def told(self):
        """Return account, kind and direction of every change that the pump is to tell."""
        return [
            (p.change.account_number, p.change.kind.value, p.change.enrolled)
            for p in self.book.changes.values()
        ]


@pytest.fixture
def customers():
    return Customers(World(seed=1, start=DEMO_START))


@pytest.fixture
def tomorrow():
    return date(2026, 1, 6)
