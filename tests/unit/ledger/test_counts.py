"""The figures of monitoring: what is unfinished, open and newest, by no walk through history."""

from decimal import Decimal

from sqlalchemy import event

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import InvoiceFile, UploadAnswer, UploadState
from adapter.domain.work_item import State
from adapter.ledger.counts import AcceptedFile, LedgerCounts

ACCEPTED = UploadAnswer(accepted=True, file_name="1.BIF", file_guid="g-1", message="")


def test_an_empty_ledger_has_no_figures(bench, now):
    assert bench.ledger.counts.read([bench.biller], now=now) == LedgerCounts()


def test_what_is_unfinished_and_what_is_due_are_counted(bench, desk, now, later):
    desk.accept(1, lane="1")
    desk.done()
    desk.accept(2, lane="2")
    desk.record(desk.send(), State.NEEDS_PERSON)
    oldest = desk.accept(4, lane="4", at=later(5))
    desk.accept(3, lane="3", at=later(10))
    desk.accept(5, lane="5", biller="another-carrier")
    figures = bench.ledger.counts.read([bench.biller], now=later(7))
    assert {(f.biller, f.state, f.count, f.oldest_at) for f in figures.items} == {
        (bench.biller, State.NEEDS_PERSON, 1, now),
        (bench.biller, State.WAITING, 2, oldest.accepted_at),
        ("another-carrier", State.WAITING, 1, now),
    }
    assert figures.due == {(bench.biller, desk.name): 1}


def test_what_is_open_is_counted_until_it_is_done(bench, now):
    desks = (bench.reversals, bench.enrollments)
    for desk in desks:
        desk.accept()
    item = bench.ask(ExceptionKind.DEAD)
    figures = bench.ledger.counts.read([bench.biller], now=now)
    assert {figure.kind for figure in figures.items} == {desk.name for desk in desks}
    assert figures.due == {(bench.biller, desk.name): 1 for desk in desks}
    assert figures.exceptions == {(bench.biller, ExceptionKind.DEAD): 1}
    for desk in desks:
        desk.done()
    bench.answer(item)
    assert bench.ledger.counts.read([bench.biller], now=now) == LedgerCounts()


def test_the_newest_accepted_file_and_what_was_refused(bench, now, later):
    uploads = bench.ledger.uploads

    def begin(reference, total):
        file = InvoiceFile(
            biller=bench.biller,
            reference=reference,
            content=b"1~FH",
            invoice_count=2,
            total=Decimal(total),
            as_of=now,
            fingerprints={"30254": "aa"},
        )
        return uploads.begin(file, now=now)

    for number in (1, 2):
        uploads.record_accepted(begin(f"BIF{number}", number), ACCEPTED, now=later(number))
    uploads.record_failed(begin("BIF9", 9), UploadState.REFUSED, "no", now=now)
    figures = bench.ledger.counts.read([bench.biller], now=now)
    newest = {"invoice_count": 2, "total": Decimal("2.00"), "answered_at": later(2)}
    assert figures.accepted_files == (AcceptedFile(biller=bench.biller, **newest),)
    assert figures.files == {(bench.biller, UploadState.REFUSED): 1}
    assert bench.ledger.counts.read([], now=now).accepted_files == ()


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
        bench.ledger.counts.read(["camp-point", "another"][:count], now=now)
        assert len([words for words in sent if words.startswith("SELECT")]) == 4 + count
