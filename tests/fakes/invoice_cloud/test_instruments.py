"""The sandbox's own cards and bank accounts: found by number, and no other is taken."""

import pytest

from sandbox.fakes.invoice_cloud.instruments import (
    BANK_ACCOUNTS,
    CARDS,
    InstrumentError,
    find_bank_account,
    find_card,
    secret_numbers,
)


def luhn(number):
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.message)
def test_a_card_is_found_by_its_number_and_looks_like_one(card):
    assert find_card(card.number) is card
    assert luhn(card.number) % 10 == 0
    assert card.approved is (card.message == "Approved")


@pytest.mark.parametrize("account", BANK_ACCOUNTS, ids=lambda account: account.holder)
def test_a_bank_account_is_found_by_both_numbers_and_looks_like_one(account):
    assert find_bank_account(account.routing_number, account.account_number) is account
    weights = [3, 7, 1] * 3
    digits = map(int, account.routing_number)
    assert sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0


def test_every_kind_of_card_is_there_approved_and_declined():
    assert {card.card_type for card in CARDS if card.approved} == {"VISA", "MASTERCARD", "AMEX"}
    assert any(not card.approved for card in CARDS)


def test_no_other_number_is_taken_and_the_answer_lists_those_that_are():
    with pytest.raises(InstrumentError) as card:
        find_card("4242424242424242")
    assert all(known.number in str(card.value) for known in CARDS)
    with pytest.raises(InstrumentError) as account:
        find_bank_account(BANK_ACCOUNTS[0].routing_number, BANK_ACCOUNTS[2].account_number)
    assert all(known.account_number in str(account.value) for known in BANK_ACCOUNTS)
    assert "4242424242424242" not in str(card.value)


def test_the_secret_numbers_are_all_that_can_be_paid_with():
    assert set(secret_numbers()) == {card.number for card in CARDS} | {
        account.account_number for account in BANK_ACCOUNTS
    }
