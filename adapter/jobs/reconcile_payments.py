"""Checks Invoice Cloud's payment report against the ledger, and posts what is missing (C2).

The whole window is read before the mark moves, and whatever is written on the way may be written
again: a poll that dies half-way, runs twice or runs after a day's outage changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapter.clock import GmtWindow
from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.payment import DeliveryKey, Finding, Payment, PaymentItem, compare, differences
from adapter.domain.work_item import Source
from adapter.errors import ContentConflictError
from adapter.jobs.polling import Poll, in_parts, move_mark, poll_window, window_text
from adapter.jobs.report import JobReport
from adapter.kinds.payments import PAYMENT, PaymentQueries
from adapter.ports import BillerPorts

JOB = "reconcile_payments"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Read the report since the mark; raises LedgerError and nothing else."""
    return _Run(biller, work).run(JOB)


class _Run(Poll):
    """One poll for one biller."""

    def __init__(self, biller: str, work: JobContext) -> None:
        super().__init__(biller, work)
        self._payments = PaymentQueries(work.ledger)
        self._reported: dict[str, set[str]] = defaultdict(set)  # invoices by payment GUID
        self._missing: list[Payment] = []

    def _poll(self, ports: BillerPorts) -> None:
        window = poll_window(self._biller, JOB, self._work)
        self._note = window_text(window)
        # What is missing waits until every row of its GUID was seen.
        unreadable = in_parts(ports.payment_report.payments(window), self._compare)
        for payment in self._missing:
            self._accept(payment)
        if unreadable is None:
            self._look_for_unreported(window)
        if unreadable is None or self._is_settled(unreadable):
            move_mark(self._biller, JOB, window, self._work)

    def _compare(self, rows: Sequence[Payment]) -> None:
        known = {
            item.payload.key: item
            for item in self._payments.of_guids(self._biller, (row.payment_guid for row in rows))
        }
        confirmed: list[int] = []
        for row in rows:
            self._reported[row.payment_guid].add(row.invoice_number)
            item = known.get(row.key)
            finding = compare(row, item)
            self._counts[finding.value] += 1
            if finding is Finding.MISSING:
                self._missing.append(row)
            elif finding is Finding.CONFIRMED and item is not None:
                confirmed.append(item.id)
            elif finding is Finding.MISMATCH and item is not None:
                self._disagree(row, differences(row, item.payload))
        if confirmed:
            now = self._now()
            self._counts["newly_confirmed"] += self._ledger.outbox(PAYMENT).confirm(
                confirmed, now=now
            )

    def _accept(self, payment: Payment) -> None:
        """Accept a payment that the data pump never brought.

        Unless the ledger has the same GUID on an invoice that the report does not name: then the
        invoice differs, and posting it on both would apply the payment twice.
        """
        elsewhere = [
            item.payload.invoice_number
            for item in self._payments.of_guids(self._biller, [payment.payment_guid])
            if item.payload.invoice_number not in self._reported[payment.payment_guid]
        ]
        if elsewhere:
            self._counts["mismatch"] += 1
            self._disagree(
                payment,
                f"invoice_number: reported {payment.invoice_number}, "
                f"received for {', '.join(elsewhere)}",
            )
            return
        try:
            accepted = self._ledger.outbox(PAYMENT).accept(
                payment, source=Source.PAYMENT_REPORT, now=self._now()
            )
        except ContentConflictError as error:  # the data pump brought it just now, and differs
            self._disagree(payment, error.rule)
            return
        self._ledger.outbox(PAYMENT).confirm([accepted.item.id], now=self._now())
        if not accepted.repeated:  # else the data pump brought it just now
            self._counts["taken_over"] += 1

    def _disagree(self, row: Payment, words: str) -> None:
        self._open(row.key, ExceptionKind.MISMATCH, f"the report disagrees: {words}")

    def _look_for_unreported(self, window: GmtWindow) -> None:
        """Find what the ledger has and the report lacks, but for the time that may still fill.

        The next window begins where this look ends, so every moment is looked at once.
        """
        settled_until = window.end_gmt - timedelta(minutes=self._work.rules.poll_overlap_minutes)
        for item in self._payments.unreported(
            self._biller, paid_from=window.start_gmt, paid_until=settled_until
        ):
            payment = item.payload
            if payment.invoice_number in self._reported.get(payment.payment_guid, ()):
                continue
            self._counts["not_reported"] += 1
            self._open(payment.key, ExceptionKind.NOT_REPORTED, _not_reported(item))

    def _open(self, key: DeliveryKey, kind: ExceptionKind, detail: str) -> None:
        self._ledger.exceptions.open(
            self._biller,
            kind,
            detail,
            now=self._now(),
            payment_guid=key.payment_guid,
            invoice_number=key.invoice_number,
        )


def _not_reported(item: PaymentItem) -> str:
    payment = item.payload
    return (
        f"received as {money_text(payment.amount)} paid at {_moment(payment.paid_at)}, and "
        "Invoice Cloud's report of that time does not have it"
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
