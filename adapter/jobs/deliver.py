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
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.retry import GiveUp, RetryAt, decide_retry
from adapter.domain.work_item import DOUBTFUL_STATES, Cause, State, Step, WorkItem
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.report import JobReport
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready
from adapter.ports import BillerPorts

# One run looks at so many items at most; then other billers get their turn.
CLAIMS_PER_RUN_MAX = 100
# An item that a wrong setting stops is looked at again at least this often.
SETTING_WAIT_MAX = timedelta(hours=1)
# One that a wrong setting has stopped for so long is reviewed too; it is tried still.
SETTING_PATIENCE = timedelta(days=1)

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

    def everything_due(self, ports: BillerPorts) -> None:
        """Handle what is due; ConfigurationError ends it, because every request needs it."""
        for _ in range(CLAIMS_PER_RUN_MAX):
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
            self._close_setting_review(done)
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
            return self._put_off(item, PutOff(reason=_waits_for_setting(error), until=until))
        except Exception as error:  # noqa: BLE001  # one item's trouble must not hold up others
            return self._put_off(
                item, PutOff(reason=f"could not look: {self._words(item, error)}")
            )
        if isinstance(seen, Found):
            return self._record(item, seen.step, reading=seen.reading)
        return self._put_off(item, seen)

    def _send(self, item: _Item, ports: BillerPorts) -> _Item:
        try:
            ready = self._kind.prepare(item, ports, self._work)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self._stopped_by_setting(item, error)
            wait = PutOff(
                reason=_waits_for_setting(error), until=self._now() + self._wait_of(item)
            )
            self._put_off(item, wait)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: nothing was sent
            return self._not_sent(item, error)
        if isinstance(ready, Step):
            return self._record(item, ready)
        if isinstance(ready, PutOff):
            return self._put_off(item, ready)
        now = self._now()
        if item.lease_until is not None and now >= item.lease_until:
            reason = "the claim ended while it was prepared: what was read may be out of date"
            return self._put_off(item, PutOff(reason=reason, until=now))
        return self._send_prepared(item, ready, ports)

    def _send_prepared(self, item: _Item, ready: Ready, ports: BillerPorts) -> _Item:
        sending = self.outbox.begin_sending(
            item,
            detail=ready.detail,
            reading=ready.reading,
            now=self._now(),
            lease_seconds=self._work.rules.lease_seconds,
        )
        if sending.lease_until is not None and self._now() >= sending.lease_until:
            return sending  # too late to send: another look will find it in doubt
        try:
            answer = self._kind.send(sending, ports)
        except LedgerError:
            raise
        except (RetryableError, RejectedError) as error:
            return self._refused(sending, error, attempt=sending.attempts, before=item)
        except ConfigurationError as error:
            self._refused(sending, error, attempt=item.attempts, before=item)
            self._stopped_by_setting(item, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: the request may have left
            words = self._words(sending, error)
            return self._record(sending, self._lost(sending, error, words, Cause.ANSWER_LOST))
        return self._record(sending, self._kind.judge(sending, answer, self._work))

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

    def _lost(self, item: _Item, error: Exception, words: str, cause: Cause) -> Step:
        """Return what follows when a request may have left, and no answer to trust came."""
        settled_at = self._now() + timedelta(seconds=self._work.rules.settle_seconds)
        if self._kind.repeat_is_harmless:
            words = f"answer lost after sending ({words})"
            left = replace(
                item,
                may_have_left=True,
                settles_at=settled_at if self._kind.settles else None,
            )
            return self._failed(item, error, words, cause, item.attempts, before=left)
        return Step(
            to_state=State.IN_DOUBT,
            cause=cause,
            detail=f"answer lost after sending ({words}); evidence is looked for at "
            f"{settled_at:%Y-%m-%dT%H:%M:%SZ}",
            next_at=settled_at,
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
        )
        if isinstance(error, ConfigurationError):
            decision = RetryAt(at=now + self._wait_of(item), counts=False)
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
        overdue = None
        until = wait.until
        if item.state in DOUBTFUL_STATES:
            overdue = self._kind.overdue(item, now)
        if until is None:
            until = next_look_at(
                sent_at=item.sent_at or item.accepted_at,
                now=now,
                settle_seconds=self._work.rules.settle_seconds,
            )
        return self.outbox.put_off(
            item, until=until, reason=wait.reason, now=now, overdue=overdue, reading=wait.reading
        )

    def _record(self, item: _Item, step: Step, **reading: Any) -> _Item:
        return self.outbox.record(item, step, now=self._now(), **reading)

    def _stopped_by_setting(self, item: _Item, error: ConfigurationError) -> None:
        """Have the others wait, and a person look once a setting has stopped an item for a day.

        The review item names no payment: it must not hold back what the setting stops.
        """
        now = self._now()
        if self._kind.locks_out:
            self.wait = max(self.wait, self._wait_of(item))
        self.counts["postponed"] += 1
        if now - item.accepted_at < SETTING_PATIENCE:
            return
        self._work.ledger.exceptions.open(
            item.biller,
            ExceptionKind.SETTING_OVERDUE,
            f"{item.kind} {item.reference}, accepted {item.accepted_at:%Y-%m-%dT%H:%M:%SZ}, "
            f"{_waits_for_setting(error)}",
            now=now,
            invoice_number=self._kind.item.subject(item.reference).get("invoice_number"),
            reference=item.reference,
            again=True,
        )

    def _close_setting_review(self, item: _Item) -> None:
        """Close what was asked about a setting, unless nothing has come of the try."""
        now = self._now()
        is_old = now - item.accepted_at >= SETTING_PATIENCE
        if is_old and item.state not in {State.RETRYING, State.WAITING}:
            self._work.ledger.exceptions.settle_references(
                item.biller,
                ExceptionKind.SETTING_OVERDUE,
                [item.reference],
                now=now,
                resolution="the setting is right by now",
            )

    def _wait_of(self, item: _Item) -> timedelta:
        """Wait longer, the longer an item has waited: the others get their turn in between."""
        least = timedelta(seconds=self._work.rules.retry.configuration_delay_seconds)
        return min(max(least, (self._now() - item.accepted_at) / 2), SETTING_WAIT_MAX)

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


def _waits_for_setting(error: ConfigurationError) -> str:
    return f"waits for a setting: {error}"
