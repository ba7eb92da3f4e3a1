"""Polls Invoice Cloud's ACH rejects and accepts each once, for its receipt to be reversed (C3).

The mark moves when the whole window was read and is on disk: a poll that dies half-way, runs
twice or runs after a day's outage loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapter.context import JobContext
from adapter.domain.ach_return import AchReturn
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source
from adapter.jobs.polling import Poll, in_parts, move_mark, poll_window, window_text
from adapter.jobs.report import JobReport
from adapter.kinds.reversals import REVERSAL
from adapter.ports import BillerPorts

JOB = "reverse_rejects"
REPORT = "reject report"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Read the report since the mark; raises LedgerError and nothing else."""
    return _Run(biller, work).run(JOB)


class _Run(Poll):
    """One poll for one biller."""

    def _poll(self, ports: BillerPorts) -> None:
        window = poll_window(self._biller, JOB, self._work)
        self._note = window_text(window)
        unreadable = in_parts(ports.reject_report.rejects(window), self._accept)
        if unreadable is None or self._is_settled(unreadable, reference=REPORT):
            move_mark(self._biller, JOB, window, self._work)

    def _accept(self, returns: Sequence[AchReturn]) -> None:
        self._counts["seen"] += len(returns)
        ledger, now = self._ledger, self._now()
        new, others = ledger.outbox(REVERSAL).accept_all(
            returns, source=Source.REJECT_REPORT, now=now
        )
        self._counts["taken_over"] += len(new)
        for changed in others:
            self._counts["changed"] += 1
            ledger.exceptions.open(
                self._biller,
                ExceptionKind.REJECT_MISMATCH,
                f"reject {changed.reject_guid} was {changed.code} of another amount, account or "
                "code before; its first report counts",
                now=now,
                invoice_number=changed.invoice_number,
                reference=f"{changed.reversal_id} changed",
            )
