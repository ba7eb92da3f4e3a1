"""Scheduled and recurring payments fall due under the world's clock, once each."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.customers.methods import remove_method, store_method
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.schedules import (
    add_recurring,
    cancel_recurring,
    cancel_scheduled,
    change_scheduled,
    recurring_of,
    schedule_payment,
    scheduled_of,
)
from sandbox.fakes.invoice_cloud.instruments import CARDS


@pytest.fixture
def session(customers):
    return customers.sign_on()


@pytest.fixture
def method(customers, session):
    return store_method(customers.world, session, CARDS[0]).method_guid


@pytest.fixture
def plan(customers, session, method, tomorrow):
    return schedule_payment(customers.world, session, "101", method_guid=method, on=tomorrow)


def states(customers, session):
    return [plan.state.value for plan in scheduled_of(customers.world, session)]


def test_a_scheduled_payment_is_made_at_six_by_the_servers_clock(customers, session, plan):
    assert plan.planned.on == date(2026, 1, 6)
    customers.world.clock.advance(27 * 3600 - 1)  # 10:59:59 UTC, 05:59:59 in New York
    assert customers.paid() == []
    customers.world.clock.advance(1)
    assert customers.paid() == [("101", "50.00")]
    customers.days(40)
    assert len(customers.paid()) == 1
    assert states(customers, session) == ["paid"]
    assert customers.outcomes("ScheduledPayment")[-1] == "50.00 by VISA ending in 1111, approved"


def test_a_changed_payment_is_made_on_its_new_day_only(customers, session, plan, method):
    change_scheduled(
        customers.world,
        session,
        plan.planned.plan_guid,
        method_guid=method,
        on=date(2026, 1, 9),
    )
    customers.days(2)
    assert customers.paid() == []
    customers.days(3)
    assert customers.paid() == [("101", "50.00")]


def test_a_cancelled_payment_is_never_made(customers, session, plan):
    cancel_scheduled(customers.world, session, plan.planned.plan_guid)
    customers.days(3)
    assert customers.paid() == []
    assert states(customers, session) == ["cancelled"]
    with pytest.raises(PortalRefusedError, match="cancelled already"):
        cancel_scheduled(customers.world, session, plan.planned.plan_guid)


def test_without_its_option_a_payment_is_not_made_and_says_so(customers, session, plan, method):
    remove_method(customers.world, session, method)
    customers.days(2)
    [ended] = scheduled_of(customers.world, session)
    assert (ended.state.value, ended.outcome) == ("not_paid", "the payment option was removed")
    assert plan.state.value == "scheduled"


def test_a_declined_card_pays_nothing(customers, session, tomorrow):
    guid = store_method(customers.world, session, CARDS[3]).method_guid
    schedule_payment(customers.world, session, "101", method_guid=guid, on=tomorrow)
    customers.days(2)
    assert customers.paid() == []
    assert states(customers, session) == ["not_paid"]


def test_what_was_paid_meanwhile_is_not_paid_again(customers, session, plan, method, tomorrow):
    again = schedule_payment(customers.world, session, "101", method_guid=method, on=tomorrow)
    customers.days(2)
    assert customers.paid() == [("101", "50.00")]
    assert again.planned.plan_guid != plan.planned.plan_guid
    assert states(customers, session) == ["paid", "not_paid"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on": date(2026, 1, 5)}, "on"),
        ({"on": date(2027, 1, 6)}, "on"),
        ({"amount": Decimal("50.01")}, "amount"),
        ({"amount": Decimal(10)}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"method_guid": "none"}, "method_guid"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_in_its_field(
    customers, session, method, change, field
):
    wanted = {"method_guid": method, "on": date(2026, 1, 6), **change}
    with pytest.raises(PortalRefusedError) as refused:
        schedule_payment(customers.world, session, "101", **wanted)
    assert refused.value.field == field


def test_another_accounts_bill_cannot_be_scheduled(customers, session, method, tomorrow):
    with pytest.raises(PortalRefusedError, match="none of your bills"):
        schedule_payment(customers.world, session, "102", method_guid=method, on=tomorrow)


def test_part_of_a_bill_is_paid_where_the_biller_allows_it(customers, session, method, tomorrow):
    customers.bill("103", "1001", "80.00", allow_partial=True)
    schedule_payment(
        customers.world, session, "103", method_guid=method, on=tomorrow, amount=Decimal(30)
    )
    customers.days(2)
    assert customers.paid() == [("103", "30")]


def test_a_recurring_payment_pays_what_is_due_every_month(customers, session, method):
    add_recurring(customers.world, session, method, 15)
    customers.days(20)
    assert customers.paid() == [("101", "50.00")]
    customers.bill("104", "1001", "20.00")
    customers.days(30)
    assert customers.paid() == [("101", "50.00"), ("104", "20.00")]


def test_a_recurring_payment_begins_next_month_when_its_day_has_come(customers, session, method):
    add_recurring(customers.world, session, method, 5)
    customers.days(30)
    assert customers.paid() == []
    customers.days(2)
    assert customers.paid() == [("101", "50.00")]


def test_a_recurring_amount_goes_no_further(customers, session, method):
    customers.bill("104", "1001", "20.00", allow_partial=True)
    add_recurring(customers.world, session, method, 15, Decimal("60.00"))
    customers.days(12)
    assert customers.paid() == [("101", "50.00"), ("104", "10.00")]


def test_a_cancelled_recurring_payment_stops(customers, session, method):
    one = add_recurring(customers.world, session, method, 15)
    cancel_recurring(customers.world, session, one.added.recurring_guid)
    customers.days(60)
    assert customers.paid() == []
    assert recurring_of(customers.world, session) == []
    with pytest.raises(PortalRefusedError):
        cancel_recurring(customers.world, session, one.added.recurring_guid)


@pytest.mark.parametrize("day", [0, 29, -1])
def test_a_day_that_not_every_month_has_is_refused(customers, session, method, day):
    with pytest.raises(PortalRefusedError, match="from 1 to 28"):
        add_recurring(customers.world, session, method, day)


def test_a_year_of_one_recurring_payment_is_twelve(customers, session, method):
    """No month is skipped and none doubled, whatever its length."""
    customers.bill("105", "1001", "1000.00", allow_partial=True)
    add_recurring(customers.world, session, method, 28, Decimal("60.00"))
    end = customers.world.clock.now() + timedelta(days=365)
    customers.world.clock.advance_to(end)
    days = [e.at[:10] for e in customers.world.journal.entries(operation="Pay")]
    assert sorted(set(days)) == [f"2026-{month:02}-28" for month in range(1, 13)]


def test_a_login_that_lost_the_account_pays_nothing_that_it_had_planned(
    customers, session, method, plan
):
    """Without multiuser another login takes the account over."""
    recurring = add_recurring(customers.world, session, method, 10)
    customers.world.behaviours.change({"multiuser": False})
    customers.sign_on(email="sam@example.com")
    customers.days(30)
    assert customers.paid() == []
    ended = customers.wallet.plans[plan.planned.plan_guid]
    assert (ended.state.value, ended.outcome) == (
        "not_paid",
        "the login may not act for the account any more",
    )
    assert not customers.wallet.recurring[recurring.added.recurring_guid].active
    assert customers.world.clock.pending() == []
