"""Polls Invoice Cloud's ACH rejects; each returned payment is accepted once, to be reversed (C3).

What would reverse a payment twice, or has a code that reverses nothing, is for a person (0032).
The mark moves when the whole window was read and is on disk: a poll that dies half-way, runs
twice or runs after a day's outage loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from adapter.context import JobContext
from adapter.domain.ach_return import AchReturn, told_otherwise, without_reversal
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
        accept = partial(self._accept, codes=ports.return_codes)
        unreadable = in_parts(ports.reject_report.rejects(window), accept)
        if unreadable is None or self._is_settled(unreadable, reference=REPORT):
            move_mark(self._biller, JOB, window, self._work)

    def _accept(self, rejects: Sequence[AchReturn], codes: Collection[str]) -> None:
        self._counts["seen"] += len(rejects)
        returns = [each for each in rejects if each.code.upper() in codes]
        new, others = self._ledger.outbox(REVERSAL).accept_all(
            returns, source=Source.REJECT_REPORT, now=self._now()
        )
        self._counts["taken_over"] += len(new)
        for other in others:
            known = self._ledger.items(REVERSAL).find(self._biller, other.payment_reference)
            if known is not None:
                kind, words = told_otherwise(other, known.payload)
                self._ask(other, kind, words)
        for each in rejects:
            if each.code.upper() not in codes:
                self._ask(each, ExceptionKind.REJECT_CODE, without_reversal(each))

    def _ask(self, ach_return: AchReturn, kind: ExceptionKind, words: str) -> None:
        """Have a person look at a reject that is never sent to Spectrum."""
        self._counts[kind.value] += 1
        self._ledger.exceptions.open(
            self._biller,
            kind,
            words,
            now=self._now(),
            invoice_number=ach_return.invoice_number,
            reference=ach_return.reversal_id,
        )
