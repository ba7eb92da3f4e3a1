"""A receipt that was answered 401: sent once more at once, or in doubt, never taken for undone."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.invoice import BalanceAnswer
from adapter.domain.work_item import State
from adapter.errors import ConfigurationError, CredentialsRefusedError, RetryableError
from adapter.kinds import PAYMENTS
from tests.unit.jobs.conftest import NOW, answer

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
UNANSWERED = RetryableError("no connection", **WHERE)
UNAUTHORIZED = CredentialsRefusedError("answered 401", status=401, **WHERE)
BEFORE, MOVED = Decimal("731.37"), Decimal("700.00")


def standing(bench, payment):
    item = bench.item(payment)
    return item.state, item.review, len(bench.partners.posted)


def test_refused_credentials_are_followed_by_one_post_where_nothing_moved(bench):
    payment = bench.accept()
    bench.partners.receipt_answers = [UNAUTHORIZED]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 2)


def test_refused_credentials_leave_a_doubt_where_the_balance_moved(bench):
    payment = bench.accept()
    balances = [BEFORE, MOVED]
    bench.partners.balance = lambda: balances.pop(0) if balances else MOVED
    bench.partners.receipt_answers = [UNAUTHORIZED]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.IN_DOUBT, None, 1)
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1)


def test_a_balance_told_before_the_post_lets_nothing_be_sent_twice(bench):
    told = BalanceAnswer(balance=BEFORE, dated_at=NOW - timedelta(seconds=2))
    bench.partners.balance_due = lambda _number: told
    payment = bench.accept()
    bench.partners.receipt_answers = [UNAUTHORIZED]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.IN_DOUBT, None, 1)


def test_credentials_that_are_refused_again_leave_a_doubt(bench):
    payment = bench.accept()
    bench.partners.receipt_answers = [UNAUTHORIZED, UNAUTHORIZED]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.IN_DOUBT, None, 2)


@pytest.mark.parametrize("what", ["token", "connection", "balance"])
def test_what_prevents_the_second_post_does_not_take_back_the_first(bench, what):
    """A 401 may follow a receipt that was written: it is in doubt whatever came after it."""
    payment = bench.accept()
    refused = ConfigurationError("the key is refused")
    second = refused if what == "token" else UNANSWERED
    bench.partners.receipt_answers = [UNAUTHORIZED, second]
    balances = [BEFORE, refused if what == "balance" else BEFORE]
    bench.partners.balance = lambda: answer(balances.pop(0) if balances else MOVED)
    bench.run(PAYMENTS)
    assert bench.item(payment).state is State.IN_DOUBT
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1 if what == "balance" else 2)
