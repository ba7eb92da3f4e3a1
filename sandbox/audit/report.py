"""The auditor's report: each invariant, whether it holds, and the story of what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.audit.evidence import Evidence


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What breaks an invariant: the shortest story that explains it, and since when (UTC)."""

    story: str
    since: datetime | None = None
    payment_guid: str = ""
    invoice_number: str = ""

    def as_json(self, entries: list[int]) -> dict[str, Any]:
        return {
            "story": self.story,
            "since": f"{self.since:%Y-%m-%dT%H:%M:%SZ}" if self.since else None,
            "payment_guid": self.payment_guid or None,
            "invoice_number": self.invoice_number or None,
            "journal_entries": entries,
        }


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """One statement that must hold over all books; `check` yields what breaks it."""

    number: int
    statement: str
    check: Callable[[Evidence], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An invariant, judged."""

    invariant: Invariant
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """Every invariant judged at one moment (UTC)."""

    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not any(finding.violations for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": f"{self.evidence.now:%Y-%m-%dT%H:%M:%SZ}",
            "at_rest": self.evidence.at_rest,
            "clean": self.clean,
            "invariants": [self._finding_json(finding) for finding in self.findings],
        }

    def _finding_json(self, finding: Finding) -> dict[str, Any]:
        return {
            "number": finding.invariant.number,
            "statement": finding.invariant.statement,
            "holds": not finding.violations,
            "violations": [v.as_json(self._entries(v)) for v in finding.violations],
        }

    def _entries(self, violation: Violation) -> list[int]:
        """Return the journal entries that speak of the same payment, or the same invoice."""
        journal = self.evidence.world.journal
        if violation.payment_guid:
            found = journal.entries(payment_guid=violation.payment_guid)
        elif violation.invoice_number:
            found = journal.entries(invoice_number=violation.invoice_number)
        else:
            found = []
        return [entry.sequence for entry in found]
