"""The ledger's figures as gauges, and what is told when the ledger cannot be read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import (
    AcceptedFile,
    ExceptionFigure,
    LedgerFigures,
    StateFigure,
    UnappliedFigure,
)
from adapter.domain.upload import UploadState
from adapter.domain.work_item import State
from adapter.errors import LedgerError
from adapter.jobs import send_invoices
from adapter.ledger.watermarks import Watermark
from adapter.telemetry.gauges import LedgerGauges

NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
ALPHA = {"biller": "alpha"}


class Figures:
    """A ledger with figures as a test wants them, or none."""

    def __init__(self):
        self.told = LedgerFigures()
        self.marks = []
        self.figures = SimpleNamespace(gather=self.gather)
        self.watermarks = SimpleNamespace(all=lambda: tuple(self.marks))

    def gather(self, billers, *, now):
        assert (billers, now) == (("alpha",), NOW)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    def mark(self, job, mark):
        self.marks.append(Watermark(biller="alpha", job=job, mark=mark, moved_at=NOW))


@pytest.fixture
def ledger():
    return Figures()


@pytest.fixture
def told(ledger):
    registry = CollectorRegistry()
    clock = SimpleNamespace(now=lambda: NOW)
    registry.register(LedgerGauges(ledger, clock, lambda: ("alpha",)))
    return lambda name, **labels: registry.get_sample_value(name, labels)


def standing(kind, state, count, age=0, review=None):
    return StateFigure(
        kind=kind,
        biller="alpha",
        state=state,
        review=review,
        count=count,
        oldest_at=NOW - timedelta(seconds=age),
    )


def test_items_are_counted_by_kind_in_the_operators_words(ledger, told):
    dead, unclear = ExceptionKind.DEAD, ExceptionKind.EVIDENCE_UNCLEAR
    ledger.told = LedgerFigures(
        items=(
            standing("payment", State.RETRYING, 2),
            standing("payment", State.NEEDS_PERSON, 4, review=dead),
            standing("payment", State.NEEDS_PERSON, 1, review=unclear),
            standing("payment", State.NEEDS_PERSON, 1, review=ExceptionKind.NOT_APPLIED),
            standing("reversal", State.UNCONFIRMED, 3),
            standing("enrollment", State.RETRYING, 5),
            standing("enrollment", State.NEEDS_PERSON, 6, review=ExceptionKind.ENROLLMENT_FAILED),
            standing("enrollment", State.NEEDS_PERSON, 7, review=ExceptionKind.ENROLLMENT_REFUSED),
        )
    )
    for name, state, number in (
        ("deliveries", "failed", 2),
        ("deliveries", "dead", 5),
        ("deliveries", "not_applied", 1),
        ("reversals", "handed_over", 3),
        ("enrollments", "failed", 11),
        ("enrollments", "refused", 7),
        ("enrollments", "waiting", None),
    ):
        assert told(f"adapter_{name}", **ALPHA, state=state) == number


def test_the_oldest_payment_on_its_way_has_an_age_and_what_waits_for_a_person_has_none(
    ledger, told
):
    ledger.told = LedgerFigures(
        items=(
            standing("payment", State.RETRYING, 2, 90),
            standing("payment", State.IN_DOUBT, 1, 300),
            standing("payment", State.NEEDS_PERSON, 4, 9000, ExceptionKind.DEAD),
            standing("enrollment", State.WAITING, 4, 9000),
        )
    )
    assert told("adapter_oldest_unfinished_delivery_age_seconds", **ALPHA) == 300


def test_payments_near_their_due_dates_are_counted(ledger, told):
    gauge = "adapter_unapplied_payments_near_due"
    usual = {"payment_guid": "g", "invoice_number": "1", "policy_number": "2", "paid_at": NOW}
    ledger.told = LedgerFigures(
        unapplied=tuple(
            UnappliedFigure(biller="alpha", due_date=date(2026, 1, day), count=day, **usual)
            for day in (4, 7, 8)
        )
    )
    assert told(gauge, **ALPHA) == 11
    ledger.told = LedgerFigures()
    assert told(gauge, **ALPHA) is None


def test_a_clock_that_was_set_back_makes_no_negative_age(ledger, told):
    ledger.told = LedgerFigures(items=(standing("payment", State.WAITING, 1, -60),))
    assert told("adapter_oldest_unfinished_delivery_age_seconds", **ALPHA) == 0


def test_files_exceptions_and_what_is_due(ledger, told):
    accepted = AcceptedFile(
        biller="alpha",
        invoice_count=25,
        total=Decimal("1234.56"),
        answered_at=NOW - timedelta(hours=1),
    )
    ledger.told = LedgerFigures(
        accepted_files=(accepted,),
        files={("alpha", UploadState.REFUSED): 1},
        exceptions=(
            ExceptionFigure(biller="alpha", kind=ExceptionKind.DEAD, count=3, oldest_at=NOW),
        ),
        due={("alpha", "payment"): 7},
    )
    assert told("adapter_accepted_invoice_file_invoices", **ALPHA) == 25
    assert told("adapter_accepted_invoice_file_total_dollars", **ALPHA) == Decimal("1234.56")
    assert told("adapter_accepted_invoice_file_age_seconds", **ALPHA) == 3600
    assert told("adapter_invoice_files", **ALPHA, state="refused") == 1
    assert told("adapter_open_exceptions", **ALPHA, kind="dead") == 3
    assert told("adapter_engine_queue_depth", **ALPHA, kind="payment") == 7


def test_the_lag_of_polls_by_moment_and_by_day_and_of_no_cursor(ledger, told):
    ledger.mark("reconcile_payments", (NOW - timedelta(hours=2)).isoformat())
    ledger.mark("match_settlements", "2026-01-04")
    ledger.mark("another", "2026-01-05T13:00:00")
    ledger.mark("a_cursor", "0000042")
    ledger.mark(send_invoices.JOB, NOW.isoformat())
    lag = "adapter_poll_lag_seconds"
    assert told(lag, **ALPHA, job="reconcile_payments") == 7200
    assert told(lag, **ALPHA, job="match_settlements") == timedelta(hours=14).total_seconds()
    for job in ("another", "a_cursor", send_invoices.JOB):
        assert told(lag, **ALPHA, job=job) is None


def test_a_ledger_that_cannot_be_read_is_told_and_nothing_else(ledger, told):
    assert told("adapter_ledger_readable") == 1
    ledger.told = LedgerError("the disk is gone")
    assert told("adapter_ledger_readable") == 0
    assert told("adapter_deliveries", **ALPHA, state="failed") is None
