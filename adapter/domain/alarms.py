"""The list of alarms: what each means, when it is raised, and what to do about it.

An alarm is judged from figures alone, at any moment; it keeps no state, and ends when its cause
does. docs/operations.md has a section for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from adapter.domain.alarm_rules import (
    Finding,
    batch_mismatch,
    biller_removed,
    biller_settings_wrong,
    clock_skewed,
    disk_low,
    enrollment_failed,
    exception_open,
    invoice_file_late,
    invoice_file_refused,
    ledger_not_writable,
    paid_policy_may_lapse,
    payment_dead,
    payment_in_doubt_too_long,
    payment_stopped_by_setting,
    payment_unfinished_too_long,
    poll_behind,
    posting_switched_off,
    reversal_stuck,
    work_not_done,
)
from adapter.domain.figures import Figures

DOCS = "docs/operations.md"


class Severity(Enum):
    """How soon somebody has to look."""

    CRITICAL = "critical"  # now: money may be late, or nothing can be taken over
    WARNING = "warning"  # today: it does not mend by itself


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One entry of the list; `rule` finds its causes in the figures."""

    name: str
    severity: Severity
    meaning: str
    advice: str
    rule: Callable[[Figures], Iterable[Finding]]

    @property
    def docs(self) -> str:
        return f"{DOCS}#{self.name}"


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An alarm that holds now, for one biller or for the whole adapter (`biller` None)."""

    alarm: Alarm
    biller: str | None
    detail: str
    count: int
    since: datetime | None


ALARMS = (
    Alarm(
        name="ledger_not_writable",
        severity=Severity.CRITICAL,
        meaning="No payment can be taken over: the ledger cannot be written.",
        advice="Free the disk, mend the permissions or start the database that the detail names. "
        "Invoice Cloud repeats its notices, and the payment poll finds what it gave up on.",
        rule=ledger_not_writable,
    ),
    Alarm(
        name="disk_low",
        severity=Severity.CRITICAL,
        meaning="The disk that holds the ledger is almost full.",
        advice="Free space on it, or move the ledger to a larger disk while the adapter is "
        "stopped.",
        rule=disk_low,
    ),
    Alarm(
        name="work_not_done",
        severity=Severity.CRITICAL,
        meaning="Payments, reversals or enrolments are due, and no worker looks at them.",
        advice="Start `adapter serve`, or look into its log; `adapter run post_payments`, "
        "`post_reversals` or `push_enrollments` does the work at once.",
        rule=work_not_done,
    ),
    Alarm(
        name="payment_dead",
        severity=Severity.CRITICAL,
        meaning="Payments are not applied, or nobody knows, and nothing more happens by itself.",
        advice="`adapter exceptions list` names them, `adapter payments show GUID` tells the "
        "story. Look in Spectrum for the GUID as reference number, mend the cause, then `adapter "
        "payments retry GUID` or `adapter payments resolve GUID`.",
        rule=payment_dead,
    ),
    Alarm(
        name="paid_policy_may_lapse",
        severity=Severity.CRITICAL,
        meaning="A policy is about to lapse although its payer has paid.",
        advice="Have the carrier hold the cancellation of the policy that the detail names, and "
        "read with `adapter payments show GUID` what the payment waits for. `adapter exceptions "
        "list` tells those that wait for a person, by due date; mend the cause, then `adapter "
        "payments retry GUID` or `adapter payments resolve GUID`.",
        rule=paid_policy_may_lapse,
    ),
    Alarm(
        name="payment_stopped_by_setting",
        severity=Severity.CRITICAL,
        meaning="A wrong setting has stopped payments, reversals or enrolments for a day.",
        advice="Correct the setting that the exception names (`adapter exceptions list`) and try "
        "it with `adapter doctor`; what waits then goes on by itself.",
        rule=payment_stopped_by_setting,
    ),
    Alarm(
        name="payment_in_doubt_too_long",
        severity=Severity.WARNING,
        meaning="Payments were sent long ago, and no evidence tells whether they are applied.",
        advice="See whether Spectrum and its receipts extract answer (`adapter doctor`). If the "
        "evidence does not come, look in Spectrum and say what you found with `adapter payments "
        "resolve GUID`.",
        rule=payment_in_doubt_too_long,
    ),
    Alarm(
        name="payment_unfinished_too_long",
        severity=Severity.WARNING,
        meaning="Payments were accepted hours ago and are still not applied.",
        advice="`adapter payments list --open` says why each waits; `adapter doctor` tells "
        "whether Spectrum answers. They are tried again by themselves.",
        rule=payment_unfinished_too_long,
    ),
    Alarm(
        name="biller_removed_with_open_payments",
        severity=Severity.CRITICAL,
        meaning="A biller is gone from the settings while payments of it are unfinished.",
        advice="Put the biller's table back into the settings: its payments go on by themselves. "
        "Remove it once `adapter payments list --open --biller NAME` is empty.",
        rule=biller_removed,
    ),
    Alarm(
        name="biller_settings_wrong",
        severity=Severity.CRITICAL,
        meaning="A setting is wrong, so a biller's payments wait or a change has no effect.",
        advice="Correct what `adapter settings check` names; it takes effect at once.",
        rule=biller_settings_wrong,
    ),
    Alarm(
        name="poll_behind",
        severity=Severity.WARNING,
        meaning="A job has not come to its end for more than twice its interval.",
        advice="Run it with `adapter run JOB`, which tells what stops it; once it can, it "
        "catches up by itself, however long it was.",
        rule=poll_behind,
    ),
    Alarm(
        name="invoice_file_late",
        severity=Severity.WARNING,
        meaning="No run of send_invoices has come to its end for more than two hours.",
        advice="Run `adapter run send_invoices`, which tells whether the feed or Invoice Cloud "
        "stops it. The next file holds everything that changed.",
        rule=invoice_file_late,
    ),
    Alarm(
        name="invoice_file_refused",
        severity=Severity.WARNING,
        meaning="Invoice Cloud refused a file, or an invoice fits in no file.",
        advice="Read why with `adapter exceptions list`, mend it in Spectrum or the settings, "
        "then `adapter run send_invoices --full`.",
        rule=invoice_file_refused,
    ),
    Alarm(
        name="reversal_stuck",
        severity=Severity.CRITICAL,
        meaning="A returned payment's receipt still stands in Spectrum.",
        advice="Read why with `adapter reversals list`, mend it, then `adapter reversals retry "
        "NUMBER`.",
        rule=reversal_stuck,
    ),
    Alarm(
        name="enrollment_failed",
        severity=Severity.WARNING,
        meaning="IMT does not have a paperless or AutoPay change.",
        advice="Read why with `adapter enrollments list`, mend it, then `adapter enrollments "
        "retry NUMBER`.",
        rule=enrollment_failed,
    ),
    Alarm(
        name="batch_mismatch",
        severity=Severity.WARNING,
        meaning="What Invoice Cloud settled does not match the payments.",
        advice="Compare the batch with `adapter exceptions list` and /ops/settlements, settle it "
        "with Invoice Cloud, then `adapter exceptions resolve NUMBER`.",
        rule=batch_mismatch,
    ),
    Alarm(
        name="exception_open",
        severity=Severity.WARNING,
        meaning="Something else needs a person.",
        advice="Read it with `adapter exceptions list`, settle it, then `adapter exceptions "
        "resolve NUMBER --because TEXT`.",
        rule=exception_open,
    ),
    Alarm(
        name="posting_switched_off",
        severity=Severity.WARNING,
        meaning="Payments and reversals of a biller are accepted and not posted.",
        advice="Somebody set `posting` to false in the biller's table. Set it to true when they "
        "may go; `adapter payments list` tells what waits.",
        rule=posting_switched_off,
    ),
    Alarm(
        name="clock_skewed",
        severity=Severity.WARNING,
        meaning="A partner's clock and this machine's differ by more than half a minute.",
        advice="Compare this machine's clock with its time server (`timedatectl`); when it is "
        "right, tell the partner.",
        rule=clock_skewed,
    ),
)


def raised(figures: Figures) -> tuple[Raised, ...]:
    """Return every alarm that holds, the critical ones first, else in the list's order."""
    return tuple(sorted(_found(figures), key=lambda each: each.alarm.severity.value))


def _found(figures: Figures) -> Iterator[Raised]:
    for alarm in ALARMS:
        for finding in alarm.rule(figures):
            yield Raised(
                alarm=alarm,
                biller=finding.biller,
                detail=finding.detail,
                count=finding.count,
                since=finding.since,
            )
