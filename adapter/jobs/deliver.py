"""Brings the items of one kind to their partner: each once, or visibly to a person.

Claim under a lease, prepare, commit `sending`, send, record. No call is made inside a transaction,
and nothing that may have left is repeated without evidence unless a repeat is harmless.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapter.context import JobContext
from adapter.correlation import correlated
from adapter.domain.evidence import next_look_at
from adapter.domain.retry import GiveUp, RetryAt, decide_retry
from adapter.domain.work_item import DOUBTFUL_STATES, Answer, Cause, State, Step, WorkItem
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    CredentialsRefusedError,
    LeaseLostError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.report import JobReport
from adapter.jobs.setting_stops import SettingStops, waits_for
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready
from adapter.ports import BillerPorts

# One run looks at so many items at most; then other billers get their turn.
CLAIMS_PER_RUN_MAX = 100

_log = structlog.get_logger(__name__)
_Item = WorkItem[Any]


def deliver(kind: DeliveryKind[Any], biller: str, work: JobContext) -> JobReport:
    """Look at everything of this biller that is due; raises LedgerError and nothing else."""
    run = _Run(kind, biller, work)
    run.counts["lease_expired"] = run.outbox.expire_leases(
        biller, now=work.clock.now(), step_for=run.lease_expired
    )
    try:
        run.everything_due(work.billers.ports(biller))
    except (ConfigurationError, NotFoundError) as error:
        run.failure = error
        now = work.clock.now()
        run.counts["postponed"] += run.outbox.postpone_due(
            biller, now=now, until=now + run.wait, reason=f"waits for a setting: {error}"
        )
    return JobReport(
        job=kind.job,
        biller=biller,
        counts=+run.counts,
        failure=run.failure,
        is_cut_short=run.is_cut_short,
    )


class _Run:
    """One run for one biller."""

    def __init__(self, kind: DeliveryKind[Any], biller: str, work: JobContext) -> None:
        self._kind = kind
        self._biller = biller
        self._work = work
        self.outbox = work.ledger.outbox(kind.item)
        self.counts: Counter[str] = Counter()
        self.failure: AdapterError | None = None
        self.is_cut_short = False
        # While a setting is wrong, everything waits so long.
        self.wait = timedelta(seconds=work.rules.retry.configuration_delay_seconds)
        # When the lease in hand was asked for, in steady seconds.
        self._leased_at = 0.0
        self._stops = SettingStops(kind, work)

    def everything_due(self, ports: BillerPorts) -> None:
        """Handle what is due; ConfigurationError ends it, because every request needs it."""
        switched_off = self._stops.switched_off(ports)
        if switched_off is not None and switched_off.until is not None:
            self.counts["held"] += self.outbox.postpone_due(
                self._biller,
                now=self._now(),
                until=switched_off.until,
                reason=switched_off.reason,
                looks=False,
            )
        for _ in range(CLAIMS_PER_RUN_MAX):
            self._leased_at = self._work.steady()
            item = self.outbox.claim_due(
                self._biller,
                now=self._now(),
                lease_seconds=self._work.rules.lease_seconds,
                per_minute=self._kind.per_minute(ports),
            )
            if item is None:
                return
            try:
                with correlated(item.correlation_id or item.reference.partition(":")[0]):
                    self._handle(item, ports)
            except LeaseLostError as error:
                self.counts["lease_lost"] += 1
                _log.warning("a lease was lost", reason=str(error), **self._names(item))
        self.is_cut_short = True

    def lease_expired(self, item: _Item) -> Step:
        """Return what follows when the sender recorded nothing within its lease."""
        error = OutcomeUnknownError(
            "the sender recorded nothing within its lease",
            partner="adapter",
            operation=self._kind.job,
        )
        return self._lost(item, error, str(error), Cause.LEASE_EXPIRED)

    def _handle(self, item: _Item, ports: BillerPorts) -> None:
        if item.state in DOUBTFUL_STATES:
            done = self._look(item, ports)
        else:
            done = self._send(item, ports)
            self._stops.close_review(done)
        word = self._kind.word(done.state, done.review)
        self.counts[word] += 1
        self._work.observer.item_moved(done, word)
        _log.info("an item was looked at", state=word, **self._names(done))

    def _look(self, item: _Item, ports: BillerPorts) -> _Item:
        """Look once for what became of it, and record what that proves."""
        try:
            seen = self._kind.look(item, ports, self._work)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self.failure = error  # a look's settings need not concern the requests
            until = self._now() + self.wait
            return self._put_off(item, PutOff(reason=waits_for(error), until=until))
        except Exception as error:  # noqa: BLE001  # one item's trouble must not hold up others
            return self._put_off(
                item, PutOff(reason=f"could not look: {self._words(item, error)}")
            )
        if isinstance(seen, Found):
            return self._record(item, seen.step, reading=seen.reading)
        return self._put_off(item, seen)

    def _send(self, item: _Item, ports: BillerPorts) -> _Item:
        try:
            ready = self._stops.switched_off(ports) or self._kind.prepare(item, ports, self._work)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self._stopped_by_setting(item, error)
            self._put_off(item, self._stops.wait(item, error))
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: nothing was sent
            return self._not_sent(item, error)
        if isinstance(ready, Found):
            return self._record(item, ready.step, reading=ready.reading)
        if isinstance(ready, PutOff):
            return self._put_off(item, ready)
        if self._is_lease_over(item):
            reason = "the claim ended while it was prepared: what was read may be out of date"
            return self._put_off(item, PutOff(reason=reason, until=self._now()))
        return self._send_prepared(item, ready, ports)

    def _send_prepared(self, item: _Item, ready: Ready, ports: BillerPorts) -> _Item:
        self._leased_at = self._work.steady()
        sending = self.outbox.begin_sending(
            item,
            detail=ready.detail,
            reading=ready.reading,
            now=self._now(),
            lease_seconds=self._work.rules.lease_seconds,
        )
        if self._is_lease_over(sending):
            return sending  # too late to send: another look will find it in doubt
        try:
            answer = self._answer_to(sending, ready, ports)
        except LedgerError:
            raise
        except RetryableError as error:
            return self._refused(sending, error, attempt=sending.attempts, before=item)
        except RejectedError as error:
            if error.status is None or not self._kind.refusal_is_doubt:
                return self._refused(sending, error, attempt=sending.attempts, before=item)
            return self._record(
                sending,
                self._lost(sending, error, str(error), Cause.ANSWERED, answer=Answer.REFUSED),
            )
        except ConfigurationError as error:
            self._refused(sending, error, attempt=item.attempts, before=item)
            self._stopped_by_setting(item, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: the request may have left
            words = self._words(sending, error)
            return self._record(sending, self._lost(sending, error, words, Cause.ANSWER_LOST))
        return self._record(sending, self._kind.judge(sending, answer, self._work))

    def _answer_to(self, sending: _Item, ready: Ready, ports: BillerPorts) -> Any:
        """Send it; once more, at once, if only its credentials were refused and nothing moved."""
        try:
            return self._kind.send(sending, ports)
        except CredentialsRefusedError as refused:
            if not ready.may_be_sent_twice or ready.reading is None:
                raise
            try:
                if not self._kind.still_shows(ready.reading, sending, ports):
                    raise
                if self._is_lease_over(sending):
                    raise
                return self._kind.send(sending, ports)
            except (ConfigurationError, RetryableError) as error:
                # What surely did not leave now may have left at the first time.
                raise refused from error

    def _is_lease_over(self, item: _Item) -> bool:
        """Tell whether the lease has ended by its clock or by elapsed time: clocks may be set."""
        if item.lease_until is not None and self._now() >= item.lease_until:
            return True
        return self._work.steady() - self._leased_at >= self._work.rules.lease_seconds

    def _not_sent(self, item: _Item, error: Exception) -> _Item:
        words = f"not sent, it could not be prepared: {self._words(item, error)}"
        attempt = item.attempts + 1
        step = self._failed(item, error, words, Cause.NOT_SENT, attempt, before=item)
        return self._record(item, step)

    def _refused(
        self, sending: _Item, error: AdapterError, *, attempt: int, before: _Item
    ) -> _Item:
        """Record a request that surely was not taken: what may have left, left before it."""
        words = f"surely not applied: {error}"
        step = self._failed(sending, error, words, Cause.ANSWERED, attempt, before=before)
        return self._record(sending, step)

    def _lost(
        self,
        item: _Item,
        error: Exception,
        words: str,
        cause: Cause,
        *,
        answer: Answer = Answer.LOST,
    ) -> Step:
        """Return what follows when a request may have left, and no answer to trust came.

        A refusal is none: what refused it need not be what applies it.
        """
        settled_at = self._now() + timedelta(seconds=self._work.rules.settle_seconds)
        if self._kind.repeat_is_harmless:
            words = f"answer lost after sending ({words})"
            left = replace(
                item,
                may_have_left=True,
                settles_at=settled_at if self._kind.settles else None,
            )
            return self._failed(item, error, words, cause, item.attempts, before=left)
        what = "refused" if answer is Answer.REFUSED else "answer lost after sending"
        return Step(
            to_state=State.IN_DOUBT,
            cause=cause,
            detail=f"{what} ({words}); evidence is looked for at {settled_at:%Y-%m-%dT%H:%M:%SZ}",
            next_at=settled_at,
            answer=answer,
        )

    def _failed(
        self,
        item: _Item,
        error: Exception,
        words: str,
        cause: Cause,
        attempt: int,
        *,
        before: _Item,
    ) -> Step:
        """Return the next try, or that a person has to look.

        What may have left of the item as it was `before` may have left still.
        """
        left, settles_at = before.may_have_left, before.settles_at
        now = self._now()
        decision = decide_retry(
            attempt=attempt,
            error=error,
            now=now,
            policy=self._work.rules.retry,
            jitter_seed=item.reference,
            unsent_since=None if left else item.accepted_at,
        )
        if isinstance(error, ConfigurationError):
            decision = RetryAt(at=now + self._stops.wait_of(item), counts=False)
        words = f"{self._kind.describe(item.payload)}: {words}"
        if isinstance(decision, GiveUp):
            is_refusal = isinstance(error, RejectedError)
            return Step(
                to_state=State.NEEDS_PERSON,
                cause=cause,
                detail=f"{words}; no further try ({attempt} used): a person has to look, then "
                f"`adapter {self._kind.command} retry` or `resolve`",
                may_have_left=left,
                settles_at=settles_at,
                attempts=attempt,
                review=self._kind.refused if is_refusal else self._kind.exhausted,
            )
        return Step(
            to_state=State.RETRYING,
            cause=cause,
            detail=f"{words}; next try at {decision.at:%Y-%m-%dT%H:%M:%SZ}",
            may_have_left=left,
            settles_at=settles_at,
            next_at=decision.at,
            attempts=attempt,
        )

    def _put_off(self, item: _Item, wait: PutOff) -> _Item:
        now = self._now()
        overdue = wait.overdue
        until = wait.until
        if overdue is None and item.state in DOUBTFUL_STATES:
            overdue = self._kind.overdue(item, now)
        if until is None:
            until = next_look_at(
                sent_at=item.sent_at or item.accepted_at,
                now=now,
                settle_seconds=self._work.rules.settle_seconds,
            )
        return self.outbox.put_off(
            item,
            until=until,
            reason=wait.reason,
            now=now,
            overdue=overdue,
            reading=wait.reading,
            patience=wait.patience,
        )

    def _record(self, item: _Item, step: Step, **reading: Any) -> _Item:
        return self.outbox.record(item, step, now=self._now(), **reading)

    def _stopped_by_setting(self, item: _Item, error: ConfigurationError) -> None:
        if self._kind.locks_out:
            self.wait = max(self.wait, self._stops.wait_of(item))
        self.counts["postponed"] += 1
        self._stops.review(item, error)

    def _words(self, item: _Item, error: Exception) -> str:
        """Describe an error; an unforeseen one may say anything, so only the log shows it."""
        if isinstance(error, AdapterError):
            return str(error)
        _log.error("an item met an unforeseen error", exc_info=error, **self._names(item))
        return f"unforeseen {type(error).__name__}"

    def _names(self, item: _Item) -> dict[str, str]:
        about = self._kind.item.subject(item.reference)
        return {"biller": item.biller, "kind": item.kind, "reference": item.reference, **about}

    def _now(self) -> datetime:
        return self._work.clock.now()
