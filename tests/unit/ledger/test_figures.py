"""The figures of a ledger: counts of what is unfinished, and of nothing that is finished."""

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import LedgerFigures, StateFigure
from adapter.domain.work_item import State


def test_an_empty_ledger_has_none(bench, desk):
    assert bench.ledger.figures.gather() == LedgerFigures()
    assert bench.ledger.figures.done(desk.name) == {}


def test_what_is_unfinished_by_kind_biller_state_and_review_with_the_oldest(bench, desk, later):
    desk.accept(1, lane="1")
    desk.done()
    desk.accept(2, lane="2")
    doubt = desk.record(desk.send(), State.IN_DOUBT, next_at=later(120))
    review = desk.kind.reviews[0]
    desk.accept(3, lane="3")
    stuck = desk.record(desk.send(), State.NEEDS_PERSON, review=review)
    oldest = desk.accept(4, lane="4")
    desk.accept(5, lane="5", at=later(5))
    other = desk.accept(6, lane="6", biller="other")
    now = bench.now

    def figure(item, count=1, **fields):
        return StateFigure(
            kind=desk.name,
            biller=item.biller,
            state=item.state,
            count=count,
            oldest=item.reference,
            oldest_at=item.accepted_at,
            **fields,
        )

    figures = bench.ledger.figures.gather()
    assert figures.items == figures.of(desk.name)
    assert set(figures.items) == {
        figure(doubt, sent_at=now, due_at=later(120)),
        figure(stuck, sent_at=now, review=review),
        figure(oldest, 2, due_at=now),
        figure(other, due_at=now),
    }
    assert figures.of("another") == ()
    assert bench.ledger.figures.done(desk.name) == {"camp-point": 1, "other": 0}


def test_kinds_are_counted_apart_until_they_are_finished(bench):
    desks = (bench.payments, bench.reversals, bench.enrollments)
    for number, desk in enumerate(desks, 1):
        desk.accept(number, lane=str(number))
    for done, desk in enumerate(desks):
        figures = bench.ledger.figures.gather()
        assert [(f.kind, f.count) for f in figures.of(desk.name)] == [(desk.name, 1)]
        assert len(figures.items) == len(desks) - done
        desk.done()
        assert bench.ledger.figures.done(desk.name) == {bench.biller: 1}
    bench.enrollments.accept(8, lane="3", changed_at=bench.now.replace(year=2000))  # superseded
    assert bench.ledger.figures.gather().items == ()
    assert bench.ledger.figures.done("enrollment") == {bench.biller: 2}


def test_open_exceptions_by_kind(bench, later):
    asked = [
        bench.ask(ExceptionKind.MISMATCH, at=later(seconds), reference=str(seconds))
        for seconds in (0, 5, 9)
    ]
    bench.answer(asked[0], at=later(10))
    [figure] = bench.ledger.figures.gather().exceptions
    assert (figure.kind, figure.count) == (ExceptionKind.MISMATCH, 2)
    assert figure.oldest_at == later(5)


def test_marks_and_since_when_a_biller_is_known(bench):
    bench.ledger.watermarks.move(bench.biller, "reconcile_payments", "x", now=bench.now)
    figures = bench.ledger.figures.gather()
    assert [(m.job, m.moved_at) for m in figures.marks] == [("reconcile_payments", bench.now)]
    assert figures.known_since == {bench.biller: bench.now}
