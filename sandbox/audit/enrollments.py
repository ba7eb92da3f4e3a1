"""Invariant 7: IMT's settings follow the enrolments at Invoice Cloud."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.audit.evidence import EnrollmentRow, Evidence
from sandbox.audit.report import Violation
from sandbox.fakes.imt.book import PolicySettings

# A change in one of these has reached IMT, or need not.
SETTLED = frozenset({"delivered", "superseded"})


def settings_follow_enrollments(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 7: or the change stands visibly at the adapter, or its next poll is to come."""
    open_changes = {
        (row["biller"], row["account_number"], row["kind"])
        for row in evidence.pushes
        if row["state"] not in SETTLED
    }
    for row in evidence.enrollments:
        settings = evidence.settings.get((row.biller, row.account_number))
        if settings is None or _is_set(settings, row) == row.enrolled:
            continue
        key = (row.biller, row.account_number, row.kind)
        if key in open_changes or evidence.is_fresh(row.changed_at):
            continue
        yield Violation(
            story=f"account {row.account_number} is {'on' if row.enrolled else 'off'} {row.kind} "
            f"at Invoice Cloud, IMT says {_told(settings)}, and no change is on its way",
            since=row.changed_at,
        )


def _is_set(settings: PolicySettings, row: EnrollmentRow) -> bool:
    return settings.paperless if row.kind == "paperless" else settings.bill_mode == "autopay"


def _told(settings: PolicySettings) -> str:
    return f"paperless {str(settings.paperless).lower()}, bill mode {settings.bill_mode}"
