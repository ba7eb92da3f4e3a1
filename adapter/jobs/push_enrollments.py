"""Brings enrolment changes to IMT: the newest of each setting, one at a time (B2 to B4, C5).

Setting the same value twice is harmless, so a try whose outcome is unknown is simply repeated.
What fails stands in the ledger as failed, and nothing is ever dropped.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog

from adapter.domain.enrollment import Enrollment, EnrollmentState, EnrollmentStep
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.retry import GiveUp, decide_retry
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    NotFoundError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "push_enrollments"
# One run sends so many changes at most; what is left is due at once again.
CLAIMS_PER_RUN_MAX = 10_000
# A change that a wrong setting stops is looked at again at least this often.
SETTING_WAIT_MAX = timedelta(hours=1)

_log = structlog.get_logger(__name__)


def run_once(biller: str, work: Workbench) -> JobReport:
    """Send everything of this biller that is due; raises LedgerError and nothing else."""
    run = _Run(biller, work)
    failure: AdapterError | None = None
    try:
        run.everything_due(work.billers.ports(biller))
    except (ConfigurationError, NotFoundError) as error:
        failure = error
        now = work.clock.now()
        run.counts["postponed"] += work.ledger.pushes.postpone_due(
            biller, now=now, until=now + run.wait, reason=f"waits for a setting: {error}"
        )
    return JobReport(job=JOB, biller=biller, counts=+run.counts, failure=failure)


class _Run:
    """One run for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger.pushes
        self.counts: Counter[str] = Counter()
        # While a setting is wrong, everything waits so long.
        self.wait = timedelta(seconds=work.rules.retry.configuration_delay_seconds)

    def everything_due(self, ports: BillerPorts) -> None:
        """Send what is due; ConfigurationError ends it, because every call needs the setting."""
        for _ in range(CLAIMS_PER_RUN_MAX):
            enrollment = self._ledger.claim_due(
                self._biller,
                now=self._now(),
                lease_seconds=self._work.rules.lease_seconds,
            )
            if enrollment is None:
                return
            try:
                self.counts[self._send(enrollment, ports).state.value] += 1
            except LeaseLostError as error:
                self.counts["lease_lost"] += 1
                _log.warning("a lease was lost", reason=str(error), **_names(enrollment))

    def _send(self, enrollment: Enrollment, ports: BillerPorts) -> Enrollment:
        try:
            ports.enrollments.push(enrollment.change)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self._put_off(enrollment, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: it is sent again
            return self._failed(enrollment, error)
        step = EnrollmentStep(
            to_state=EnrollmentState.DELIVERED, detail=f"IMT has taken it: {_told(enrollment)}"
        )
        return self._ledger.record(enrollment, step, now=self._now())

    def _put_off(self, enrollment: Enrollment, error: ConfigurationError) -> None:
        """Release the row: a wrong setting uses up no try.

        All wait longer, the longer this one has waited: IMT may lock whom it refuses too often.
        """
        now = self._now()
        self.wait = min(max(self.wait, (now - enrollment.accepted_at) / 2), SETTING_WAIT_MAX)
        self.counts["postponed"] += 1
        self._ledger.put_off(
            enrollment, until=now + self.wait, reason=f"waits for a setting: {error}"
        )

    def _failed(self, enrollment: Enrollment, error: Exception) -> Enrollment:
        now = self._now()
        decision = decide_retry(
            attempt=enrollment.attempts,
            error=error,
            now=now,
            policy=self._work.rules.retry,
            jitter_seed=enrollment.change.event_guid,
        )
        words = _words(enrollment, error)
        surely_not_taken = isinstance(error, RetryableError | RejectedError)
        settles_at = None if surely_not_taken else self._settled_at(now)
        if isinstance(error, RejectedError):
            step = EnrollmentStep(
                to_state=EnrollmentState.REFUSED,
                detail=f"{_told(enrollment)} was refused: {words}; a person has to look",
                exception=ExceptionKind.ENROLLMENT_REFUSED,
            )
        elif isinstance(decision, GiveUp):
            step = EnrollmentStep(
                to_state=EnrollmentState.FAILED,
                detail=f"{_told(enrollment)} failed: {words}; no further try "
                f"({enrollment.attempts} used): a person has to look",
                settles_at=settles_at,
                exception=ExceptionKind.ENROLLMENT_FAILED,
            )
        else:
            step = EnrollmentStep(
                to_state=EnrollmentState.FAILED,
                detail=f"{_told(enrollment)} failed: {words}; "
                f"next try at {decision.at:%Y-%m-%dT%H:%M:%SZ}",
                settles_at=settles_at,
                next_at=decision.at,
            )
        return self._ledger.record(enrollment, step, now=now)

    def _settled_at(self, now: datetime) -> datetime:
        """Until then, a request without an answer may still arrive at IMT."""
        return now + timedelta(seconds=self._work.rules.settle_seconds)

    def _now(self) -> datetime:
        return self._work.clock.now()


def _told(enrollment: Enrollment) -> str:
    change = enrollment.change
    switch = "on" if change.enrolled else "off"
    return f"{change.kind.value} {switch} for account {change.account_number}"


def _words(enrollment: Enrollment, error: Exception) -> str:
    """Tell an error; of one that nobody foresaw only the log tells more, it may hold anything."""
    if isinstance(error, AdapterError):
        return str(error)
    _log.error("an enrolment met an unforeseen error", exc_info=error, **_names(enrollment))
    return f"unforeseen {type(error).__name__}"


def _names(enrollment: Enrollment) -> dict[str, str]:
    change = enrollment.change
    return {
        "biller": change.biller,
        "event_guid": change.event_guid,
        "account_number": change.account_number,
    }
