"""Payers: what the page lets them pay, what it costs them, and what is kept of it."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud import payers
from sandbox.fakes.invoice_cloud.book import PumpState
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS, secret_numbers
from sandbox.fakes.invoice_cloud.payers import PaymentRefusedError

PAYERS = 20


def refusal(cloud, *told, **options):
    with pytest.raises(PaymentRefusedError) as caught:
        cloud.pay(*told, **options)
    assert caught.value.remedy
    return caught.value.message


def test_a_card_pays_the_whole_balance_and_a_fee_on_top(cloud):
    made = cloud.pay_new()
    assert (made.amount, made.fee) == (Decimal("731.37"), Decimal("3.00"))
    assert (made.method, made.card_type, made.message) == ("CreditCard", "VISA", "Approved")
    assert cloud.book.bills[made.biller, "30254"].balance == 0


def test_a_bank_account_pays_without_fee_and_has_no_card_type(cloud):
    made = cloud.pay_new(instrument=BANK_ACCOUNTS[0])
    assert (made.amount, made.fee) == (Decimal("731.37"), Decimal("0.00"))
    assert (made.method, made.card_type, made.approved) == ("ACH", None, True)


def test_a_declined_card_leaves_the_balance_and_pumps_nothing(cloud):
    made = cloud.pay_new(instrument=CARDS[3])
    assert not made.approved
    assert cloud.book.bills[made.biller, "30254"].balance == Decimal("731.37")
    assert cloud.delivery(made).pump is PumpState.NOT_PUMPED
    assert cloud.world.clock.pending() == []
    assert cloud.pay().approved


def test_a_payment_is_on_its_way_to_the_data_pump_and_to_its_batch(cloud):
    made = cloud.pay_new()
    assert cloud.delivery(made).pump is PumpState.WAITING
    assert [event.label for event in cloud.world.clock.pending()] == ["data_pump", "settlement"]


def test_the_page_takes_no_other_amount_than_what_is_due(cloud):
    cloud.bill()
    assert "AllowPartialPayments is 0" in refusal(cloud, amount="10.00")
    assert "731.37 is due on invoice 30254, and the payer wants to pay 731.38" in refusal(
        cloud, amount="731.38"
    )
    assert cloud.pay(amount="731.37").amount == Decimal("731.37")
    assert refusal(cloud) == "nothing is due on invoice 30254"


def test_a_bill_that_allows_parts_is_paid_in_parts(cloud):
    cloud.bill(allow_partial=True)
    assert cloud.pay(amount="700.00").amount == Decimal("700.00")
    assert cloud.pay().amount == Decimal("31.37")


def test_what_has_no_bill_cannot_be_paid(cloud):
    cloud.bill()
    assert "no bill 99999" in refusal(cloud, "99999")
    assert "no bill 30254 of prairie-shield" in refusal(cloud, biller=1)


def test_a_bill_over_nothing_cannot_be_paid(cloud):
    cloud.bill(due="0.00")
    assert refusal(cloud) == "nothing is due on invoice 30254"


def test_the_same_seed_draws_the_same_payments(make_cloud):
    def draw(seed):
        cloud = make_cloud(seed=seed)
        made = [cloud.pay_new(number) for number in ("1", "2")]
        return [(payment.payment_guid, payment.reference) for payment in made]

    assert draw(1) == draw(1) != draw(2)
    assert len(set(draw(1))) == 2
    assert all(re.fullmatch(r"IC[0-9]{9}", reference) for _, reference in draw(1))


def test_of_the_instrument_only_the_last_digits_are_kept(cloud):
    made = [
        cloud.pay_new(str(number), how)
        for number, how in enumerate((*CARDS, *BANK_ACCOUNTS), start=1)
    ]
    assert {payment.last_four for payment in made} >= {"1111", "6789"}
    told = f"{cloud.book.events} {cloud.book.as_json()} {cloud.world.journal.as_lines()}"
    assert not [number for number in secret_numbers() if number in told]


def test_the_journal_tells_the_payment_in_a_phrase(cloud):
    made = cloud.pay_new()
    entry = cloud.world.journal.entries(operation="Pay")[0]
    assert entry.outcome == "invoice 30254: 731.37 by VISA, approved"
    assert entry.tags["payment_guid"] == made.payment_guid


def test_of_payers_who_saw_the_same_bill_at_once_one_pays_it(cloud, monkeypatch):
    bill, all_have_seen_it = cloud.bill(), threading.Barrier(PAYERS)

    def show(_world, seen):
        all_have_seen_it.wait()
        return seen

    monkeypatch.setattr(payers, "refresh_balance", show)

    def try_to_pay(_number):
        try:
            return cloud.pay().amount
        except PaymentRefusedError as error:
            return error.message

    with ThreadPoolExecutor(PAYERS) as pool:
        told = list(pool.map(try_to_pay, range(PAYERS)))
    assert told.count(bill.balance) == 1
    assert told.count("nothing is due on invoice 30254") == PAYERS - 1
