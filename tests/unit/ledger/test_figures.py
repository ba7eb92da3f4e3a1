"""The figures of a ledger: counts of what is unfinished, and of nothing that is finished."""

from datetime import timedelta

from adapter.domain.delivery import DeliveryState
from adapter.domain.exceptions import ExceptionKind


def test_an_empty_ledger_has_none(bench):
    told = bench.ledger.figures.gather()
    assert (told.deliveries, told.exceptions, told.marks) == ((), (), ())
    assert (told.reversals, told.enrollments, told.known_since) == ((), (), {})
    assert bench.ledger.figures.applied() == {}


def test_unfinished_deliveries_by_biller_and_state_with_the_oldest(bench, later):
    bench.accept(1, invoice="1")
    bench.record(bench.send(), DeliveryState.APPLIED)
    bench.accept(2, invoice="2")
    bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=later(120))
    bench.accept(3, invoice="3")
    bench.accept(4, invoice="4", at=later(5))
    bench.accept(5, invoice="5", biller="other")
    told = {(f.biller, f.state): f for f in bench.ledger.figures.gather().deliveries}
    assert {key: figure.count for key, figure in told.items()} == {
        ("camp-point", DeliveryState.ACCEPTED): 2,
        ("camp-point", DeliveryState.IN_DOUBT): 1,
        ("other", DeliveryState.ACCEPTED): 1,
    }
    accepted = told["camp-point", DeliveryState.ACCEPTED]
    assert accepted.oldest.invoice_number == "3"
    assert (accepted.oldest_at, accepted.due_at, accepted.sent_at) == (bench.now, bench.now, None)
    doubt = told["camp-point", DeliveryState.IN_DOUBT]
    assert (doubt.sent_at, doubt.due_at) == (bench.now, later(120))
    assert bench.ledger.figures.applied() == {"camp-point": 1, "other": 0}


def test_open_exceptions_by_kind(bench, later):
    def ask(number, seconds):
        bench.ledger.exceptions.open(
            bench.biller, ExceptionKind.MISMATCH, "why", now=later(seconds), reference=str(number)
        )

    ask(1, 0)
    ask(2, 5)
    ask(3, 9)
    bench.ledger.exceptions.resolve(1, now=later(10), resolution="done")
    [figure] = bench.ledger.figures.gather().exceptions
    assert (figure.kind, figure.count, figure.oldest_at) == (
        ExceptionKind.MISMATCH,
        2,
        later(5),
    )


def test_marks_and_since_when_a_biller_is_known(bench):
    bench.ledger.watermarks.move(bench.biller, "reconcile_payments", "x", now=bench.now)
    told = bench.ledger.figures.gather()
    assert [(m.job, m.moved_at) for m in told.marks] == [("reconcile_payments", bench.now)]
    assert told.known_since == {bench.biller: bench.now}


def test_reversals_and_enrolments_that_wait(bench):
    bench.accept(1)
    bench.record(bench.send(), DeliveryState.APPLIED)
    bench.bring_back(1)
    bench.tell(1)
    told = bench.ledger.figures.gather()
    assert [(f.biller, f.count, f.oldest_at) for f in told.reversals] == [
        (bench.biller, 1, bench.now)
    ]
    assert [f.count for f in told.enrollments] == [1]
    bench.reverse(bench.claim_reversal())
    bench.pushed(bench.claim_push(at=bench.now + timedelta(minutes=1)))
    told = bench.ledger.figures.gather()
    assert (told.reversals, told.enrollments) == ((), ())
