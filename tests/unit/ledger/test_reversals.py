"""Rejects in the ledger: taken over once, told by page, sent again by a person."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import ReversalState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import BadInputError, NotFoundError


def test_a_reject_is_kept_as_it_came_and_once(bench, now, later):
    returned = bench.ach_return()
    book = bench.ledger.reversals
    assert book.take_over([returned, returned], now=now) == [returned]
    assert book.take_over([replace(returned, reason="other words")], now=later(5)) == []
    [told] = book.page(limit=9)
    assert told.ach_return == returned
    assert (told.state, told.attempts, told.seen_at) == (ReversalState.WAITING, 0, now)
    assert book.changed([returned]) == []


def test_other_content_is_told_and_changes_nothing(bench, now):
    returned = bench.bring_back()
    other = replace(returned, amount=Decimal("1.00"))
    assert bench.ledger.reversals.take_over([other], now=now) == []
    assert bench.ledger.reversals.changed([other]) == [other]
    assert bench.reversal().ach_return == returned


def test_invoices_and_billers_are_told_apart(bench, now):
    returned = bench.ach_return()
    others = [replace(returned, invoice_number="7"), replace(returned, biller="another-carrier")]
    assert len(bench.ledger.reversals.take_over([returned, *others], now=now)) == 3


def test_nothing_to_take_over_is_nothing(bench, now):
    assert bench.ledger.reversals.take_over([], now=now) == []
    assert bench.ledger.reversals.changed([]) == []


def test_amounts_are_told_by_payment_and_invoice(bench):
    bench.bring_back(1)
    bench.bring_back(2)
    guids = [str(UUID(int=1)), str(UUID(int=9))]
    assert bench.ledger.reversals.amounts(bench.biller, guids) == {
        (guids[0], "30254"): Decimal("731.37")
    }
    assert bench.ledger.reversals.amounts("another-carrier", guids) == {}


def test_pages_are_by_id_biller_and_state(bench):
    for number in range(1, 4):
        bench.bring_back(number)
    bench.reverse(bench.claim_reversal())
    page = bench.ledger.reversals.page
    assert [told.id for told in page(limit=2)] == [1, 2]
    assert [told.id for told in page(limit=9, after=2)] == [3]
    assert [told.id for told in page(limit=9, state=ReversalState.WAITING)] == [2, 3]
    assert page(limit=9, biller="another-carrier") == ()


def test_a_person_sends_again_what_was_refused(bench, later):
    bench.bring_back()
    refused = bench.reverse(
        bench.claim_reversal(), ReversalState.REFUSED, exception=ExceptionKind.REVERSAL_REFUSED
    )
    again = bench.ledger.reversals.redrive(refused.id, now=later(60))
    assert (again.state, again.attempts) == (ReversalState.WAITING, 0)
    assert again.next_at == again.seen_at
    assert not bench.exceptions()[0].is_open
    assert bench.claim_reversal(at=later(60)).id == again.id


def test_a_person_sends_everything_again(bench, now):
    for number in (1, 2):
        bench.bring_back(number, invoice=str(number))
        bench.reverse(bench.claim_reversal(), ReversalState.FAILED)
    bench.bring_back(3)
    assert [told.id for told in bench.ledger.reversals.redrive_all(now=now)] == [1, 2]


@pytest.mark.parametrize("state", ["waiting", "reversed", "handed_over"])
def test_only_what_failed_is_sent_again(bench, now, state):
    bench.bring_back()
    if state != "waiting":
        bench.reverse(bench.claim_reversal(), ReversalState(state))
    with pytest.raises(BadInputError, match=state):
        bench.ledger.reversals.redrive(1, now=now)
    with pytest.raises(NotFoundError):
        bench.ledger.reversals.redrive(77, now=now)
