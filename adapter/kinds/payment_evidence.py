"""Evidence of a receipt in doubt or pending: by the receipts feed, else by the balance (0006)."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.context import JobContext
from adapter.domain.evidence import BalanceVerdict, FeedVerdict, judge_by_balance, judge_by_feed
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import ReceiptSearch
from adapter.domain.money import money_text
from adapter.domain.payment import PaymentItem
from adapter.domain.work_item import BalanceReading, Cause, Evidence, State, Step
from adapter.errors import RejectedError
from adapter.kinds.base import Found, PutOff
from adapter.ports import BalancePort, BillerPorts, ReceiptFeedPort

# A receipt can't be older than its payment, but two companies' clocks may differ.
CLOCKS_DIFFER_MAX = timedelta(hours=1)
_OPENINGS = {
    State.IN_DOUBT: "answer lost after sending",
    State.UNCONFIRMED: "okay without a receipt",
}


def look_for_receipt(item: PaymentItem, ports: BillerPorts, work: JobContext) -> Found | PutOff:
    """Look once, at the feed where the biller has one; say what that proves, or nothing."""
    look = _Look(item, work)
    feed = ports.receipt_feed
    found = look.at_balance(ports.balances) if feed is None else look.at_feed(feed, ports.balances)
    if isinstance(found, str):
        return PutOff(reason=found, reading=look.reading)
    return Found(step=found, reading=look.reading)


class _Look:
    """One look at one payment; `at_...` return a step, or in words why there is none yet."""

    def __init__(self, item: PaymentItem, work: JobContext) -> None:
        self._item = item
        self._payment = item.payload
        self._work = work
        self._opening = _OPENINGS[item.state]
        self.reading: BalanceReading | None = None

    def at_feed(self, feed: ReceiptFeedPort, balances: BalancePort) -> Step | str:
        since = min(self._payment.paid_at, self._item.accepted_at) - CLOCKS_DIFFER_MAX
        search = feed.find_receipt(self._payment, since=since)
        verdict = judge_by_feed(
            search,
            self._payment,
            sent_at=self._item.sent_at or self._item.accepted_at,
            settle_seconds=self._work.rules.settle_seconds,
        )
        place = f"the receipts feed, as of {_moment(search.as_of)}"
        if verdict is FeedVerdict.APPLIED:
            return self._applied(search)
        if verdict is FeedVerdict.UNCLEAR:
            return self._unclear(_other_amount(search, money_text(self._payment.amount)))
        if verdict is FeedVerdict.ABSENT and self._item.state is State.IN_DOUBT:
            if self._judge(self._read(balances)) is BalanceVerdict.APPLIED:
                # The balance contradicts the feed, whose clock may run ahead of ours.
                return f"{self._opening}; not in {place}, and the balance moved by the amount"
            return self._again(f"not in {place}")
        return f"{self._opening}; not yet in {place}"

    def at_balance(self, balances: BalancePort) -> Step | str:
        before, amount = self._item.balance_before, self._payment.amount
        in_doubt = self._item.state is State.IN_DOUBT
        try:
            reading = self._read(balances)
        except RejectedError as error:
            words = f"the balance is refused ({error})"
            return self._unclear(words) if in_doubt else f"{self._opening}; {words}"
        verdict = self._judge(reading)
        was = "unknown" if before is None else money_text(before)
        moved = f"balance moved {was} -> {money_text(reading.balance)}"
        if verdict is BalanceVerdict.APPLIED:
            return Step(
                to_state=State.DONE,
                cause=Cause.EVIDENCE,
                detail=f"{self._opening}; {moved} by exactly the amount: applied (inferred)",
                evidence=Evidence.BALANCE,
            )
        if verdict is BalanceVerdict.NOT_APPLIED:
            unmoved = f"balance is still {money_text(reading.balance)}"
            return self._again(unmoved) if in_doubt else f"{self._opening}; {unmoved}"
        words = f"{moved}, and the amount is {money_text(amount)}"
        return self._unclear(words) if in_doubt else f"{self._opening}; {words}"

    def _read(self, balances: BalancePort) -> BalanceReading:
        asked_at = self._work.clock.now()
        balance = balances.balance_due(self._payment.invoice_number)
        self.reading = BalanceReading(asked_at=asked_at, balance=balance)
        return self.reading

    def _judge(self, reading: BalanceReading) -> BalanceVerdict:
        return judge_by_balance(
            before=self._item.balance_before, now=reading.balance, amount=self._payment.amount
        )

    def _applied(self, search: ReceiptSearch) -> Step:
        receipt_id = search.receipt.receipt_id if search.receipt else None
        return Step(
            to_state=State.DONE,
            cause=Cause.EVIDENCE,
            detail=f"{self._opening}; found in the receipts feed as receipt {receipt_id}: applied",
            receipt_id=receipt_id,
            evidence=Evidence.RECEIPTS_FEED,
        )

    def _again(self, words: str) -> Step:
        """Post again: not applied is now as sure as it gets; the try stays used up."""
        tries = self._item.attempts
        if tries >= self._work.rules.retry.attempts_max:
            return Step(
                to_state=State.NEEDS_PERSON,
                cause=Cause.EVIDENCE,
                detail=f"{self._opening}; {words}: not applied, and all {tries} tries are used: "
                "a person has to look",
                review=ExceptionKind.DEAD,
            )
        return Step(
            to_state=State.RETRYING,
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
            to_state=State.NEEDS_PERSON,
            cause=Cause.EVIDENCE,
            detail=f"{self._opening}; {words}: unclear, a person has to look",
            may_have_left=True,
            review=ExceptionKind.EVIDENCE_UNCLEAR,
        )


def _other_amount(search: ReceiptSearch, posted: str) -> str:
    if search.receipt is None:
        return "the receipts feed contradicts itself"
    found = money_text(search.receipt.amount)
    return f"the receipts feed has receipt {search.receipt.receipt_id} of {found}, not of {posted}"


def _moment(moment: datetime | None) -> str:
    return "no moment yet" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
