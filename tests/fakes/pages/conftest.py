"""A payer's browser at one world's pages, over a real socket, with what it sees taken apart."""

import threading
from decimal import Decimal

import httpx
import pytest
from lxml import html

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.world.world import World

APPROVED, DECLINED = "4111111111111111", "4000000000000002"
CHECKING = {"routing_number": "011000015", "bank_account_number": "000123456789"}


class Sight:
    """An answer as a reader has it: its words, fields, errors and links."""

    def __init__(self, answer):
        self.answer = answer
        self.status = answer.status_code
        self.location = answer.headers.get("Location", "")
        self.tree = html.fromstring(answer.text)

    @property
    def text(self):
        return " ".join(self.tree.text_content().split())

    def value(self, name):
        (field,) = self.tree.xpath(f"//input[@name='{name}' and not(@type='radio')]")
        return field.get("value", "")

    def error_of(self, name):
        """Return the sentence beside a field that is marked as wrong, by its description."""
        for field in self.tree.xpath(f"//*[@name='{name}' and @aria-invalid='true']"):
            for one in field.get("aria-describedby").split():
                if one.endswith("-error"):
                    return self.tree.get_element_by_id(one).text_content()
        return None

    def links(self):
        return self.tree.xpath("//a/@href")


class Payer:
    """Someone with a browser, bills of the first biller, and no other way in than its pages."""

    def __init__(self, world, browser):
        self.world: World = world
        self.browser = browser
        self.slug = world.billers[0].slug
        self.book = world.book(InvoiceCloudBook)
        self.portal = f"{world.base_url}/invoicecloud/portal"

    def bill(self, number="30254", due="731.37", *, account="1004587", biller=0, **told):
        invoice = BilledInvoice(
            invoice_number=number,
            account_number=account,
            customer_name="Dana <Whitfield>",
            email_address="dana@example.com",
            invoice_date="12/20/2025",
            due_date="01/20/2026",
            autopay_date=told.get("autopay_date", ""),
            total_due=Decimal(due),
            allow_partial=told.get("allow_partial", False),
            details=((account, Decimal(due)),),
            address="1 Main Street\nUnit 2\nQuincy, IL 62301",
        )
        slug = self.world.billers[biller].slug
        posted = BillPosted(biller=slug, file_name="4500_01052026040000.BIF", invoice=invoice)
        self.book.record(posted)
        return self.book.bills[slug, number]

    def get(self, path, **query):
        return Sight(self.browser.get(self._url(path), params=query or None))

    def post(self, path, **form):
        return Sight(self.browser.post(self._url(path), data=form))

    def fill(self, path, **typed):
        """Return the form of a page that pays, filled in and not yet sent."""
        page = self.get(path)
        form = {name: page.value(name) for name in ("once", "shown")}
        return {**form, "method": "card", **typed}

    def pay(self, path, **typed):
        """Open a page that pays, fill in its form and send it."""
        return self.post(path, **self.fill(path, **typed))

    def paid(self):
        """Return every approved payment's invoices and amount, in order."""
        return [
            (*(share.invoice_number for share in p.made.shares), str(p.made.amount))
            for p in self.book.payments.values()
            if p.made.approved
        ]

    def balance(self, number="30254"):
        return str(self.book.bills[self.slug, number].balance)

    def at_once(self, path, form, count=2):
        """Send the same form so many times at the same moment."""
        ready = threading.Barrier(count)
        seen = []

        def send():
            with httpx.Client(timeout=30, trust_env=False, verify=False) as browser:  # noqa: S501
                ready.wait()
                seen.append(Sight(browser.post(self._url(path), data=form)))

        threads = [threading.Thread(target=send) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen

    def _url(self, path):
        """Return the address of a page, by its name, its path or its whole address."""
        if path.startswith("http"):
            return path
        if path.startswith("/"):
            return str(httpx.URL(self.world.base_url).join(path))
        return f"{self.portal}/{path}"


@pytest.fixture
def payer(world):
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    with httpx.Client(timeout=30, trust_env=False, verify=False) as browser:  # noqa: S501
        yield Payer(world, browser)


@pytest.fixture
def card():
    return {"method": "card", "card_number": APPROVED}


@pytest.fixture
def declined_card():
    return {"method": "card", "card_number": DECLINED}


@pytest.fixture
def bank_account():
    return {"method": "bank", **CHECKING}
