"""Paperless, AutoPay and pay by text at the customer portal, on and off (D4)."""

import pytest

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, setting_of
from sandbox.fakes.invoice_cloud.customers.registration import register
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession


def is_on(payer, kind):
    return setting_of(payer.world, payer.session(), kind) is not None


def changes(payer):
    """Return what the enrolment pump is to tell."""
    told = payer.world.book(CustomersBook).changes.values()
    return [(one.change.kind.value, one.change.enrolled) for one in told]


@pytest.mark.requirement("D4")
def test_paperless_is_turned_on_and_off(payer):
    assert "Paperless is off" in payer.enter("paperless")
    assert "Paperless is on" in payer.fill("paperless")
    assert is_on(payer, EnrollmentKind.PAPERLESS)
    assert "Your choice is saved." in payer.text
    assert "Paperless is off" in payer.fill("paperless")
    assert not is_on(payer, EnrollmentKind.PAPERLESS)
    assert changes(payer) == [("paperless", True), ("paperless", False)]


@pytest.mark.requirement("D4")
def test_autopay_is_turned_on_collects_and_is_turned_off(payer):
    assert "Store a payment option first" in payer.enter("autopay")
    payer.store()
    payer.open("autopay")
    shown = payer.fill("autopay")
    assert "AutoPay is on" in shown
    assert "VISA ending in 1111" in shown
    assert "01/15/2026" in shown  # when the file says that it is collected
    payer.days(11)
    assert sorted(payer.paid()) == [("30254", "731.37", True), ("30310", "1250.00", True)]
    payer.enter("autopay")
    assert "AutoPay is off" in payer.fill("autopay")
    assert changes(payer) == [("autopay", True), ("autopay", False)]


def test_autopay_gets_another_payment_option(payer):
    payer.enter("payment-options")
    payer.store()
    other = payer.store(card_number="5555555555554444")
    payer.open("autopay")
    payer.fill("autopay")
    payer.send("autopay", {**payer.filled("autopay")[1], "choice": "on", "method_guid": other})
    assert "MASTERCARD ending in 4444" in payer.text
    assert setting_of(payer.world, payer.session(), EnrollmentKind.AUTOPAY).method_guid == other


def test_autopay_without_a_payment_option_of_ones_own_is_refused(payer):
    payer.enter("payment-options")
    payer.store()
    payer.open("autopay")
    payer.fill("autopay", method_guid="none")
    assert payer.status == 422
    assert payer.problem("method_guid").startswith("This is none of your payment options.")
    assert not is_on(payer, EnrollmentKind.AUTOPAY)


def test_autopay_says_that_its_payment_option_is_gone(payer):
    payer.enter("payment-options")
    guid = payer.store()
    payer.open("autopay")
    payer.fill("autopay")
    payer.open("payment-options")
    payer.fill(f"payment-options/{guid}/remove")
    assert "Its payment option was removed" in payer.open("autopay")


@pytest.mark.requirement("D4")
def test_pay_by_text_is_turned_on_with_a_phone_and_off(payer):
    payer.enter("pay-by-text")
    payer.fill("pay-by-text", phone="555")
    assert payer.status == 422
    assert "Give ten digits" in payer.problem("phone")
    shown = payer.fill("pay-by-text", phone="+1 (217) 555-0123")
    assert "the phone that ends in 0123" in shown
    assert "555-0123" not in shown
    assert is_on(payer, EnrollmentKind.PAY_BY_TEXT)
    assert "Pay by text is off" in payer.fill("pay-by-text")
    assert not is_on(payer, EnrollmentKind.PAY_BY_TEXT)


@pytest.mark.parametrize("page", ["paperless", "autopay", "pay-by-text"])
def test_a_form_that_chose_nothing_changes_nothing(payer, page):
    payer.enter("paperless")
    payer.fill("paperless")
    _, form = payer.filled("paperless")
    payer.open(page)
    token = payer.filled("sign-out")[1]["form_token"]
    payer.post(page, form_token=token)
    assert payer.status == 200
    assert form["choice"] == "off"
    assert is_on(payer, EnrollmentKind.PAPERLESS)


def test_another_logins_choice_is_told_and_stands(payer):
    world, account = payer.world, payer.session().account_number
    login = register(world, payer.slug, "sam@example.com", "correct horse", (account,)).login
    other = PortalSession(
        biller=payer.slug,
        login_guid=login.guid,
        account_number=account,
        expires_at=world.clock.now(),
    )
    for kind in (EnrollmentKind.PAPERLESS, EnrollmentKind.PAY_BY_TEXT):
        enroll(world, other, kind, phone="217 555 0123")
    shown = payer.enter("paperless")
    assert "Paperless is off" in shown
    assert "Another login of this account has turned paperless on as well" in shown
    assert "Another login" in payer.open("pay-by-text")
    payer.open("paperless")
    payer.fill("paperless")
    payer.fill("paperless")
    assert setting_of(world, other, EnrollmentKind.PAPERLESS) is not None
