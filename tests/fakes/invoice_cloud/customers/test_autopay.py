"""AutoPay collects each bill once, on its date, as long as the account is enrolled."""

import pytest

from sandbox.fakes.invoice_cloud.customers.autopay import plan_bill
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, unenroll
from sandbox.fakes.invoice_cloud.customers.methods import store_method
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.faults import FAULTS

AUTOPAY = EnrollmentKind.AUTOPAY


@pytest.fixture
def autopay(customers):
    """Return a way to enroll account 1001 with an instrument; it returns the session."""

    def begin(instrument=CARDS[0]):
        session = customers.sign_on()
        method = store_method(customers.world, session, instrument)
        enroll(customers.world, session, AUTOPAY, method_guid=method.method_guid)
        return session

    return begin


def test_a_bill_is_collected_on_its_autopay_date_once(customers, autopay):
    customers.bill("103", "1001", autopay_date="01/08/2026")
    autopay()
    customers.days(3)
    assert customers.paid() == []
    customers.days(1)
    assert customers.paid() == [("103", "50.00")]
    customers.days(30)
    assert customers.paid() == [("103", "50.00"), ("101", "50.00")]


def test_without_an_autopay_date_it_is_the_due_date(customers, autopay):
    autopay()
    customers.days(15)
    assert customers.paid() == []
    customers.days(1)
    assert customers.paid() == [("101", "50.00")]


def test_a_date_that_has_passed_means_tomorrow(customers, autopay):
    customers.bill("103", "1001", autopay_date="01/02/2026")
    autopay()
    customers.days(2)
    assert customers.paid() == [("103", "50.00")]


def test_who_left_is_not_collected_from(customers, autopay):
    session = autopay()
    unenroll(customers.world, session, AUTOPAY)
    customers.days(30)
    assert customers.paid() == []


def test_a_bill_that_comes_later_is_collected_too(customers, autopay):
    autopay()
    bill = customers.bill("103", "1001", autopay_date="01/12/2026")
    plan_bill(customers.world, bill)
    plan_bill(customers.world, bill)
    customers.days(10)
    assert customers.paid() == [("103", "50.00")]


def test_another_accounts_bill_is_not(customers, autopay):
    autopay()
    customers.days(30)
    assert [number for number, _ in customers.paid()] == ["101"]


def test_a_date_moved_by_a_later_file_is_kept_to(customers, autopay):
    customers.bill("103", "1001", autopay_date="01/08/2026")
    autopay()
    plan_bill(customers.world, customers.bill("103", "1001", autopay_date="01/12/2026"))
    customers.days(6)
    assert customers.paid() == []
    customers.days(2)
    assert customers.paid() == [("103", "50.00")]


def test_a_returned_payment_is_not_collected_again(customers, autopay):
    [returning] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R01"]
    customers.bill("103", "1001", autopay_date="01/06/2026")
    autopay(returning)
    customers.days(6)
    assert customers.outcomes("AchReturn") != []
    plan_bill(customers.world, customers.bill("103", "1001", autopay_date="01/06/2026"))
    customers.days(5)
    assert customers.paid() == [("103", "50.00")]


def arm(customers, count):
    customers.world.faults.arm(
        kind="sever",
        effect=FAULTS["sever"]({}),
        partner="invoice_cloud",
        operation="AutoPay",
        moment="before",
        count=count,
        match={},
        parameters={},
    )


@pytest.mark.parametrize(("failures", "paid"), [(1, [("103", "50.00")]), (2, [])])
def test_a_technical_failure_is_retried_once_the_same_day(customers, autopay, failures, paid):
    customers.bill("103", "1001", autopay_date="01/06/2026")
    autopay()
    arm(customers, failures)
    customers.days(5)
    assert customers.paid() == paid
    assert any("technical failure" in told for told in customers.outcomes("AutoPay"))
