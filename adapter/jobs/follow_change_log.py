"""Compares Invoice Cloud's customer reports with what IMT was told: the change log (C5, C6).

Both reports are snapshots. One is read whole before anything is written, and all that it tells is
written in one transaction: a poll that dies half-way, runs twice or runs after a day's outage
loses and doubles nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from adapter.domain.enrollment import EnrollmentKind, Snapshot, changes_told_by
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import AdapterError, BadInputError, LedgerError
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "follow_change_log"


def run_once(biller: str, work: Workbench) -> JobReport:
    """Read both reports; one that fails stops not the other. Raises LedgerError and no other."""
    run = _Run(biller, work)
    failures: list[AdapterError] = []
    try:
        ports = work.billers.ports(biller)
    except LedgerError:
        raise
    except AdapterError as error:
        return JobReport(job=JOB, biller=biller, counts={}, failure=error)
    for kind in EnrollmentKind:
        try:
            run.follow(kind, ports)
        except LedgerError:
            raise
        except AdapterError as error:
            failures.append(error)
    failure = failures[0] if failures else None
    return JobReport(job=JOB, biller=biller, counts=+run.counts, failure=failure)


class _Run:
    """One poll of both reports for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger
        self.counts: Counter[str] = Counter()

    def follow(self, kind: EnrollmentKind, ports: BillerPorts) -> None:
        snapshot = self._read(kind, ports, began=self._work.clock.now())
        self.counts[kind.value] += len(snapshot.since)
        changes = changes_told_by(
            snapshot,
            biller=self._biller,
            kind=kind,
            kept=self._ledger.snapshots.kept(self._biller, kind),
            known=self._ledger.enrollments.newest(self._biller, kind),
            overlap=timedelta(minutes=self._work.rules.poll_overlap_minutes),
        )
        self.counts["taken_over"] += self._ledger.snapshots.take_over(
            self._biller,
            kind,
            snapshot,
            changes,
            mark=f"{JOB}.{kind.value}",
            now=self._work.clock.now(),
        )

    def _read(self, kind: EnrollmentKind, ports: BillerPorts, *, began: datetime) -> Snapshot:
        """Return the report; with rows that cannot be read it tells of nobody's un-enrolment."""
        since: dict[str, datetime] = {}
        is_whole = True
        try:
            for row in ports.enrollment_report.enrolled(kind):
                newest = max(row.since, since.get(row.account_number, row.since))
                since[row.account_number] = newest
        except BadInputError as error:
            is_whole = False
            self._report_unreadable(kind, error)
        return Snapshot(taken_at=began, since=since, is_whole=is_whole)

    def _report_unreadable(self, kind: EnrollmentKind, error: BadInputError) -> None:
        self.counts["unreadable"] += 1
        self._ledger.exceptions.open(
            self._biller,
            ExceptionKind.REPORT_UNREADABLE,
            str(error),
            now=self._work.clock.now(),
            reference=f"{kind.value} report",
        )
