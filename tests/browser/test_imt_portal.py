"""IMT's portal in a browser: registration by each branch, each way in, alone and in a frame."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from sandbox.composition import join_adapter
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.owners import owner_name
from sandbox.fakes.imt.portal import LINKS
from sandbox.fakes.invoice_cloud.customers.registration import register, users_of

PAGES = {
    1: "bills",
    2: "paperless",
    3: "autopay",
    5: "payment-options",
    9: "scheduled",
    10: "recurring",
    11: "pay-by-text",
}
PAT, KIM = "pat@example.com", "kim@example.com"


class Portal:
    """A policy holder at IMT's portal, in a world that an adapter has joined."""

    def __init__(self, world, page, joined):
        self.world, self.page, self.joined = world, page, joined
        self.biller = world.billers[0]
        self.url = f"{world.base_url}/imt/{self.biller.imt.company_id}/portal/"
        self.policy = next(iter(world.book(ImtBook).policies.values()))

    def bill(self):
        """Let the hourly file bill every open invoice, so that its account exists."""
        self.joined.adapter.engine.run_job("send_invoices", self.biller.slug)

    def sign_on(self, email=PAT, **changes):
        told = {
            "Policy number": self.policy.policy_number,
            "Last name or organization": owner_name(self.policy),
            "ZIP code": self.policy.zip_code,
            "E-mail address": email,
            **changes,
        }
        self.page.goto(self.url)
        for label, value in told.items():
            self.page.get_by_label(label, exact=True).fill(value)
        with self.page.expect_event("load"):  # a click does not wait for the answer
            self.page.get_by_role("button", name="Register or sign on").click()

    def says(self, text):
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def users(self):
        logins = users_of(self.world, self.biller.slug, self.policy.policy_number)
        return {login.email_address for login in logins}


@pytest.fixture
def portal(world, page, tmp_path):
    joined = join_adapter(world, folder=tmp_path)
    yield Portal(world, page, joined)
    joined.stop()


@pytest.mark.requirement("D3")
def test_a_policy_without_account_is_created_and_registered(portal):
    portal.sign_on()
    portal.says("Your account was created")
    assert portal.users() == {PAT}


@pytest.mark.requirement("D3")
def test_a_billed_policy_is_registered_and_known_the_next_time(portal):
    portal.bill()
    portal.sign_on()
    portal.says("You are registered")
    portal.sign_on()
    portal.says("You are signed on")
    assert portal.users() == {PAT}


@pytest.mark.requirement("D3")
def test_the_first_sign_on_of_a_payer_from_invoice_cloud_replaces_the_password(portal):
    portal.bill()
    slug, number = portal.biller.slug, portal.policy.policy_number
    register(portal.world, slug, PAT, "a password of one's own", (number,))
    portal.sign_on()
    portal.says("You are signed on")
    portal.says("was replaced")


@pytest.mark.requirement("D3")
def test_another_email_address_is_told_that_its_settings_start_empty(portal):
    portal.bill()
    portal.sign_on(KIM)
    portal.sign_on(PAT)
    portal.says("AutoPay, paperless and pay-by-text settings start empty")
    assert portal.users() == {KIM, PAT}


@pytest.mark.requirement("D3")
def test_a_stranger_is_not_registered(portal):
    portal.sign_on(**{"Last name or organization": "Somebody Else"})
    field = portal.page.get_by_label("Policy number", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("do not belong together"))
    assert portal.users() == set()


@pytest.mark.requirement("D2", "D4")
@pytest.mark.parametrize("link", LINKS, ids=lambda link: PAGES[link.redirect_id])
def test_each_way_in_opens_its_page_alone_and_in_a_frame(portal, link):
    """And the way back leads to IMT's page again."""
    portal.bill()
    portal.sign_on()
    policy_url = portal.page.url
    wanted = f"/invoicecloud/portal/customer/{PAGES[link.redirect_id]}"
    portal.page.get_by_role("link", name=f"Open {link.title} at Invoice Cloud").click()
    portal.page.wait_for_url(f"**{wanted}")
    heading = portal.page.get_by_role("heading", level=1).inner_text()
    assert heading
    portal.page.goto(policy_url)
    portal.page.get_by_role("link", name=f"Show {link.title} here").click()
    frame = portal.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(heading)
    (inside,) = portal.page.main_frame.child_frames
    assert urlsplit(inside.url).path.endswith(wanted)


@pytest.mark.requirement("D2")
def test_without_an_adapter_the_portal_says_what_to_do(portal):
    portal.sign_on()
    portal.world.connectors[portal.biller.slug].url = None
    portal.page.get_by_role("link", name="Open Paperless at Invoice Cloud").click()
    portal.says("No adapter has joined this world")
    portal.sign_on()
    portal.says("No adapter has joined this world")
