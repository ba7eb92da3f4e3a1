"""Compares Invoice Cloud's customer reports with what IMT was told: the change log (C5, C6).

Both reports are snapshots. One is read whole before anything is written, and all that it tells is
written in one transaction: a poll that dies half-way, runs twice or runs after a day's outage
loses and doubles nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.context import JobContext
from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind, Snapshot, changes_told_by
from adapter.errors import AdapterError, LedgerError
from adapter.jobs.polling import Poll, in_parts
from adapter.jobs.report import JobReport
from adapter.kinds.enrollments import ENROLLMENT, newest_changes
from adapter.ports import BillerPorts

JOB = "follow_change_log"


def run_once(biller: str, work: JobContext) -> JobReport:
    """Read both reports; one that fails stops not the other. Raises LedgerError and no other."""
    return _Run(biller, work).run(JOB)


class _Run(Poll):
    """One poll of both reports for one biller."""

    def _poll(self, ports: BillerPorts) -> None:
        failures: list[AdapterError] = []
        for kind in EnrollmentKind:
            try:
                self._follow(kind, ports)
            except LedgerError:
                raise
            except AdapterError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _follow(self, kind: EnrollmentKind, ports: BillerPorts) -> None:
        snapshot = self._read(kind, ports, began=self._now())
        self._counts[kind.value] += len(snapshot.since)
        changes = changes_told_by(
            snapshot,
            biller=self._biller,
            kind=kind,
            kept=self._ledger.snapshots.kept(self._biller, kind),
            known=newest_changes(self._ledger, self._biller, kind),
            overlap=timedelta(minutes=self._work.rules.poll_overlap_minutes),
        )
        self._counts["taken_over"] += self._ledger.snapshots.accept(
            ENROLLMENT,
            self._biller,
            kind,
            snapshot,
            changes,
            mark=f"{JOB}.{kind.value}",
            now=self._now(),
        )

    def _read(self, kind: EnrollmentKind, ports: BillerPorts, *, began: datetime) -> Snapshot:
        """Return the report; with rows that cannot be read it tells of nobody's un-enrolment."""
        since: dict[str, datetime] = {}
        rows: list[EnrolledAccount] = []
        unreadable = in_parts(ports.enrollment_report.enrolled(kind), rows.extend)
        for row in rows:
            newest = max(row.since, since.get(row.account_number, row.since))
            since[row.account_number] = newest
        if unreadable is not None:
            self._is_settled(unreadable, reference=f"{kind.value} report")
        return Snapshot(taken_at=began, since=since, is_whole=unreadable is None)
