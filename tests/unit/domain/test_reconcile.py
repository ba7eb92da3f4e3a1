"""One row of the report against one payment of the ledger."""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapter.domain.payment import Finding, PaymentMethod, compare, differences


def test_what_agrees_is_confirmed(payment, item_of):
    retold = replace(payment, customer_name="BRIEN RENEE O", payment_message="web")
    assert compare(retold, item_of()) is Finding.CONFIRMED


def test_what_the_ledger_lacks_is_missing_when_approved(payment):
    assert compare(payment, None) is Finding.MISSING
    assert compare(replace(payment, approved=False), None) is Finding.DECLINED


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Decimal("731.38")}, "amount: reported 731.38, posted 731.37"),
        ({"fee": Decimal("0.00")}, "fee: reported 0.00, posted 2.95"),
        ({"account_number": "1"}, "account_number: reported 1, posted 1204117"),
        ({"method": PaymentMethod.ACH}, "method: reported ACH, posted CreditCard"),
        ({"approved": False}, "approved: reported False, posted True"),
    ],
)
def test_what_differs_is_a_mismatch_and_is_named(payment, item_of, change, words):
    reported = replace(payment, **change)
    assert compare(reported, item_of()) is Finding.MISMATCH
    assert differences(reported, payment) == words


def test_nothing_differs_between_equals(payment):
    assert differences(payment, payment) == ""
