"""The figures of a ledger: counts of what is unfinished, and of nothing that is finished."""

from decimal import Decimal

from sqlalchemy import event

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import AcceptedFile, LedgerFigures, StateFigure
from adapter.domain.upload import UploadAnswer, UploadState
from adapter.domain.work_item import State

ACCEPTED = UploadAnswer(accepted=True, file_name="1.BIF", file_guid="g-1", message="")


def gather(bench, *, now=None):
    """Return the figures at a moment, the bench's own unless another is given."""
    return bench.ledger.figures.gather([bench.biller], now=now or bench.now)


def test_an_empty_ledger_has_none(bench, desk):
    assert gather(bench) == LedgerFigures()
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

    figures = gather(bench)
    assert figures.items == figures.of(desk.name)
    assert set(figures.items) == {
        figure(doubt, sent_at=now, due_at=later(120)),
        figure(stuck, sent_at=now, review=review),
        figure(oldest, 2, due_at=now),
        figure(other, due_at=now),
    }
    assert figures.of("another") == ()
    assert bench.ledger.figures.done(desk.name) == {"camp-point": 1}


def test_kinds_are_counted_apart_until_they_are_finished(bench):
    desks = (bench.payments, bench.reversals, bench.enrollments)
    for number, desk in enumerate(desks, 1):
        desk.accept(number, lane=str(number))
    for done, desk in enumerate(desks):
        figures = gather(bench)
        assert [(f.kind, f.count) for f in figures.of(desk.name)] == [(desk.name, 1)]
        assert len(figures.items) == len(desks) - done
        desk.done()
        assert bench.ledger.figures.done(desk.name) == {bench.biller: 1}
    bench.enrollments.accept(8, lane="3", changed_at=bench.now.replace(year=2000))  # superseded
    assert gather(bench).items == ()
    assert bench.ledger.figures.done("enrollment") == {bench.biller: 1}, "not the superseded"


def test_open_exceptions_by_kind(bench, later):
    asked = [
        bench.ask(ExceptionKind.MISMATCH, at=later(seconds), reference=str(seconds))
        for seconds in (0, 5, 9)
    ]
    bench.answer(asked[0], at=later(10))
    [figure] = gather(bench).exceptions
    assert (figure.kind, figure.count) == (ExceptionKind.MISMATCH, 2)
    assert figure.oldest_at == later(5)


def test_marks_and_since_when_a_biller_is_known(bench):
    bench.ledger.watermarks.move(bench.biller, "reconcile_payments", "x", now=bench.now)
    figures = gather(bench)
    assert [(m.job, m.moved_at) for m in figures.marks] == [("reconcile_payments", bench.now)]
    assert figures.known_since == {bench.biller: bench.now}


def test_what_is_due_is_counted_for_the_billers_asked_for(bench, desk, later):
    desk.accept(1, lane="1")
    desk.done()
    desk.accept(4, lane="4", at=later(5))
    desk.accept(3, lane="3", at=later(10))
    desk.accept(5, lane="5", biller="another-carrier")
    assert gather(bench, now=later(7)).due == {(bench.biller, desk.name): 1}


def test_the_newest_accepted_file_and_what_was_refused(bench, now, later):
    uploads = bench.ledger.uploads
    for number in (1, 2):
        file = bench.begin_file(f"BIF{number}", number)
        uploads.record_accepted(file, ACCEPTED, now=later(number))
    uploads.record_failed(bench.begin_file("BIF9", 9), UploadState.REFUSED, "no", now=now)
    figures = gather(bench)
    newest = {"invoice_count": 2, "total": Decimal("2.00"), "answered_at": later(2)}
    assert figures.accepted_files == (AcceptedFile(biller=bench.biller, **newest),)
    assert figures.files == {(bench.biller, UploadState.REFUSED): 1}
    assert bench.ledger.figures.gather([], now=now).accepted_files == ()


def test_a_reading_is_a_fixed_number_of_questions(bench, now):
    """And one for each biller's newest file; `test_schema.py` sees that none walks history."""
    sent = []
    engine = bench.ledger._store._engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_others: sent.append(statement),
    )
    for count in (1, 2):
        sent.clear()
        bench.ledger.figures.gather(["camp-point", "another"][:count], now=now)
        assert len([words for words in sent if words.startswith("SELECT")]) == 8 + count
