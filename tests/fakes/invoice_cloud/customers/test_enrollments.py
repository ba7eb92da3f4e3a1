"""Enrolling and leaving: what is asked for, what the reports tell, what the pump is to tell."""

import pytest

from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import (
    enroll,
    enrolled,
    setting_of,
    unenroll,
)
from sandbox.fakes.invoice_cloud.customers.methods import store_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS

PAPERLESS, AUTOPAY, TEXT = EnrollmentKind


def test_an_enrolment_is_told_with_its_first_day(customers):
    session = customers.sign_on()
    enroll(customers.world, session, PAPERLESS)
    customers.days(1)
    enroll(customers.world, session, PAPERLESS)
    [told] = enrolled(customers.world, customers.slug, PAPERLESS)
    assert (told.account_number, told.customer_name) == ("1001", "Payer of 1001")
    assert (told.email_address, told.payment_type) == ("pat@example.com", None)
    assert told.since.isoformat() == "2026-01-05T08:00:00+00:00"
    assert customers.told() == [("1001", "paperless", True)]


def test_autopay_wants_a_payment_option_of_ones_own(customers):
    ours, theirs = customers.sign_on(), customers.sign_on("1002", "sam@example.com")
    method = store_method(customers.world, ours, BANK_ACCOUNTS[0])
    for session, guid in ((ours, ""), (ours, "no-such"), (theirs, method.method_guid)):
        with pytest.raises(PortalRefusedError) as refused:
            enroll(customers.world, session, AUTOPAY, method_guid=guid)
        assert refused.value.field == "method_guid"
    enroll(customers.world, ours, AUTOPAY, method_guid=method.method_guid)
    [told] = enrolled(customers.world, customers.slug, AUTOPAY)
    assert told.payment_type == "ACH"


@pytest.mark.parametrize("phone", ["217 555 0123", "(217) 555-0123", "+1 217.555.0123"])
def test_pay_by_text_takes_a_phone_in_any_spelling_and_is_not_pumped(customers, phone):
    session = customers.sign_on()
    enroll(customers.world, session, TEXT, phone=phone)
    assert setting_of(customers.world, session, TEXT).phone_last_four == "0123"
    assert customers.told() == []


@pytest.mark.parametrize("phone", ["", "555 0123", "117 555 0123", "217 055 0123", "phone"])
def test_what_is_no_phone_is_refused(customers, phone):
    with pytest.raises(PortalRefusedError) as refused:
        enroll(customers.world, customers.sign_on(), TEXT, phone=phone)
    assert refused.value.field == "phone"


def test_an_account_leaves_when_its_last_login_does(customers):
    pat, sam = customers.sign_on(), customers.sign_on(email="sam@example.com")
    for session in (pat, sam):
        enroll(customers.world, session, PAPERLESS)
    unenroll(customers.world, pat, PAPERLESS)
    assert [e.email_address for e in enrolled(customers.world, customers.slug, PAPERLESS)] == [
        "sam@example.com"
    ]
    unenroll(customers.world, sam, PAPERLESS)
    unenroll(customers.world, sam, PAPERLESS)
    assert enrolled(customers.world, customers.slug, PAPERLESS) == []
    assert customers.told() == [("1001", "paperless", True), ("1001", "paperless", False)]


def test_the_state_tells_enrolments_and_changes(customers):
    enroll(customers.world, customers.sign_on(), PAPERLESS)
    state = customers.book.as_json()
    assert [row["kind"] for row in state["enrollments"]] == ["paperless"]
    [change] = state["enrollment_changes"]
    assert (change["account_number"], change["enrolled"], change["pump"]) == (
        "1001",
        True,
        "waiting",
    )
