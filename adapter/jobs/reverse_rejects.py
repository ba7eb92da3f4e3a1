"""Polls Invoice Cloud's ACH rejects and takes each over once, for its receipt to be reversed (C3).

The mark moves when the whole window was read and is on disk: a poll that dies half-way, runs
twice or runs after a day's outage loses and doubles nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from adapter.domain.ach_return import AchReturn
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.window import GmtWindow
from adapter.errors import AdapterError, BadInputError, LedgerError
from adapter.jobs.polling import is_settled, move_mark, poll_window, told
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "reverse_rejects"
# Rows that are looked up and taken over in one transaction.
ROWS_PER_LOOK = 500
REPORT = "reject report"


def run_once(biller: str, work: Workbench) -> JobReport:
    """Read the report since the mark; raises LedgerError and nothing else."""
    run = _Run(biller, work)
    failure: AdapterError | None = None
    try:
        run.everything(work.billers.ports(biller))
    except LedgerError:
        raise
    except AdapterError as error:
        failure = error
    return JobReport(job=JOB, biller=biller, counts=+run.counts, note=run.note, failure=failure)


class _Run:
    """One poll for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self.counts: Counter[str] = Counter()
        self.note = ""

    def everything(self, ports: BillerPorts) -> None:
        window = poll_window(self._biller, JOB, self._work)
        self.note = told(window)
        unreadable = self._read(ports, window)
        if unreadable is not None:
            self.counts["unreadable"] += 1
        if unreadable is None or is_settled(
            self._biller, unreadable, self._work, reference=REPORT
        ):
            move_mark(self._biller, JOB, window, self._work)

    def _read(self, ports: BillerPorts, window: GmtWindow) -> BadInputError | None:
        """Take every row over; return the error that lists those that could not be read."""
        part: list[AchReturn] = []
        unreadable: BadInputError | None = None
        try:
            for row in ports.reject_report.rejects(window):
                part.append(row)
                if len(part) == ROWS_PER_LOOK:
                    self._take_over(part)
                    part = []
        except BadInputError as error:
            unreadable = error
        self._take_over(part)
        return unreadable

    def _take_over(self, returns: Sequence[AchReturn]) -> None:
        self.counts["seen"] += len(returns)
        ledger, now = self._work.ledger, self._work.clock.now()
        self.counts["taken_over"] += len(ledger.reversals.take_over(returns, now=now))
        for changed in ledger.reversals.changed(returns):
            self.counts["changed"] += 1
            ledger.exceptions.open(
                self._biller,
                ExceptionKind.REJECT_MISMATCH,
                f"reject {changed.reject_guid} was {changed.code} of another amount, account or "
                "code before; the first telling counts",
                now=now,
                invoice_number=changed.invoice_number,
                reference=changed.reversal_id,
            )
