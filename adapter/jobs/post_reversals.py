"""Brings reversals to Spectrum, each once its payment is applied, one at a time on an invoice.

Spectrum knows a reversal by its id, so a try whose outcome is unknown is simply repeated. What
cannot be reversed stands in the ledger and in the exceptions list; nothing is dropped.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog

from adapter.domain.ach_return import (
    LOOK_AGAIN,
    AskPerson,
    Reversal,
    ReversalState,
    ReversalStep,
    Wait,
    judge_return,
)
from adapter.domain.delivery import Delivery
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.retry import GiveUp, decide_retry
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    NotFoundError,
    RejectedError,
)
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "post_reversals"
# One run sends so many reversals at most; what is left is due at once again.
CLAIMS_PER_RUN_MAX = 10_000
# How often a file in Spectrum's inbox is looked at, and when a person is told that it lies there.
INBOX_LOOK_AGAIN = timedelta(minutes=20)
INBOX_READ_WITHIN = timedelta(days=1)

_log = structlog.get_logger(__name__)


def run_once(biller: str, work: Workbench) -> JobReport:
    """Send everything of this biller that is due; raises LedgerError and nothing else."""
    run = _Run(biller, work)
    failure: AdapterError | None = None
    try:
        run.everything_due(work.billers.ports(biller))
    except (ConfigurationError, NotFoundError) as error:
        failure = error
        wait = timedelta(seconds=work.rules.retry.configuration_delay_seconds)
        now = work.clock.now()
        run.counts["postponed"] += work.ledger.reversal_claims.postpone_due(
            biller, now=now, until=now + wait, reason=f"waits for a setting: {error}"
        )
    return JobReport(job=JOB, biller=biller, counts=+run.counts, failure=failure)


class _Run:
    """One run for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger.reversal_claims
        self.counts: Counter[str] = Counter()

    def everything_due(self, ports: BillerPorts) -> None:
        """Send what is due; ConfigurationError ends it, because every call needs the setting."""
        for _ in range(CLAIMS_PER_RUN_MAX):
            claimed = self._ledger.claim_due(
                self._biller, now=self._now(), lease_seconds=self._work.rules.lease_seconds
            )
            if claimed is None:
                return
            reversal, delivery = claimed
            try:
                self.counts[self._settle(reversal, delivery, ports).state.value] += 1
            except LeaseLostError as error:
                self.counts["lease_lost"] += 1
                _log.warning("a lease was lost", reason=str(error), **_names(reversal))

    def _settle(
        self, reversal: Reversal, delivery: Delivery | None, ports: BillerPorts
    ) -> Reversal:
        now = self._now()
        verdict = judge_return(reversal.ach_return, delivery, seen_at=reversal.seen_at, now=now)
        match verdict:
            case Wait(reason=reason):
                step = ReversalStep(
                    to_state=ReversalState.WAITING,
                    detail=reason,
                    next_at=now + LOOK_AGAIN,
                    attempts=reversal.attempts - 1,
                )
                return self._ledger.record(reversal, step, now=now)
            case AskPerson(kind=kind, reason=reason):
                step = ReversalStep(
                    to_state=ReversalState.REFUSED,
                    detail=f"{_told(reversal)}: {reason}",
                    exception=kind,
                )
                return self._ledger.record(reversal, step, now=now)
            case _:
                return self._send(reversal, ports)

    def _send(self, reversal: Reversal, ports: BillerPorts) -> Reversal:
        since, returned = reversal.handed_over_at, reversal.ach_return
        try:
            if since is None:
                taken = ports.reversals.reverse(returned)
            else:
                taken = ports.reversals.outcome(returned)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self._put_off(reversal, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: it is sent again
            return self._failed(reversal, error)
        now = self._now()
        if not taken.is_read:
            return self._ledger.record(reversal, _lies_in_inbox(reversal, now), now=now)
        step = ReversalStep(
            to_state=ReversalState.REVERSED,
            detail=f"{_told(reversal)}: Spectrum has taken it",
            receipt_id=taken.receipt_id,
        )
        return self._ledger.record(reversal, step, now=now)

    def _put_off(self, reversal: Reversal, error: ConfigurationError) -> None:
        """Release the row: a wrong setting uses up no try."""
        wait = timedelta(seconds=self._work.rules.retry.configuration_delay_seconds)
        now, since = self._now(), reversal.handed_over_at
        step = ReversalStep(
            to_state=ReversalState.WAITING if since is None else ReversalState.HANDED_OVER,
            detail=f"waits for a setting: {error}",
            next_at=now + wait,
            handed_over_at=since,
            attempts=reversal.attempts - 1,
        )
        self.counts["postponed"] += 1
        self._ledger.record(reversal, step, now=now)

    def _failed(self, reversal: Reversal, error: Exception) -> Reversal:
        now = self._now()
        decision = decide_retry(
            attempt=reversal.attempts,
            error=error,
            now=now,
            policy=self._work.rules.retry,
            jitter_seed=reversal.ach_return.reversal_id,
        )
        words = f"{_told(reversal)}: {_words(reversal, error)}"
        if isinstance(error, RejectedError):
            step = ReversalStep(
                to_state=ReversalState.REFUSED,
                detail=f"{words}; look into Spectrum, then `adapter reversals retry`",
                exception=ExceptionKind.REVERSAL_REFUSED,
            )
        elif isinstance(decision, GiveUp):
            step = ReversalStep(
                to_state=ReversalState.FAILED,
                detail=f"{words}; no further try ({reversal.attempts} used): a person has to look",
                exception=ExceptionKind.REVERSAL_FAILED,
            )
        else:
            step = ReversalStep(
                to_state=ReversalState.FAILED,
                detail=f"{words}; next try at {decision.at:%Y-%m-%dT%H:%M:%SZ}",
                next_at=decision.at,
            )
        return self._ledger.record(reversal, step, now=now)

    def _now(self) -> datetime:
        return self._work.clock.now()


def _lies_in_inbox(reversal: Reversal, now: datetime) -> ReversalStep:
    """Look again, with no try used up; after a day a person is told, and looking goes on."""
    since = reversal.handed_over_at or now
    words = f"{_told(reversal)}: its file lies in Spectrum's inbox since"
    is_overdue = now - since >= INBOX_READ_WITHIN
    return ReversalStep(
        to_state=ReversalState.HANDED_OVER,
        detail=f"{words} {since:%Y-%m-%dT%H:%M:%SZ}; Spectrum has to read it",
        next_at=now + INBOX_LOOK_AGAIN,
        handed_over_at=since,
        attempts=reversal.attempts - (reversal.handed_over_at is not None),
        exception=ExceptionKind.REVERSAL_FAILED if is_overdue else None,
    )


def _told(reversal: Reversal) -> str:
    ach_return = reversal.ach_return
    return (
        f"{ach_return.code} took back {money_text(ach_return.amount)} of payment "
        f"{ach_return.payment_guid} on invoice {ach_return.invoice_number}"
    )


def _words(reversal: Reversal, error: Exception) -> str:
    """Tell an error; of one that nobody foresaw only the log tells more, it may hold anything."""
    if isinstance(error, AdapterError):
        return str(error)
    _log.error("a reversal met an unforeseen error", exc_info=error, **_names(reversal))
    return f"unforeseen {type(error).__name__}"


def _names(reversal: Reversal) -> dict[str, str]:
    ach_return = reversal.ach_return
    return {
        "biller": ach_return.biller,
        "reject_guid": ach_return.reject_guid,
        "invoice_number": ach_return.invoice_number,
    }
