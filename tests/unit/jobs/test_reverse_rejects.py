"""Polling the rejects: a payment comes back once, however often that is told (C3, C6)."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source, State
from adapter.errors import OutcomeUnknownError, RejectedError, RetryableError
from adapter.jobs.reverse_rejects import run_once
from adapter.kinds import PAYMENTS, REVERSALS

DAY = 24 * 3600
NAMES = {"partner": "spectrum", "operation": "ReceiveReversal"}


def run(bench):
    return run_once(bench.biller, bench.work)


def test_a_reject_is_received_once(bench):
    bench.partners.returned = [bench.ach_return(1), bench.ach_return(2)]
    assert run(bench).counts == {"seen": 2, "taken_over": 2}
    bench.pass_time(DAY)
    assert run(bench).counts == {"seen": 2}
    items = bench.items(REVERSALS)
    assert [item.payload for item in items] == bench.partners.returned
    assert {(i.state, i.source) for i in items} == {(State.WAITING, Source.REJECT_REPORT)}
    assert {item.next_at for item in items} == {items[0].accepted_at}
    assert bench.exceptions() == ()


def test_a_reject_that_stands_twice_is_one_and_of_two_invoices_is_two(bench):
    bench.partners.returned = [bench.ach_return(), bench.ach_return()]
    assert run(bench).counts == {"seen": 2, "taken_over": 1}
    bench.partners.returned = [bench.ach_return(), bench.ach_return(invoice_number="7")]
    assert run(bench).counts == {"seen": 2, "taken_over": 1}
    assert len(bench.items(REVERSALS)) == 2


def test_a_reject_that_is_told_otherwise_is_for_a_person(bench):
    bench.bring_back()
    bench.partners.returned = [bench.ach_return(amount=Decimal("31.36"))]
    for _ in range(2):
        assert run(bench).counts == {"seen": 1, "reject_mismatch": 1}
    [item] = bench.exceptions()
    assert (item.kind, item.payment_guid) == (ExceptionKind.REJECT_MISMATCH, None)
    assert bench.items(REVERSALS)[0].payload.amount == Decimal("31.37")


# A payment comes back once (0032)


def second(bench, **fields):
    """Return another reject of the payment that `bench.ach_return()` is a reject of."""
    return bench.ach_return(**{"reject_guid": str(UUID(int=2001)), **fields})


def bring_to(bench, state):
    """Bring the first reject of an applied payment to a state."""
    bench.accept()
    bench.run(PAYMENTS)
    bench.pass_time(120)
    bench.partners.returned = [bench.ach_return()]
    answers = {
        "retrying": [RetryableError("503", **NAMES)],
        "under way": [OutcomeUnknownError("no answer came", **NAMES)],
        "used up": [RetryableError("503", **NAMES)] * bench.work.rules.retry.attempts_max,
        "refused": [RejectedError("404: no receipt", **NAMES)],
    }
    bench.partners.reversal_answers = answers.get(state, [])
    run(bench)
    if state == "used up":
        bench.run_on(REVERSALS)
    elif state != "waiting":
        bench.run(REVERSALS)


@pytest.mark.parametrize(
    "state", ["waiting", "under way", "retrying", "used up", "refused", "done"]
)
@pytest.mark.parametrize("code", ["R01", "R02"])
def test_a_second_reject_of_a_payment_is_a_persons_and_reverses_nothing(bench, state, code):
    """Wherever the first one stands, and however often the second is told."""
    bring_to(bench, state)
    known = bench.items(REVERSALS)
    bench.partners.returned = [bench.ach_return(), second(bench, code=code)]
    for _ in range(2):
        assert run(bench).counts == {"seen": 2, "reject_repeated": 1}
    assert bench.items(REVERSALS) == known
    [review] = [e for e in bench.exceptions() if e.kind is ExceptionKind.REJECT_REPEATED]
    first, other = bench.ach_return(), second(bench)
    assert first.reject_guid in review.detail
    assert other.reject_guid in review.detail
    assert (review.invoice_number, review.payment_guid) == (first.invoice_number, None)
    bench.ledger.exceptions.resolve(review.id, now=bench.clock.now(), resolution="once it was")
    run(bench)
    assert ExceptionKind.REJECT_REPEATED not in bench.open_kinds(), "what is settled stays so"
    bench.partners.reversal_answers = []
    bench.redrive(REVERSALS).retry_all(by="ada", now=bench.clock.now())
    bench.run_on(REVERSALS)
    assert {sent.reject_guid for sent in bench.partners.reversed} == {first.reject_guid}
    assert bench.words(REVERSALS) == ["reversed"]


def test_two_rejects_of_one_payment_in_one_report_are_one_reversal(bench):
    bench.accept()
    bench.run(PAYMENTS)
    bench.partners.returned = [bench.ach_return(), second(bench), bench.ach_return(2)]
    assert run(bench).counts == {"seen": 3, "taken_over": 2, "reject_repeated": 1}
    bench.pass_time(120)
    assert bench.run(REVERSALS).counts == {"reversed": 1, "waiting": 1}
    assert bench.open_kinds() == [ExceptionKind.REJECT_REPEATED]


def test_one_payment_of_two_invoices_comes_back_on_each(bench):
    shares = [bench.ach_return(invoice_number=number) for number in ("7", "8")]
    bench.partners.returned = [*shares, second(bench, invoice_number="8")]
    assert run(bench).counts == {"seen": 3, "taken_over": 2, "reject_repeated": 1}


def test_two_polls_at_once_make_one_reversal(bench):
    """Each has read another reject of the payment: the database takes one of them."""
    told = [bench.ach_return(), second(bench)]
    outboxes = [bench.ledger.outbox(REVERSALS.item) for _ in told]

    def accept(outbox, ach_return):
        return outbox.accept_all([ach_return], source=Source.REJECT_REPORT, now=bench.clock.now())

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(accept, outboxes, told))
    assert sorted(len(new) for new, _ in found) == [0, 1]
    assert sum(len(others) for _, others in found) == 1
    assert len(bench.items(REVERSALS)) == 1


# Codes that take no money back (0032)


@pytest.mark.parametrize("code", ["C01", "R61", "R99", "?"])
def test_a_code_that_reverses_nothing_is_a_persons(bench, code):
    bench.accept()
    bench.run(PAYMENTS)
    bench.partners.returned = [bench.ach_return(code=code, amount=Decimal(0))]
    for _ in range(2):
        assert run(bench).counts == {"seen": 1, "reject_code": 1}
    assert bench.items(REVERSALS) == ()
    [review] = bench.exceptions()
    assert (review.kind, review.payment_guid) == (ExceptionKind.REJECT_CODE, None)
    assert code in review.detail
    assert bench.ach_return().payment_guid in review.detail
    # The payment may still come back.
    bench.partners.returned.append(bench.ach_return(code="r01"))
    assert run(bench).counts == {"seen": 2, "taken_over": 1, "reject_code": 1}
    bench.pass_time(120)
    assert bench.run(REVERSALS).counts == {"reversed": 1}


def test_which_codes_reverse_is_the_billers_setting(bench):
    bench.partners.return_codes = frozenset({"R61"})
    bench.partners.returned = [bench.ach_return(1, code="R61"), bench.ach_return(2)]
    assert run(bench).counts == {"seen": 2, "taken_over": 1, "reject_code": 1}
