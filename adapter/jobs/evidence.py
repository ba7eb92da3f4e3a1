"""Settles a receipt in doubt or pending: by the receipts feed, else by the balance (0006)."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from adapter.domain.delivery import (
    BalanceVerdict,
    Cause,
    Delivery,
    DeliveryState,
    Evidence,
    Step,
    judge_by_balance,
)
from adapter.domain.evidence import FeedVerdict, is_overdue, judge_by_feed, next_look_at
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import ReceiptSearch
from adapter.domain.money import money_text
from adapter.errors import AdapterError, ConfigurationError, LedgerError, RejectedError
from adapter.jobs.workbench import Workbench
from adapter.ports import BalancePort, BillerPorts, ReceiptFeedPort

# A receipt can't be older than its payment, but two companies' clocks may differ.
CLOCKS_DIFFER_MAX = timedelta(hours=1)
_OPENINGS = {
    DeliveryState.IN_DOUBT: "answer lost after sending",
    DeliveryState.PENDING: "okay without a receipt",
}

_log = structlog.get_logger(__name__)


def look_for_evidence(delivery: Delivery, ports: BillerPorts, work: Workbench) -> Delivery:
    """Look once, and record what that proves; without proof, look again later.

    Raises ConfigurationError, after the row was put off, when a setting keeps us from looking.
    """
    look = _Look(delivery, work)
    try:
        feed = ports.receipt_feed
        step = (
            look.at_balance(ports.balances) if feed is None else look.at_feed(feed, ports.balances)
        )
    except LedgerError:
        raise
    except ConfigurationError as error:
        look.put_off(f"waits for a setting: {error}", configuration=True)
        raise
    except AdapterError as error:
        return look.put_off(f"could not look: {error}")
    except Exception as error:  # noqa: BLE001  # one row's trouble must not hold up the others
        guid = delivery.payment.payment_guid
        _log.error("looking for evidence failed", exc_info=error, payment_guid=guid)
        return look.put_off(f"could not look: unforeseen {type(error).__name__}")
    if isinstance(step, str):
        return look.put_off(step)
    return work.ledger.claims.record(delivery, step, now=work.clock.now())


class _Look:
    """One look at one delivery; `at_...` return a step, or in words why there is none yet."""

    def __init__(self, delivery: Delivery, work: Workbench) -> None:
        self._delivery = delivery
        self._payment = delivery.payment
        self._work = work
        self._sent_at = delivery.sent_at or delivery.accepted_at
        self._opening = _OPENINGS[delivery.state]

    def at_feed(self, feed: ReceiptFeedPort, balances: BalancePort) -> Step | str:
        since = min(self._payment.paid_at, self._delivery.accepted_at) - CLOCKS_DIFFER_MAX
        search = feed.find_receipt(self._payment, since=since)
        verdict = judge_by_feed(
            search,
            self._payment,
            sent_at=self._sent_at,
            settle_seconds=self._work.rules.settle_seconds,
        )
        told = f"the receipts feed, told up to {_moment(search.as_of)}"
        if verdict is FeedVerdict.APPLIED:
            return self._applied(
                "found in the receipts feed as receipt", search, Evidence.RECEIPTS_FEED
            )
        if verdict is FeedVerdict.UNCLEAR:
            return self._unclear(_other_amount(search, money_text(self._payment.amount)))
        if verdict is FeedVerdict.ABSENT and self._delivery.state is DeliveryState.IN_DOUBT:
            if self._has_moved(balances):
                return f"{self._opening}; not in {told}, and the balance moved by the amount"
            return self._again(f"not in {told}")
        return f"{self._opening}; not yet in {told}"

    def at_balance(self, balances: BalancePort) -> Step | str:
        before, amount = self._delivery.balance_before, self._payment.amount
        in_doubt = self._delivery.state is DeliveryState.IN_DOUBT
        try:
            now = balances.balance_due(self._payment.invoice_number)
        except RejectedError as error:
            words = f"the balance is refused ({error})"
            return self._unclear(words) if in_doubt else f"{self._opening}; {words}"
        verdict = judge_by_balance(before=before, now=now, amount=amount)
        was = "unknown" if before is None else money_text(before)
        moved = f"balance moved {was} -> {money_text(now)}"
        if verdict is BalanceVerdict.APPLIED:
            return Step(
                to_state=DeliveryState.APPLIED,
                cause=Cause.EVIDENCE,
                detail=f"{self._opening}; {moved} by exactly the amount: applied (inferred)",
                evidence=Evidence.BALANCE,
            )
        if verdict is BalanceVerdict.NOT_APPLIED:
            unmoved = f"balance is still {money_text(now)}"
            return self._again(unmoved) if in_doubt else f"{self._opening}; {unmoved}"
        words = f"{moved}, and the amount is {money_text(amount)}"
        return self._unclear(words) if in_doubt else f"{self._opening}; {words}"

    def _has_moved(self, balances: BalancePort) -> bool:
        """Tell whether the balance contradicts the feed, whose clock may run ahead of ours."""
        verdict = judge_by_balance(
            before=self._delivery.balance_before,
            now=balances.balance_due(self._payment.invoice_number),
            amount=self._payment.amount,
        )
        return verdict is BalanceVerdict.APPLIED

    def put_off(self, reason: str, *, configuration: bool = False) -> Delivery:
        now = self._work.clock.now()
        rules = self._work.rules
        until = next_look_at(sent_at=self._sent_at, now=now, settle_seconds=rules.settle_seconds)
        if configuration:
            until = now + timedelta(seconds=rules.retry.configuration_delay_seconds)
        return self._work.ledger.claims.put_off(
            self._delivery,
            until=until,
            reason=reason,
            now=now,
            overdue=is_overdue(sent_at=self._sent_at, now=now),
        )

    def _applied(self, words: str, search: ReceiptSearch, evidence: Evidence) -> Step:
        receipt_id = search.receipt.receipt_id if search.receipt else None
        return Step(
            to_state=DeliveryState.APPLIED,
            cause=Cause.EVIDENCE,
            detail=f"{self._opening}; {words} {receipt_id}: applied",
            receipt_id=receipt_id,
            evidence=evidence,
        )

    def _again(self, words: str) -> Step:
        """Post again: not applied is now as sure as it gets; the try stays used up."""
        tries = self._delivery.attempts
        if tries >= self._work.rules.retry.attempts_max:
            return Step(
                to_state=DeliveryState.DEAD,
                cause=Cause.EVIDENCE,
                detail=f"{self._opening}; {words}: not applied, and all {tries} tries are used: "
                "a person has to look",
                exception=ExceptionKind.DEAD,
            )
        return Step(
            to_state=DeliveryState.FAILED,
            cause=Cause.EVIDENCE,
            detail=f"{self._opening}; {words}: not applied, to be posted again",
            next_at=self._next_try_at(tries),
        )

    def _next_try_at(self, tries: int) -> datetime:
        """Return when to post again: at once the first time, then after growing waits."""
        now = self._work.clock.now()
        policy = self._work.rules.retry
        if tries <= 1:
            return now
        seconds = policy.first_delay_seconds * 2 ** min(tries - 2, 20)
        return now + timedelta(seconds=min(seconds, policy.delay_seconds_max))

    def _unclear(self, words: str) -> Step:
        return Step(
            to_state=DeliveryState.DEAD,
            cause=Cause.EVIDENCE,
            detail=f"{self._opening}; {words}: unclear, a person has to look",
            exception=ExceptionKind.EVIDENCE_UNCLEAR,
        )


def _other_amount(search: ReceiptSearch, posted: str) -> str:
    if search.receipt is None:
        return "the receipts feed contradicts itself"
    found = money_text(search.receipt.amount)
    return f"the receipts feed has receipt {search.receipt.receipt_id} of {found}, not of {posted}"


def _moment(moment: datetime | None) -> str:
    return "no moment yet" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
