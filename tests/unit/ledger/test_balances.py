"""What a payment is judged by: a reading from before it, and everything of ours since."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.guard_view import Move
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.upload import UploadAnswer
from adapter.domain.work_item import BalanceReading, State
from adapter.kinds import PAYMENTS

ACCEPTED = UploadAnswer(accepted=True, file_name="4546.BIF", file_guid="g-1", message="Imported")
SETTLE = timedelta(minutes=15)


def known_of(bench, item):
    return bench.ledger.balances.of(item, settle=SETTLE)


@pytest.fixture
def desk(bench):
    return bench.payments


def doubtful(desk, number=1, **fields):
    item = desk.accept(number, **fields)
    return desk.record(desk.send(at=item.accepted_at), State.IN_DOUBT, next_at=desk.bench.now)


def test_of_a_payment_that_was_sent_the_reading_before_it_and_all_since(bench, desk, later):
    sent = doubtful(desk)
    read = BalanceReading(asked_at=later(5), balance=Decimal("700.00"))
    waits = desk.outbox.put_off(
        desk.claim(), until=later(9), reason="none", now=later(5), reading=read
    )
    known = known_of(bench, waits)
    assert known.before == BalanceReading(asked_at=bench.now, balance=Decimal("731.37"))
    assert known.readings == (read,)
    assert (known.moves, known.own_guids) == ((), {sent.payload.payment_guid})


def test_our_own_receipts_and_reversals_since_are_known(bench, desk, later):
    for moved in (desk, bench.reversals):
        moved.accept(7)
        moved.done(at=later(1))
        moved.accept(8, lane="30255")
        moved.done(at=later(1))
    known = known_of(bench, doubtful(desk))
    assert known.moves == (
        Move(at=later(1), amount=Decimal("-731.37")),
        Move(at=later(1), amount=Decimal("731.37")),
    )
    assert len(known.own_guids) == 2


def test_what_moved_before_the_reading_is_in_it(bench, desk, later):
    desk.accept(7)
    desk.done()
    item = desk.accept(1, at=later(900))
    read = BalanceReading(asked_at=later(900), balance=Decimal("0.00"))
    sent = desk.begin(desk.claim(at=later(900)), at=later(900), reading=read)
    assert known_of(bench, sent).moves == ()
    assert bench.ledger.balances.last_move(item) == bench.now


def test_one_payment_of_several_invoices_is_known_on_each(bench, desk):
    first = desk.accept(1)
    desk.accept(1, lane="30255")
    known = known_of(bench, first)
    assert (known.before, known.own_invoices) == (None, {"30254", "30255"})
    assert bench.ledger.balances.last_move(first) is None


@pytest.mark.parametrize(("row", "is_known"), [({"balance_due": "55.00"}, True), ({}, False)])
def test_of_one_that_never_left_it_is_what_was_billed_before_it_was_paid(
    bench, desk, later, row, is_known
):
    upload = bench.begin_file(rows={"30254": json.dumps(row)})
    bench.ledger.uploads.record_accepted(upload, ACCEPTED, now=later(1))
    early, late = desk.accept(1), desk.accept(2, paid_at=later(1))
    billed = BalanceReading(asked_at=bench.now, balance=Decimal("55.00"))
    assert known_of(bench, early).before is None
    assert known_of(bench, late).before == (billed if is_known else None)


@pytest.mark.parametrize(
    ("moments", "is_known"),
    [((-960, -900), True), ((-960, -899), False), ((-60, 960), False), ((1, 960), True)],
)
def test_a_reading_that_may_or_may_not_hold_another_receipt_of_ours_says_nothing(
    bench, desk, later, moments, is_known
):
    """What a file tells holds a receipt that was found later, and would be counted twice."""
    sent, done = moments
    first = desk.accept(1, at=later(-1000))
    doubted = desk.record(desk.send(at=later(sent)), State.IN_DOUBT, at=later(sent))
    desk.record(doubted, State.DONE, at=later(done))
    upload = bench.begin_file(rows={"30254": json.dumps({"balance_due": "55.00"})})
    bench.ledger.uploads.record_accepted(upload, ACCEPTED, now=later(1))
    late = desk.accept(2, paid_at=later(2))
    assert first.lane == late.lane
    assert (known_of(bench, late).before is not None) is is_known


def test_a_receipt_that_a_person_found_was_made_at_no_known_time(bench, desk, later):
    """Was it in the reading? The second payment must not be judged by a guess."""
    found = desk.accept(2, at=later(1))
    doubted = doubtful(desk)
    assert known_of(bench, doubted).before is not None
    applied = ManualResolution(
        by="ada", finding=Finding.APPLIED, note="stands there", receipt_id="R-9"
    )
    redrive = bench.ledger.redrive(PAYMENTS.item, PAYMENTS.redrive_rules)
    redrive.resolve(found, applied, now=later(60), settle_seconds=120)
    assert known_of(bench, doubted).before is None
