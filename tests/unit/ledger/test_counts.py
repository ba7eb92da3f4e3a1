"""The figures of monitoring: what is unfinished, open and newest, by no walk through history."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from adapter.domain.ach_return import ReversalState
from adapter.domain.delivery import DeliveryState
from adapter.domain.enrollment import EnrollmentState
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import InvoiceFile, UploadAnswer, UploadState
from adapter.ledger.counts import AcceptedFile, LedgerCounts, Standing

ACCEPTED = UploadAnswer(accepted=True, file_name="1.BIF", file_guid="g-1", message="")


def file(bench, now, reference, *, total="731.37"):
    return InvoiceFile(
        biller=bench.biller,
        reference=reference,
        content=b"1~FH\n",
        invoice_count=2,
        total=Decimal(total),
        as_of=now,
        fingerprints={"30254": "aa"},
    )


def test_an_empty_ledger_has_no_figures(bench, now):
    assert bench.ledger.counts.read([bench.biller], now=now) == LedgerCounts()


def test_payments_on_their_way_are_counted_and_applied_ones_are_not(bench, now, later):
    bench.accept(1, invoice="1")
    bench.record(bench.send(), DeliveryState.APPLIED)
    bench.accept(2, invoice="2")
    bench.record(bench.send(), DeliveryState.DEAD)
    bench.accept(3, invoice="3", at=later(10))
    bench.accept(4, invoice="4", at=later(5))
    bench.accept(5, invoice="5", biller="another-carrier")
    figures = bench.ledger.counts.read([bench.biller], now=later(7))
    accepted = DeliveryState.ACCEPTED
    assert set(figures.deliveries) == {
        Standing(biller=bench.biller, state=DeliveryState.DEAD, number=1, oldest=now),
        Standing(biller=bench.biller, state=accepted, number=2, oldest=later(5)),
        Standing(biller="another-carrier", state=accepted, number=1, oldest=now),
    }
    assert figures.due == {(bench.biller, "deliveries"): 1}


def test_what_is_open_is_counted_until_it_is_done(bench, now):
    bench.tell(1)
    bench.bring_back(1)
    item = bench.ledger.exceptions.open(bench.biller, ExceptionKind.DEAD, "why", now=now)
    figures = bench.ledger.counts.read([bench.biller], now=now)
    assert figures.enrollments == {(bench.biller, EnrollmentState.WAITING): 1}
    assert figures.reversals == {(bench.biller, ReversalState.WAITING): 1}
    assert figures.exceptions == {(bench.biller, ExceptionKind.DEAD): 1}
    bench.pushed(bench.claim_push())
    bench.reverse(bench.claim_reversal())
    bench.ledger.exceptions.resolve(item.id, now=now, resolution="done")
    assert bench.ledger.counts.read([bench.biller], now=now) == LedgerCounts()


def test_the_newest_accepted_file_and_what_was_refused(bench, now, later):
    uploads = bench.ledger.uploads
    for number, total in enumerate(("1.00", "2.00")):
        begun = uploads.begin(file(bench, now, f"BIF{number}", total=total), now=now)
        uploads.record_accepted(begun, ACCEPTED, now=later(number))
    refused = uploads.begin(file(bench, now, "BIF9"), now=now)
    uploads.record_failed(refused, UploadState.REFUSED, "no", now=now)
    figures = bench.ledger.counts.read([bench.biller], now=now)
    assert figures.accepted_files == (
        AcceptedFile(
            biller=bench.biller, invoice_count=2, total=Decimal("2.00"), answered_at=later(1)
        ),
    )
    assert figures.files == {(bench.biller, UploadState.REFUSED): 1}
    assert bench.ledger.counts.read([], now=now).accepted_files == ()


@pytest.fixture
def plans(bench):
    """Explain every query that is sent."""
    engine = bench.ledger._store._engine
    found = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            raw = connection.connection.driver_connection
            rows = raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.append((statement, [row[3] for row in rows]))

    return found


@pytest.mark.sqlite
def test_no_query_walks_through_a_table_of_history(bench, now, plans):
    bench.ledger.counts.read(["camp-point", "another"], now=now + timedelta(days=1))
    assert len(plans) == 10, "a fixed number, and one for each biller's newest file"
    walks = {line for _, plan in plans for line in plan if line.startswith("SCAN")}
    assert walks == {
        "SCAN deliveries USING COVERING INDEX deliveries_unfinished",
        "SCAN reversals USING COVERING INDEX reversals_open",
        "SCAN enrollments USING COVERING INDEX enrollments_open",
        "SCAN exceptions USING INDEX exceptions_open",
    }, "each of them holds what is not done, and nothing else"
