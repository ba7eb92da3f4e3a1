"""Paying, scheduling, recurring payments and payment options at the customer portal (D4)."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.customers.methods import store_method
from sandbox.fakes.invoice_cloud.customers.schedules import add_recurring, schedule_payment
from sandbox.fakes.invoice_cloud.customers.wallet import PlanState
from sandbox.fakes.invoice_cloud.instruments import CARDS, secret_numbers

OTHER_ACCOUNT = "2009111"


@pytest.mark.requirement("D4")
def test_a_bill_is_shown_as_its_file_carried_it(payer):
    payer.enter("bills")
    assert "$731.37" in payer.text
    assert "40001" not in payer.text
    shown = payer.open("bills/30254")
    for told in ("Farm premium", "01/02/2026", "01/20/2026", "01/15/2026", "$731.37"):
        assert told in shown


@pytest.mark.requirement("D4")
def test_a_bill_is_paid_with_a_card_and_has_a_receipt(payer):
    payer.enter("bills")
    payer.open("bills/30254/pay")
    payer.fill("bills/30254/pay", method="card", card_number="4111-1111-1111-1111")
    assert payer.paid() == [("30254", "731.37", True)]
    assert payer.path.startswith("payments/")
    assert "$734.37" in payer.text  # with the card's fee
    assert "VISA ending in 1111" in payer.text
    assert "Nothing is due" in payer.open("bills")


@pytest.mark.requirement("D4")
def test_a_stored_option_pays_a_part_where_the_bill_allows_it(payer):
    payer.enter("payment-options")
    payer.store()
    payer.open("bills/30310/pay")
    payer.fill("bills/30310/pay", amount="$1,000.50")
    assert payer.paid() == [("30310", "1000.50", True)]
    assert "$249.50" in payer.open("bills")


def test_a_bank_account_pays_without_a_fee(payer):
    payer.enter("bills")
    payer.open("bills/30254/pay")
    payer.fill(
        "bills/30254/pay",
        method="bank",
        routing_number="011000015",
        bank_account_number="000123456789",
    )
    assert payer.paid() == [("30254", "731.37", True)]
    assert "$0.00" in payer.text


def test_a_declined_card_pays_nothing_and_another_way_is_offered(payer):
    payer.enter("bills")
    payer.open("bills/30254/pay")
    payer.fill("bills/30254/pay", method="card", card_number="4000000000009995")
    assert payer.paid() == [("30254", "731.37", False)]
    assert "Nothing was paid: insufficient funds" in payer.text
    assert payer.page.xpath("//a[.='Pay in another way']")


@pytest.mark.requirement("D4")
def test_a_form_that_is_sent_twice_pays_once_and_leads_to_one_receipt(payer):
    payer.enter("bills")
    payer.open("bills/30310/pay")
    form = payer.filled("bills/30310/pay", method="card", card_number="4111111111111111", amount=1)
    payer.send(*form)
    first = payer.path
    payer.send(*form)
    assert payer.path == first
    assert payer.paid() == [("30310", "1.00", True)]


def test_forms_that_are_sent_at_once_pay_once(payer):
    payer.enter("bills")
    payer.open("bills/30310/pay")
    path, form = payer.filled(
        "bills/30310/pay", method="card", card_number="4111111111111111", amount="10"
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: payer.browser.post(f"{payer.base}/{path}", data=form), range(4))
        )
    assert len({str(answer.url) for answer in answers}) == 1
    assert payer.paid() == [("30310", "10.00", True)]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "An amount is above nothing."),
        ("much", "This is no amount. Give dollars and cents, such as 125.50."),
        ("-5", "This is no amount. Give dollars and cents, such as 125.50."),
        ("1250.01", "Only $1,250.00 is due. Pay this, or less."),
    ],
)
def test_a_wrong_amount_is_told_beside_its_field(payer, amount, told):
    payer.enter("bills")
    payer.open("bills/30310/pay")
    payer.fill("bills/30310/pay", method="card", card_number="4111111111111111", amount=amount)
    assert payer.status == 422
    assert payer.problem("amount") == told
    assert payer.page.xpath("//input[@name='amount']")[0].value == amount
    assert payer.paid() == []


def test_nobody_pays_another_amount_than_the_page_showed(payer):
    payer.enter("bills")
    payer.open("bills/30254/pay")
    payer.bill("30254", "1004587", "900.00")
    payer.fill("bills/30254/pay", method="card", card_number="4111111111111111")
    assert payer.status == 422
    assert "$900.00 is due now" in payer.text
    assert payer.paid() == []


def test_a_number_of_no_test_card_is_refused_and_shown_nowhere(payer):
    payer.enter("payment-options")
    payer.fill("payment-options", method="card", card_number="4242424242424242")
    assert payer.status == 422
    assert "own test cards only" in payer.problem("card_number")
    assert "4242424242424242" not in payer.answer.text
    payer.fill("payment-options", method="bank", routing_number="1", bank_account_number="77788")
    assert "own test bank accounts only" in payer.problem("bank_account_number")
    assert "77788" not in payer.answer.text
    assert "Choose a card or a bank account." in payer.fill("payment-options", method="cash")
    assert not payer.wallet.methods


@pytest.mark.requirement("D4")
def test_a_payment_option_is_stored_changed_and_removed(payer):
    payer.enter("payment-options")
    guid = payer.store(label="Household")
    assert "Household" in payer.text
    payer.open(f"payment-options/{guid}")
    told = payer.fill(
        f"payment-options/{guid}",
        method="bank",
        routing_number="011000015",
        bank_account_number="000123456789",
        label="Bank",
    )
    assert "Bank account ending in 6789" in told
    assert "No card or bank account is stored yet" in payer.fill(f"payment-options/{guid}/remove")
    assert not payer.wallet.methods


def test_the_journal_holds_no_number_that_was_typed(payer):
    payer.enter("payment-options")
    payer.store()
    payer.open("bills/30254/pay")
    payer.fill("bills/30254/pay", method="card", card_number="5555555555554444")
    journal = str([vars(entry) for entry in payer.world.journal.entries()])
    assert "30254" in journal
    assert not [number for number in secret_numbers() if number in journal]


def test_an_option_says_what_pays_with_it(payer):
    payer.enter("payment-options")
    payer.store()
    payer.schedule()
    payer.open("recurring")
    payer.fill("recurring", day_of_month="15")
    payer.open("autopay")
    payer.fill("autopay")
    shown = payer.open("payment-options")
    for use in ("AutoPay of account 1004587", "1 scheduled payment", "1 recurring payment"):
        assert use in shown


@pytest.mark.requirement("D4")
def test_a_scheduled_payment_is_changed_and_then_paid_on_its_day(payer):
    payer.enter("payment-options")
    payer.store()
    guid = payer.schedule(on="2026-01-16")
    assert "Jan 16, 2026" in payer.text
    payer.open(f"scheduled/{guid}")
    payer.fill(f"scheduled/{guid}", on="2026-01-08")
    assert "Jan 8, 2026" in payer.text
    assert "Jan 16, 2026" not in payer.text
    payer.days(4)
    assert payer.paid() == [("30254", "731.37", True)]
    payer.enter("scheduled")
    assert "731.37 by VISA ending in 1111, approved." in payer.text
    assert "Nothing is scheduled" in payer.text


@pytest.mark.requirement("D4")
def test_a_scheduled_payment_that_is_cancelled_is_not_paid(payer):
    payer.enter("payment-options")
    payer.store()
    guid = payer.schedule()
    payer.fill(f"scheduled/{guid}/cancel")
    assert payer.wallet.plans[guid].state is PlanState.CANCELLED
    assert "Cancelled" in payer.text
    payer.days(20)
    assert payer.paid() == []


def test_what_is_cancelled_cannot_be_changed_or_cancelled_again(payer):
    payer.enter("payment-options")
    payer.store()
    guid = payer.schedule()
    cancelling = payer.filled(f"scheduled/{guid}/cancel")
    payer.open(f"scheduled/{guid}")
    changing = payer.filled(f"scheduled/{guid}", on="2026-01-20")
    payer.open("scheduled")
    payer.fill(f"scheduled/{guid}/cancel")
    payer.send(*cancelling)
    assert payer.status == 409
    assert "This payment is cancelled already." in payer.text
    payer.send(*changing)
    assert payer.status == 422
    assert "cancelled already" in payer.open(f"scheduled/{guid}")
    assert payer.wallet.plans[guid].state is PlanState.CANCELLED


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("on", {"on": "2026-01-05"}),
        ("on", {"on": "soon"}),
        ("amount", {"amount": "5,00"}),
        ("amount", {"amount": "9999"}),
        ("method_guid", {"method_guid": "none"}),
        ("invoice_number", {"invoice_number": "40001"}),
    ],
)
def test_what_cannot_be_scheduled_is_told_beside_its_field(payer, field, typed):
    payer.enter("payment-options")
    payer.store()
    payer.open("scheduled")
    payer.fill("scheduled", **{"on": "2026-01-16", **typed})
    assert payer.status == 422
    assert payer.problem(field)
    assert not payer.wallet.plans


@pytest.mark.requirement("D4")
def test_a_recurring_payment_is_set_up_paid_and_cancelled(payer):
    payer.enter("payment-options")
    payer.store()
    payer.open("recurring")
    payer.fill("recurring", day_of_month="7", amount="100")
    (guid,) = payer.wallet.recurring
    assert "$100.00" in payer.text
    payer.days(3)
    assert payer.paid() == [("30310", "100.00", True)]  # the other bill is paid whole only
    payer.enter("recurring")
    payer.fill(f"recurring/{guid}/cancel")
    assert "No recurring payment is set up" in payer.text
    before = payer.paid()
    payer.days(40)
    assert payer.paid() == before


@pytest.mark.parametrize("day", ["0", "29", "monday", ""])
def test_a_recurring_payment_wants_a_day_that_every_month_has(payer, day):
    payer.enter("payment-options")
    payer.store()
    payer.open("recurring")
    payer.fill("recurring", day_of_month=day)
    assert payer.status == 422
    assert payer.problem("day_of_month")
    assert not payer.wallet.recurring


@pytest.mark.requirement("D4")
def test_what_belongs_to_a_foreign_account_is_refused(payer, tomorrow):
    """Another login's GUIDs open no page, and a form with them changes nothing."""
    world, stranger = payer.world, payer.session(OTHER_ACCOUNT)
    method = store_method(world, stranger, CARDS[0]).method_guid
    plan = schedule_payment(world, stranger, "40001", method_guid=method, on=tomorrow)
    plan_guid = plan.planned.plan_guid
    recurring = add_recurring(world, stranger, method, 9, Decimal(5)).added.recurring_guid
    before = [list(payer.wallet.events), list(payer.book.events)]
    payer.enter("bills")
    _, form = payer.filled("sign-out")
    token = {"form_token": form["form_token"], "on": "2026-01-09", "choice": "on"}
    for path in (
        "bills/40001",
        "bills/40001/pay",
        f"payment-options/{method}",
        f"scheduled/{plan_guid}",
    ):
        payer.open(path)
        assert payer.status == 404, path
    for path, told in (
        ("bills/40001/pay", {"method": "card", "card_number": CARDS[0].number}),
        ("bills/30254/pay", {"method": "stored", "method_guid": method}),
        ("autopay", {"method_guid": method}),
        (f"payment-options/{method}", {"method": "card", "card_number": CARDS[1].number}),
        (f"payment-options/{method}/remove", {}),
        (f"scheduled/{plan_guid}", {"method_guid": method}),
        (f"scheduled/{plan_guid}/cancel", {}),
        (f"recurring/{recurring}/cancel", {}),
        ("account", {"account_number": OTHER_ACCOUNT}),
    ):
        payer.post(path, **token, **told)
        assert payer.status in {403, 404, 422}, path
    assert [list(payer.wallet.events), list(payer.book.events)] == before
