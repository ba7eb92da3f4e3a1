"""A bill paid once in a browser: at the Virtual Site, and by an agent from Spectrum's screen."""

import pytest
from playwright.sync_api import expect

from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook

APPROVED, DECLINED = "4111111111111111", "4000000000000002"
# Sends a form as an impatient visitor does, before the first answer has come.
PRESS_TWICE = "button => { const form = button.form; form.submit(); form.submit(); }"


class Payer:
    """Someone with a browser, in a world that an adapter has joined and billed."""

    def __init__(self, world, page):
        self.world, self.page = world, page
        self.slug = world.billers[0].slug
        self.invoice = next(iter(world.book(SpectrumBook).invoices.values()))
        self.policy = self.invoice.policy

    def pay(self, number):
        self.page.get_by_label("Card number").fill(number)
        self.page.get_by_role("button", name="Pay now").click()

    def says(self, text):
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def paid(self):
        payments = self.world.book(InvoiceCloudBook).payments.values()
        return [payment.made.invoice_number for payment in payments if payment.made.approved]

    def balance(self):
        return str(self.world.book(SpectrumBook).invoices[self.invoice.number].balance)


@pytest.fixture
def payer(world, page, tmp_path):
    joined = join_adapter(world, folder=tmp_path)
    world.clock.advance(3600)
    yield Payer(world, page)
    joined.stop()


@pytest.mark.requirement("D5", "G")
def test_a_bill_is_found_declined_and_paid_and_its_receipt_reaches_spectrum(payer):
    page = payer.page
    page.goto(f"{payer.world.base_url}/")
    page.get_by_role("link", name="Virtual Site").click()
    page.get_by_label("Account or invoice number").fill(payer.policy.policy_number)
    page.get_by_role("button", name="Find my bill").click()
    payer.says(f"Bill {payer.invoice.number}")
    payer.says("$731.37")
    payer.pay(DECLINED)
    field = page.get_by_label("Card number")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("")
    payer.says("was declined")
    payer.pay(APPROVED)
    payer.says("Thank you: $734.37 is paid")
    page.reload()
    payer.says("Thank you: $734.37 is paid")
    assert payer.paid() == [payer.invoice.number]
    payer.world.clock.advance(300)
    assert payer.balance() == "0.00"


@pytest.mark.requirement("D5")
def test_one_kind_of_instrument_is_asked_for_at_a_time_and_the_keyboard_is_enough(payer):
    page = payer.page
    page.goto(
        f"{payer.world.base_url}/invoicecloud/portal/site/{payer.slug}/bills/{payer.invoice.number}"
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_label("Routing number")).to_be_hidden()
    page.get_by_role("radio", name="Card").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Routing number")).to_be_focused()
    page.keyboard.type("011000015")
    page.keyboard.press("Tab")
    page.keyboard.type("000123456789")
    page.keyboard.press("Enter")
    payer.says("Thank you: $731.37 is paid")


@pytest.mark.requirement("D5")
def test_an_impatient_visitor_pays_once(payer):
    page = payer.page
    page.goto(
        f"{payer.world.base_url}/invoicecloud/portal/site/{payer.slug}/bills/{payer.invoice.number}"
    )
    page.get_by_label("Card number").fill(APPROVED)
    with page.expect_navigation(url="**/receipts/**"):
        page.get_by_role("button", name="Pay now").evaluate(PRESS_TWICE)
    payer.says("Thank you: $734.37 is paid")
    assert payer.paid() == [payer.invoice.number]


@pytest.mark.requirement("D5")
def test_an_agent_takes_a_payment_from_spectrums_screen(payer):
    page = payer.page
    page.goto(f"{payer.world.base_url}/spectrum/policies")
    page.get_by_role("link", name=payer.policy.policy_number).click()
    payer.says("No payment is needed to bind a policy")
    page.get_by_role("button", name="Pay Now").click()
    payer.says(f"Take a payment of account {payer.policy.policy_number}")
    payer.pay(APPROVED)
    payer.says("Thank you: $734.37 is paid")
    payer.world.clock.advance(300)
    page.get_by_role("link", name="Back to the policy").click()
    payer.says("Nothing is due")
    page.goto(f"{payer.world.base_url}/invoicecloud/portal/biller/{payer.slug}")
    payer.says(payer.policy.customer_name)
