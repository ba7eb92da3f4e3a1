"""A payer's browser at the customer portal, led there by CloudSSO, over real sockets."""

from datetime import date
from decimal import Decimal

import httpx
import pytest
from lxml import html

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.registration import register
from sandbox.fakes.invoice_cloud.customers.sessions import (
    COOKIE_NAME,
    PortalSession,
    issue_token,
    redeem_token,
)
from sandbox.fakes.invoice_cloud.customers.wallet import WalletBook
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PAGES

ACCOUNT, OTHER_ACCOUNT = "1004587", "2009111"
EMAIL, OTHER_EMAIL = "dana@example.com", "stranger@example.com"
PASSWORD = "correct horse"
CARD = {"method": "card", "card_number": "4111 1111 1111 1111"}


class Payer:
    """A browser of one world, and what the world's books say of its owner."""

    def __init__(self, world, browser):
        self.world, self.browser = world, browser
        self.slug = world.billers[0].slug
        self.book = world.book(InvoiceCloudBook)
        self.wallet = world.book(WalletBook)
        self.base = f"{world.base_url}/invoicecloud/portal/customer"
        self.answer = None
        for connector in world.connectors.values():
            connector.url = ""
        self.bill("30254", ACCOUNT, "731.37")
        self.bill("30310", ACCOUNT, "1250.00", allow_partial=True)
        self.bill("40001", OTHER_ACCOUNT, "99.00")
        self.logins = {
            account: register(world, self.slug, email, PASSWORD, (account,)).login
            for account, email in ((ACCOUNT, EMAIL), (OTHER_ACCOUNT, OTHER_EMAIL))
        }

    def bill(self, number, account, due, **told):
        invoice = BilledInvoice(
            **{
                "invoice_number": number,
                "account_number": account,
                "customer_name": f"Payer of {account}",
                "email_address": "",
                "invoice_date": "01/02/2026",
                "due_date": "01/20/2026",
                "autopay_date": "01/15/2026",
                "total_due": Decimal(due),
                "allow_partial": False,
                "details": (("Farm premium", Decimal(due)),),
                **told,
            }
        )
        self.book.record(BillPosted(biller=self.slug, file_name="a.BIF", invoice=invoice))

    def enter(self, page="bills", account=ACCOUNT, **urls):
        """Follow a sign-on link to one of the seven pages."""
        token, _ = issue_token(self.world, self.logins[account], account)
        redirect_id = next(number for number, name in PAGES.items() if name == page)
        told = {"RemoteAuthenticationToken": token, "ViewMode": 0, "RedirectID": redirect_id}
        url = f"{self.world.base_url}/invoicecloud/portal/cloudsso.aspx"
        return self._show(self.browser.get(url, params={**told, **urls}))

    def begin(self, **urls):
        """Begin a session with addresses that no sign-on link would bring through."""
        token, _ = issue_token(self.world, self.logins[ACCOUNT], ACCOUNT)
        cookie = redeem_token(self.world, token, **urls)
        self.browser.cookies.set(COOKIE_NAME, cookie, domain="127.0.0.1")

    def open(self, path):
        return self._show(self.browser.get(f"{self.base}/{path}"))

    def post(self, path, **form):
        """Send a form as it is, without what the page hides in it."""
        return self._show(self.browser.post(f"{self.base}/{path}", data=form))

    def fill(self, path, **typed):
        """Fill in the open page's form that goes to a path, and send it as a browser would."""
        return self.send(*self.filled(path, **typed))

    def filled(self, path, **typed):
        """Return where a form goes and what it holds; its first named button is pressed."""
        target = httpx.URL(f"{self.base}/{path}").path
        (form, *_) = [form for form in self.page.forms if form.get("action") == target]
        buttons = form.xpath(".//button[@name]")
        pressed = {button.get("name"): button.get("value") for button in buttons[:1]}
        return path, {**dict(form.form_values()), **pressed, **typed}

    def send(self, path, form):
        return self.post(path, **form)

    def _show(self, answer):
        self.answer = answer
        self.page = html.fromstring(answer.text) if answer.text else None
        return self.text

    @property
    def text(self):
        return "" if self.page is None else " ".join(self.page.text_content().split())

    @property
    def status(self):
        return self.answer.status_code

    @property
    def path(self):
        """Return which of the portal's pages is open."""
        return str(self.answer.url).removeprefix(self.base).partition("?")[0].strip("/")

    def heading(self):
        return self.page.xpath("//h1")[0].text_content()

    def problem(self, field):
        """Return what stands beside a field, which must be what the field is described by."""
        (element,) = self.page.xpath(f"//*[@name='{field}'][@aria-invalid]")[:1]
        described = [self.page.get_element_by_id(one) for one in _described(element)]
        (error,) = [one for one in described if "error" in one.get("class")]
        return error.text_content()

    def store(self, **typed):
        """Store a payment option, a good card unless told; return its GUID."""
        self.open("payment-options")
        self.fill("payment-options", **{**CARD, **typed})
        return list(self.wallet.methods)[-1]

    def schedule(self, number="30254", on="2026-01-16", amount=""):
        self.open("scheduled")
        self.fill("scheduled", invoice_number=number, on=on, amount=amount)
        return list(self.wallet.plans)[-1]

    def paid(self):
        return [
            (payment.made.invoice_number, f"{payment.made.amount:.2f}", payment.made.approved)
            for payment in self.book.payments.values()
        ]

    def session(self, account=ACCOUNT):
        """Return a session for calling the core without a page."""
        return PortalSession(
            biller=self.slug,
            login_guid=self.logins[account].guid,
            account_number=account,
            expires_at=self.world.clock.now(),
        )

    def days(self, count):
        self.world.clock.advance(count * 24 * 3600)


def _described(element):
    return element.get("aria-describedby").split()


@pytest.fixture
def payer(world):
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    options = {"timeout": 30, "trust_env": False, "verify": False, "follow_redirects": True}
    with httpx.Client(**options) as browser:
        yield Payer(world, browser)


@pytest.fixture
def tomorrow():
    return date(2026, 1, 6)
