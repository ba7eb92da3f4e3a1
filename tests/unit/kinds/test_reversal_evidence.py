"""A reversal whose answer was lost: what Spectrum's book shows, and what follows (0032)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer, ExtractedReceipt, ReceiptSearch
from adapter.domain.work_item import Evidence, State
from adapter.errors import OutcomeUnknownError, RetryableError
from adapter.kinds import PAYMENTS, REVERSALS
from adapter.kinds.reversals import EVIDENCE_WITHIN
from tests.unit.jobs.conftest import NOW

NAMES = {"partner": "spectrum", "operation": "ReceiveReversal"}
LATER = RetryableError("answered 503", **NAMES)
LOST = OutcomeUnknownError("no answer came in time", **NAMES)

BEFORE, AMOUNT = Decimal("731.37"), Decimal("31.37")
SETTLE = timedelta(seconds=120)


def run(bench):
    return bench.run(REVERSALS).counts


def lost(bench, **fields):
    """Lose the answer to the reversal of an applied payment, and let it settle."""
    bench.partners.reversal_answers = [LOST]
    if bench.item(bench.payment()) is None:
        bench.accept()
    bench.run(PAYMENTS)
    bench.clock.at += SETTLE
    returned = bench.bring_back(**fields)
    assert run(bench) == {"in_doubt": 1}
    assert len(bench.partners.reversed) == 1
    return returned


def settle(bench):
    bench.clock.at += SETTLE
    return run(bench)


def receipt(bench, **fields):
    usual = {
        "receipt_id": "R-1",
        "invoice_number": bench.payment().invoice_number,
        "reference_number": bench.payment().payment_guid.upper(),
        "amount": AMOUNT,
        "applied_at": bench.clock.now(),
    }
    return ExtractedReceipt(**{**usual, **fields})


def tell(bench, *receipts, lag=timedelta(0)):
    """Have the receipts feed tell these from now on."""
    search = ReceiptSearch(receipts=receipts, as_of=bench.clock.now() + SETTLE - lag)
    bench.partners.searches = [search] * 100


def test_a_balance_that_moved_up_by_the_amount_shows_a_reversal(bench):
    returned = lost(bench)
    assert run(bench) == {}, "it has to settle first"
    bench.partners.balance = BEFORE + AMOUNT
    assert settle(bench) == {"reversed": 1}
    item = bench.item(returned)
    assert (item.evidence, item.receipt_id) == (Evidence.BALANCE, None)
    assert "731.37 -> 762.74" in bench.events(returned)[-1].detail
    assert len(bench.partners.reversed) == 1
    assert bench.exceptions() == ()


def test_a_balance_that_has_not_moved_lets_it_be_sent_again_under_the_same_id(bench):
    returned = lost(bench)
    assert settle(bench) == {"failed": 1, "reversed": 1}
    assert [sent.reversal_id for sent in bench.partners.reversed] == [returned.reversal_id] * 2


@pytest.mark.parametrize("balance", ["700.00", "762.73", "794.11", "0.00"])
def test_a_balance_that_moved_otherwise_is_a_persons(bench, balance):
    returned = lost(bench)
    bench.partners.balance = Decimal(balance)
    assert settle(bench) == {"failed": 1}
    item = bench.item(returned)
    assert (item.state, item.may_have_left) == (State.NEEDS_PERSON, True)
    assert bench.open_kinds() == [ExceptionKind.REVERSAL_FAILED]
    assert f"731.37 -> {balance}" in item.last_error
    assert len(bench.partners.reversed) == 1


def test_a_balance_that_moves_after_the_look_stops_the_repeat(bench):
    """The first try is applied later than anything should be: it is not sent a second time."""
    returned = lost(bench)
    told = [BEFORE, BEFORE + AMOUNT]
    bench.partners.balance = lambda: told.pop(0)
    assert settle(bench) == {"failed": 2}
    item = bench.item(returned)
    assert (item.state, item.may_have_left) == (State.NEEDS_PERSON, True)
    assert bench.open_kinds() == [ExceptionKind.REVERSAL_FAILED]
    assert len(bench.partners.reversed) == 1


def test_a_reversal_settles_as_long_as_the_biller_says(bench):
    """A balance that lags for a quarter of an hour would have it sent a second time."""
    returned = lost(bench)
    bench.partners.guard = GuardFigures()
    assert settle(bench) == {"in_doubt": 1}
    bench.partners.balance = BEFORE + AMOUNT
    bench.run_on(REVERSALS)
    assert bench.item(returned).state is State.DONE
    assert len(bench.partners.reversed) == 1


def test_nothing_is_sent_again_by_a_balance_from_before_it(bench):
    returned = lost(bench)
    dated_at = bench.clock.now() - timedelta(seconds=1)
    bench.partners.balance_due = lambda _number: BalanceAnswer(balance=BEFORE, dated_at=dated_at)
    assert settle(bench) == {"in_doubt": 1}
    assert "as of a moment before the reversal was sent" in bench.item(returned).last_error
    del bench.partners.balance_due
    assert settle(bench) == {"failed": 1, "reversed": 1}


def test_nothing_is_sent_again_while_no_balance_counts(bench):
    """The second look, just before it is sent, may be the one that a cache answers."""
    lost(bench)
    told = ["", "HIT", "HIT"]
    usual = bench.partners.balance_due
    bench.partners.balance_due = lambda number: replace(
        usual(number), stale=told.pop(0) if told else ""
    )
    assert settle(bench) == {"failed": 2}
    assert len(bench.partners.reversed) == 1
    bench.run_on(REVERSALS)
    assert bench.words(REVERSALS) == ["reversed"]
    assert len(bench.partners.reversed) == 2


def test_a_balance_that_may_not_show_our_last_receipt_is_no_reading(bench):
    """It falls and rises by the same amount: what was reversed would look untouched."""
    bench.accept()
    bench.run(PAYMENTS)
    returned = bench.bring_back()
    assert run(bench) == {"waiting": 1}
    assert "waits until the balance shows our last receipt" in bench.item(returned).last_error
    bench.clock.at += SETTLE
    assert run(bench) == {"reversed": 1}
    assert bench.item(returned).balance_before == BEFORE


def test_a_balance_of_a_cache_is_no_evidence(bench):
    """Neither before nor after: what nothing shows is a person's, and is not sent again."""
    bench.accept()
    bench.run(PAYMENTS)
    bench.partners.stale = "Age: 290"
    returned = lost(bench)
    assert bench.item(returned).balance_before is None
    assert settle(bench) == {"in_doubt": 1}
    assert "no evidence (Age: 290)" in bench.item(returned).last_error
    bench.partners.stale = ""
    bench.run_on(REVERSALS)
    assert bench.item(returned).state is State.NEEDS_PERSON
    assert len(bench.partners.reversed) == 1


@pytest.mark.parametrize("by", ["", "another-reversal"])
def test_a_receipt_that_the_feed_shows_reversed_is_done(bench, by):
    """By whichever reversal: a payment comes back once."""
    bench.partners.searches = []
    returned = lost(bench)
    assert bench.item(returned).balance_before is None, "the feed shows more"
    tell(bench, receipt(bench, reversed_at=bench.clock.now(), reversal_id=by), lag=SETTLE)
    assert settle(bench) == {"reversed": 1}
    assert bench.item(returned).evidence is Evidence.RECEIPTS_FEED
    assert len(bench.partners.reversed) == 1


def test_a_receipt_that_stands_in_a_settled_feed_is_reversed_again(bench):
    bench.partners.searches = []
    lost(bench)
    other = receipt(bench, receipt_id="R-2", reference_number="agent 7", reversed_at=NOW)
    tell(bench, receipt(bench), other, lag=timedelta(seconds=1))
    assert settle(bench) == {"in_doubt": 1}, "the feed does not tell so far yet"
    tell(bench, receipt(bench), other)
    bench.run_on(REVERSALS)
    assert bench.words(REVERSALS) == ["reversed"]
    assert len(bench.partners.reversed) == 2


@pytest.mark.parametrize("count", [0, 2])
def test_a_feed_that_shows_not_one_receipt_of_the_payment_is_for_a_person(bench, count):
    bench.partners.searches = []
    returned = lost(bench)
    tell(bench, *[receipt(bench, receipt_id=f"R-{n}") for n in range(count)])
    assert settle(bench) == {"failed": 1}
    assert bench.item(returned).state is State.NEEDS_PERSON
    assert len(bench.partners.reversed) == 1


def test_evidence_that_does_not_come_is_reviewed_after_a_day_and_looked_for_on(bench):
    returned = lost(bench)
    bench.partners.balance = LATER
    bench.clock.at += EVIDENCE_WITHIN
    assert run(bench) == {"in_doubt": 1}
    assert bench.open_kinds() == [ExceptionKind.REVERSAL_FAILED]
    bench.partners.balance = BEFORE + AMOUNT
    bench.run_on(REVERSALS)
    assert bench.item(returned).state is State.DONE
    assert bench.open_kinds() == []
