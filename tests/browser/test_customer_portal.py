"""The customer portal in a real browser: the redirects, AutoPay, a payment cancelled (D4)."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enrolled
from sandbox.fakes.invoice_cloud.customers.methods import store_method
from sandbox.fakes.invoice_cloud.customers.registration import register
from sandbox.fakes.invoice_cloud.customers.sessions import issue_token, redeem_token, session_of
from sandbox.fakes.invoice_cloud.customers.wallet import PlanState, WalletBook
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PAGES

ACCOUNT = "1004587"


class Portal:
    """One world's portal, a payer of it, and the browser's page."""

    def __init__(self, world, page):
        self.world, self.page = world, page
        self.slug = world.billers[0].slug
        self.base = f"{world.base_url}/invoicecloud/portal"
        world.connectors[self.slug].url = ""
        due = Decimal("731.37")
        invoice = BilledInvoice(
            invoice_number="30254",
            account_number=ACCOUNT,
            customer_name="Dana Whitfield",
            email_address="",
            invoice_date="01/02/2026",
            due_date="01/20/2026",
            autopay_date="",
            total_due=due,
            allow_partial=False,
            details=(("Premium", due),),
        )
        posted = BillPosted(biller=self.slug, file_name="a.BIF", invoice=invoice)
        world.book(InvoiceCloudBook).record(posted)
        self.login = register(world, self.slug, "d@example.com", "long enough", (ACCOUNT,)).login

    def link(self, redirect_id):
        """Return a sign-on link, which is good once."""
        token, _ = issue_token(self.world, self.login, ACCOUNT)
        told = f"RemoteAuthenticationToken={token}&ViewMode=0&RedirectID={redirect_id}"
        return f"{self.base}/cloudsso.aspx?{told}"

    def store_card(self):
        token, _ = issue_token(self.world, self.login, ACCOUNT)
        session = session_of(self.world, redeem_token(self.world, token))
        return store_method(self.world, session, CARDS[0], "Household")

    def press(self, name):
        self.page.get_by_role("button", name=name).click()


@pytest.fixture
def portal(world, page):
    return Portal(world, page)


@pytest.mark.requirement("D2", "D4")
@pytest.mark.parametrize(("redirect_id", "path"), PAGES.items())
def test_each_redirect_lands_on_its_page(portal, redirect_id, path):
    page = portal.page
    page.goto(portal.link(redirect_id))
    assert page.url == f"{portal.base}/customer/{path}"
    current = page.get_by_role("navigation", name="Your account").locator("[aria-current=page]")
    expect(current).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_text(current.inner_text())


@pytest.mark.requirement("D4")
def test_autopay_is_turned_on_and_off(portal):
    portal.store_card()
    page = portal.page
    page.goto(portal.link(3))
    expect(page.get_by_role("heading", name="AutoPay is off")).to_be_visible()
    page.get_by_label("Pay with").select_option(label="Household (VISA ending in 1111)")
    portal.press("Turn AutoPay on")
    expect(page.get_by_role("heading", name="AutoPay is on")).to_be_visible()
    (account,) = enrolled(portal.world, portal.slug, EnrollmentKind.AUTOPAY)
    assert account.account_number == ACCOUNT
    page.reload()  # what was sent is not sent again
    portal.press("Turn AutoPay off")
    expect(page.get_by_role("heading", name="AutoPay is off")).to_be_visible()
    assert not enrolled(portal.world, portal.slug, EnrollmentKind.AUTOPAY)


@pytest.mark.requirement("D4")
def test_a_scheduled_payment_is_made_and_cancelled(portal):
    portal.store_card()
    page = portal.page
    page.goto(portal.link(9))
    page.get_by_label("Day").fill("2026-01-16")
    portal.press("Schedule")
    coming = page.get_by_role("table", name="Still to be paid")
    expect(coming).to_contain_text("Jan 16, 2026")
    page.get_by_role("button", name="Cancel the payment of invoice 30254").click()
    expect(coming).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("Nothing will be paid")
    (plan,) = portal.world.book(WalletBook).plans.values()
    assert plan.state is PlanState.CANCELLED


def test_a_bill_is_paid_with_a_card_that_is_typed_in(portal):
    """The fields of the other instrument stay out of sight."""
    page = portal.page
    page.goto(portal.link(1))
    page.get_by_role("link", name="Pay invoice 30254 now").click()
    expect(page.get_by_label("Routing number")).to_be_hidden()
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    portal.press("Pay $731.37")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_role("link", name="Pay in another way").click()
    page.get_by_role("radio", name="Bank account").check()
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.get_by_label("Routing number").fill("011000015")
    page.get_by_label("Bank account number").fill("000123456789")
    portal.press("Pay $731.37")
    expect(page.get_by_role("heading", name="Thank you, $731.37 is paid")).to_be_visible()


def test_a_problem_stands_beside_its_field_and_its_link_leads_there(portal):
    page = portal.page
    page.goto(portal.link(11))
    page.get_by_label("Phone").fill("12")
    portal.press("Turn pay by text on")
    field = page.get_by_label("Phone")
    expect(field).to_have_accessible_description(re.compile("Give ten digits"))
    page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()


def test_signing_out_in_the_browser_leads_back_to_the_insurer(portal):
    """The page's policy lets the form lead to the insurer's address."""
    back = f"{portal.world.base_url.replace('127.0.0.1', 'localhost')}/imt/300/portal/"
    page = portal.page
    page.goto(f"{portal.link(1)}&ReturnUrl={back}")
    portal.press("Sign out")
    page.wait_for_url(back)


@pytest.mark.parametrize("path", PAGES.values())
def test_no_page_is_wider_than_a_phone(portal, path):
    portal.store_card()
    page = portal.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(portal.link(1))
    page.goto(f"{portal.base}/customer/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
