"""Polls Invoice Cloud's settled batches and matches every row to the cent (C4).

Batches are asked for by their day, in the server's zone, from the mark less some days up to
today. Each row is recorded once. Whatever does not match is an exception of its own kind, and
closes by itself when the payment, the reject or the batch comes after all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import (
    UNMATCHED_AFTER,
    UNSETTLED_AFTER,
    UNSETTLED_REACH,
    Doubt,
    SettledRow,
    Settlement,
    TransactionType,
    check_batches,
    judge_payment,
    judge_return,
    unsettled,
)
from adapter.jobs.polling import Poll, in_parts
from adapter.jobs.report import JobReport
from adapter.kinds.payments import PaymentQueries
from adapter.kinds.reversals import returned_amounts
from adapter.ports import BillerPorts

JOB = "match_settlements"
# A batch may be told late, or grow after its day.
OVERLAP = timedelta(days=2)
REPORT = "settled batches"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Read every day since the mark; raises LedgerError and nothing else."""
    return _Run(biller, work).run(JOB)


class _Run(Poll):
    """One poll for one biller."""

    def __init__(self, biller: str, work: JobContext) -> None:
        super().__init__(biller, work)
        self._mark_may_move = True

    def _poll(self, ports: BillerPorts) -> None:
        today = ports.settlement_report.day_of(self._now())
        first = self._first_day(today)
        self._note = f"{first} to {today}"
        day = first
        while day <= today:
            self._read(ports, day)
            day += timedelta(days=1)
        self._match()
        self._look_for_unsettled()

    def _first_day(self, today: date) -> date:
        """Return the first day to ask for; the first mark is written before anything is read."""
        mark = self._ledger.watermarks.get(self._biller, JOB)
        if mark is None:
            reach = timedelta(hours=self._work.rules.first_reach_hours)
            mark = (today - reach).isoformat()
            self._ledger.watermarks.move(self._biller, JOB, mark, now=self._now())
        return min(date.fromisoformat(mark), today) - OVERLAP

    def _read(self, ports: BillerPorts, day: date) -> None:
        """Record one day's batches; the mark moves to each day that was read whole.

        That it moves, be it to the same day, is how alarms know that the job comes to its end.
        """
        rows: list[SettledRow] = []
        unreadable = in_parts(ports.settlement_report.settled(day), rows.extend)
        new = self._ledger.settlements.record(rows, now=self._now())
        self._counts["rows"] += len(rows)
        self._counts["new"] += len(new)
        for row in new:
            self._look_for_twin(row)
        if unreadable is None:
            self._judge_batches(rows)
        else:
            self._mark_may_move &= self._is_settled(unreadable, reference=REPORT)
        mark = self._ledger.watermarks.get(self._biller, JOB)
        if self._mark_may_move and (mark is None or day >= date.fromisoformat(mark)):
            self._ledger.watermarks.move(self._biller, JOB, day.isoformat(), now=self._now())

    def _look_for_twin(self, row: SettledRow) -> None:
        if row.transaction is not TransactionType.PAYMENT:
            return
        others = self._ledger.settlements.payments_in_other_batches(row)
        if others:
            detail = f"payment {row.payment_guid} on invoice {row.invoice_number} is paid out in "
            detail += f"batch {row.batch_id} and in {', '.join(others)}"
            self._doubt(
                Doubt(kind=ExceptionKind.SETTLED_TWICE, reference=row.reference, detail=detail)
            )

    def _judge_batches(self, rows: list[SettledRow]) -> None:
        doubts = list(check_batches(rows))
        for doubt in doubts:
            self._doubt(doubt)
        wrong = {doubt.reference for doubt in doubts}
        for batch_id in {row.batch_id for row in rows} - wrong:
            self._close(ExceptionKind.BATCH_TOTAL, [batch_id], "the batch adds up now")

    def _match(self) -> None:
        """Match what has not matched yet, to payments and to rejects."""
        waiting = self._ledger.settlements.unmatched(self._biller)
        guids = {settlement.row.payment_guid for settlement in waiting}
        payments = {
            (item.payload.payment_guid, item.payload.invoice_number): item
            for item in PaymentQueries(self._ledger).of_guids(self._biller, guids)
        }
        returned = returned_amounts(self._ledger, self._biller, guids)
        matched: list[Settlement] = []
        for settlement in waiting:
            row = settlement.row
            key = (row.payment_guid, row.invoice_number)
            doubt = (
                judge_payment(row, payments.get(key))
                if row.transaction is TransactionType.PAYMENT
                else judge_return(row, returned.get(key))
            )
            if doubt is None:
                matched.append(settlement)
            elif self._is_late(settlement) or doubt.kind is ExceptionKind.SETTLED_OTHERWISE:
                self._doubt(doubt)
        self._counts["matched"] += len(matched)
        self._ledger.settlements.match([s.id for s in matched], now=self._now())
        self._close_matched(matched)

    def _close_matched(self, matched: list[Settlement]) -> None:
        rows = [settlement.row for settlement in matched]
        references = [row.reference for row in rows]
        for kind in (ExceptionKind.SETTLED_UNKNOWN, ExceptionKind.SETTLED_OTHERWISE):
            self._close(kind, references, "it matches now")
        paid = [f"{row.payment_guid}:{row.invoice_number}" for row in rows]
        self._close(ExceptionKind.UNSETTLED, paid, "a batch has paid it out")

    def _look_for_unsettled(self) -> None:
        now = self._now()
        late = PaymentQueries(self._ledger).unsettled(
            self._biller, paid_from=now - UNSETTLED_REACH, paid_until=now - UNSETTLED_AFTER
        )
        for item in late:
            self._doubt(unsettled(item))

    def _doubt(self, doubt: Doubt) -> None:
        self._counts[doubt.kind.value] += 1
        self._ledger.exceptions.open(
            self._biller, doubt.kind, doubt.detail, now=self._now(), reference=doubt.reference
        )

    def _close(self, kind: ExceptionKind, references: Iterable[str], resolution: str) -> None:
        self._ledger.exceptions.settle_references(
            self._biller, kind, references, now=self._now(), resolution=resolution
        )

    def _is_late(self, settlement: Settlement) -> bool:
        return self._now() - settlement.seen_at >= UNMATCHED_AFTER
