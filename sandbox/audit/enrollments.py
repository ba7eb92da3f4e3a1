"""Invariant 7: IMT's settings follow the enrolments at Invoice Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.report import Violation
from sandbox.audit.rows import EnrollmentRow
from sandbox.fakes.imt.book import PolicySettings

# A change in one of these has reached IMT, or need not.
SETTLED = frozenset({"delivered", "superseded"})
IN_FLIGHT = frozenset({"waiting", "sending"})
KINDS = ("paperless", "autopay")


def settings_follow_enrollments(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 7: or the change stands visibly at the adapter, or its next poll is to come."""
    told = {row.setting: row for row in evidence.enrollments}
    yield from _untold_choices(evidence, told)
    under_way = {
        (row["biller"], row["account_number"], row["kind"], row["enrolled"])
        for row in evidence.pushes
        if _is_open(row, evidence)
    }
    for (biller, account_number), settings in evidence.settings.items():
        for kind in KINDS:
            key = (biller, account_number, kind)
            row = told.get(key)
            should_be_on = row is not None and row.enrolled
            if _is_set(settings, kind) == should_be_on:
                continue
            if row is not None and evidence.is_fresh(row.changed_at):
                continue
            if (*key, should_be_on) not in under_way:
                yield Violation(
                    story=_story(account_number, kind, row, settings),
                    since=row.changed_at if row else settings.changed_at,
                )


def _untold_choices(
    evidence: Evidence, told: Mapping[tuple[str, str, str], EnrollmentRow]
) -> Iterator[Violation]:
    """Yield what some login has chosen at Invoice Cloud, and its change log tells otherwise."""
    enrolled = {setting for setting, row in told.items() if row.enrolled}
    for setting in sorted(enrolled ^ evidence.chosen):
        stands, row = setting in evidence.chosen, told.get(setting)
        yield Violation(
            story=f"{'a' if stands else 'no'} login has account {setting[1]} in {setting[2]}, and "
            f"Invoice Cloud's change log says {'on' if row and row.enrolled else 'off'}",
            since=row.changed_at if row else None,
        )


def _is_open(row: Row, evidence: Evidence) -> bool:
    """Tell a change that stands visibly from one that is done; at rest, none is in flight."""
    if row["state"] not in IN_FLIGHT:
        return row["state"] not in SETTLED
    return evidence.goes_on(row)


def _is_set(settings: PolicySettings, kind: str) -> bool:
    return settings.paperless if kind == "paperless" else settings.bill_mode == "autopay"


def _story(
    account_number: str, kind: str, row: EnrollmentRow | None, settings: PolicySettings
) -> str:
    says = f"paperless {str(settings.paperless).lower()}, bill mode {settings.bill_mode}"
    if row is None:
        return f"account {account_number}: IMT says {says}, and nobody enrolled it in {kind}"
    return (
        f"account {account_number} is {'on' if row.enrolled else 'off'} {kind} at Invoice Cloud, "
        f"IMT says {says}, and no change is on its way"
    )
