"""Brings accepted payments to Spectrum: each exactly once, or visibly to a person (A3).

Claim under a lease, read the balance, commit `sending`, post, record. No call is made inside a
transaction, and nothing that may have left is posted again without evidence (decision 0006).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog

from adapter.correlation import correlated
from adapter.domain.delivery import Cause, Delivery, DeliveryState, Evidence, Step
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import (
    ReceiptAnswer,
    ReceiptApplied,
    ReceiptNotApplied,
    ReceiptPending,
)
from adapter.domain.retry import GiveUp, RetryAt, decide_retry
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    NotFoundError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.evidence import look_for_evidence
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "post_payments"
# One run looks at so many payments at most; then other billers get their turn.
CLAIMS_PER_RUN_MAX = 100
# A payment that a wrong setting stops is looked at again at least this often.
SETTING_WAIT_MAX = timedelta(hours=1)
# One that a wrong setting has stopped for so long is an exception too; it is tried still.
SETTING_PATIENCE = timedelta(days=1)
_WAITING_FOR_EVIDENCE = frozenset({DeliveryState.IN_DOUBT, DeliveryState.PENDING})

_log = structlog.get_logger(__name__)


def run_once(biller: str, work: Workbench) -> JobReport:
    """Look at everything of this biller that is due; raises LedgerError and nothing else."""
    run = _Run(biller, work)
    rules = work.rules
    run.counts["lease_expired"] = work.ledger.claims.expire_leases(
        biller, now=work.clock.now(), settle_seconds=rules.settle_seconds
    )
    try:
        run.everything_due(work.billers.ports(biller))
    except (ConfigurationError, NotFoundError) as error:
        run.failure = error
        now = work.clock.now()
        until = now + timedelta(seconds=rules.retry.configuration_delay_seconds)
        run.counts["postponed"] = work.ledger.claims.postpone_due(
            biller, now=now, until=until, reason=f"waits for a setting: {error}"
        )
    return JobReport(
        job=JOB,
        biller=biller,
        counts=+run.counts,
        failure=run.failure,
        is_cut_short=run.is_cut_short,
    )


class _Run:
    """One run for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger.claims
        self.counts: Counter[str] = Counter()
        self.failure: AdapterError | None = None
        self.is_cut_short = False

    def everything_due(self, ports: BillerPorts) -> None:
        """Handle what is due; ConfigurationError ends it, because every post needs the setting."""
        for _ in range(CLAIMS_PER_RUN_MAX):
            delivery = self._ledger.claim_due(
                self._biller,
                now=self._work.clock.now(),
                lease_seconds=self._work.rules.lease_seconds,
            )
            if delivery is None:
                return
            try:
                with correlated(delivery.correlation_id or delivery.payment.payment_guid):
                    self._handle(delivery, ports)
            except LeaseLostError as error:
                self.counts["lease_lost"] += 1
                _log.warning("a lease was lost", reason=str(error), **_names(delivery))
        self.is_cut_short = True

    def _handle(self, delivery: Delivery, ports: BillerPorts) -> None:
        if delivery.state in _WAITING_FOR_EVIDENCE:
            done = self._look(delivery, ports)
        else:
            done = self._post(delivery, ports)
            self._withdraw(done)
        self.counts[done.state.value] += 1
        self._work.observer.delivery_moved(done)
        _log.info("a payment was looked at", state=done.state.value, **_names(done))

    def _look(self, delivery: Delivery, ports: BillerPorts) -> Delivery:
        try:
            return look_for_evidence(delivery, ports, self._work)
        except ConfigurationError as error:
            self.failure = error  # the feed's settings need not concern the posts
            return delivery

    def _post(self, delivery: Delivery, ports: BillerPorts) -> Delivery:
        payment = delivery.payment
        try:
            balance = ports.balances.balance_due(payment.invoice_number)
        except LedgerError:
            raise
        except ConfigurationError as error:
            self._pause(delivery, error)
            self._complain(delivery, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: nothing was sent
            return self._not_sent(delivery, error)
        now = self._work.clock.now()
        if delivery.lease_until is not None and now >= delivery.lease_until:
            reason = "the claim ended while the balance was read: it may be out of date"
            return self._ledger.put_off(delivery, until=now, reason=reason, now=now)
        sending = self._ledger.begin_sending(
            delivery,
            balance_before=balance,
            now=now,
            lease_seconds=self._work.rules.lease_seconds,
        )
        if sending.lease_until is not None and self._work.clock.now() >= sending.lease_until:
            return sending  # too late to post: another look will find it in doubt
        try:
            answer = ports.receipts.post_receipt(sending.payment)
        except (RetryableError, RejectedError) as error:
            return self._refused(sending, error, attempts=sending.attempts)
        except ConfigurationError as error:
            self._refused(sending, error, attempts=delivery.attempts)
            self._complain(delivery, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was: the request may have left
            return self._answer_lost(sending, error)
        return self._record(sending, self._step_for(sending, answer))

    def _step_for(self, delivery: Delivery, answer: ReceiptAnswer) -> Step:
        match answer:
            case ReceiptApplied(receipt_id=receipt_id):
                return Step(
                    to_state=DeliveryState.APPLIED,
                    cause=Cause.ANSWERED,
                    detail=f"Spectrum answered with receipt {receipt_id}: applied",
                    receipt_id=receipt_id,
                    evidence=Evidence.ANSWER,
                )
            case ReceiptPending(message=message):
                return Step(
                    to_state=DeliveryState.PENDING,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered okay without a receipt "
                    f"({message or 'and without a message'}): pending, looked for later",
                    next_at=self._settled_at(),
                )
            case ReceiptNotApplied():
                return Step(
                    to_state=DeliveryState.NOT_APPLIED,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered success without data: the receipt was not applied "
                    f"to policy {delivery.payment.account_number}; a person has to look",
                    exception=ExceptionKind.NOT_APPLIED,
                )

    def _pause(self, delivery: Delivery, error: ConfigurationError) -> None:
        """Release the row as it was: a wrong setting uses up no try."""
        now = self._work.clock.now()
        self._ledger.put_off(
            delivery,
            until=now + self._setting_wait(delivery, now),
            reason=f"waits for a setting: {error}",
            now=now,
        )

    def _complain(self, delivery: Delivery, error: ConfigurationError) -> None:
        """Ask a person about a setting that has stopped a payment for a day.

        It names the payment as a reference only: it must not hold back what the setting stops.
        """
        now = self._work.clock.now()
        if now - delivery.accepted_at < SETTING_PATIENCE:
            return
        key = delivery.payment.key
        self._work.ledger.exceptions.open(
            key.biller,
            ExceptionKind.SETTING_OVERDUE,
            f"payment {key.payment_guid}, accepted {delivery.accepted_at:%Y-%m-%dT%H:%M:%SZ}, "
            f"waits for a setting: {error}",
            now=now,
            invoice_number=key.invoice_number,
            reference=key.reference,
            again=True,
        )

    def _withdraw(self, delivery: Delivery) -> None:
        """Close what was asked about a setting, unless nothing has come of the try."""
        now = self._work.clock.now()
        is_old = now - delivery.accepted_at >= SETTING_PATIENCE
        if is_old and delivery.state is not DeliveryState.FAILED:
            self._work.ledger.exceptions.settle_references(
                delivery.payment.biller,
                ExceptionKind.SETTING_OVERDUE,
                [delivery.payment.key.reference],
                now=now,
                resolution="the setting is right by now",
            )

    def _setting_wait(self, delivery: Delivery, now: datetime) -> timedelta:
        """Wait longer, the longer a payment has waited: the others get their turn in between."""
        least = timedelta(seconds=self._work.rules.retry.configuration_delay_seconds)
        return min(max(least, (now - delivery.accepted_at) / 2), SETTING_WAIT_MAX)

    def _not_sent(self, delivery: Delivery, error: Exception) -> Delivery:
        words = f"not sent, the balance could not be read: {_words(delivery, error)}"
        return self._failed(
            delivery, error, attempt=delivery.attempts + 1, words=words, cause=Cause.NOT_SENT
        )

    def _refused(self, delivery: Delivery, error: AdapterError, *, attempts: int) -> Delivery:
        words = f"surely not applied: {error}"
        return self._failed(delivery, error, attempt=attempts, words=words, cause=Cause.ANSWERED)

    def _failed(
        self, delivery: Delivery, error: Exception, *, attempt: int, words: str, cause: Cause
    ) -> Delivery:
        now = self._work.clock.now()
        decision = decide_retry(
            attempt=attempt,
            error=error,
            now=now,
            policy=self._work.rules.retry,
            jitter_seed=f"{delivery.payment.payment_guid}:{delivery.payment.invoice_number}",
        )
        if isinstance(error, ConfigurationError):
            decision = RetryAt(at=now + self._setting_wait(delivery, now), counts=False)
        if isinstance(decision, GiveUp):
            step = Step(
                to_state=DeliveryState.DEAD,
                cause=cause,
                detail=f"{words}; no further try ({attempt} used): a person has to look",
                attempts=attempt,
                exception=ExceptionKind.DEAD,
            )
        else:
            step = Step(
                to_state=DeliveryState.FAILED,
                cause=cause,
                detail=f"{words}; next try at {decision.at:%Y-%m-%dT%H:%M:%SZ}",
                next_at=decision.at,
                attempts=attempt,
            )
        return self._record(delivery, step)

    def _answer_lost(self, delivery: Delivery, error: Exception) -> Delivery:
        look_at = self._settled_at()
        step = Step(
            to_state=DeliveryState.IN_DOUBT,
            cause=Cause.ANSWER_LOST,
            detail=f"answer lost after sending ({_words(delivery, error)}); "
            f"evidence is looked for at {look_at:%Y-%m-%dT%H:%M:%SZ}",
            next_at=look_at,
        )
        return self._record(delivery, step)

    def _settled_at(self) -> datetime:
        """Settling begins now: a token may have been renewed after `sending` was committed."""
        return self._work.clock.now() + timedelta(seconds=self._work.rules.settle_seconds)

    def _record(self, delivery: Delivery, step: Step) -> Delivery:
        return self._ledger.record(delivery, step, now=self._work.clock.now())


def _words(delivery: Delivery, error: Exception) -> str:
    """Tell an error; of one that nobody foresaw only the log tells more, it may hold anything."""
    if isinstance(error, AdapterError):
        return str(error)
    _log.error("a payment met an unforeseen error", exc_info=error, **_names(delivery))
    return f"unforeseen {type(error).__name__}"


def _names(delivery: Delivery) -> dict[str, str]:
    return {
        "biller": delivery.payment.biller,
        "payment_guid": delivery.payment.payment_guid,
        "invoice_number": delivery.payment.invoice_number,
    }
