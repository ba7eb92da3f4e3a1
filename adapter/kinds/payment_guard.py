"""Asks the guard of one payment: gathers what is known, and says what its verdict means (0030)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapter.context import JobContext
from adapter.domain.evidence import next_look_at
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.guard import Act, GuardFigures, Row, Verdict, View, decide
from adapter.domain.guard_view import FeedLook, Surroundings, quiet_since, view_of
from adapter.domain.money import money_text
from adapter.domain.payment import PaymentItem
from adapter.domain.work_item import Answer, BalanceReading, Cause, Evidence, Patience, State, Step
from adapter.errors import BadInputError, PartnerError
from adapter.kinds.base import Found, PutOff, Ready
from adapter.ports import BillerPorts

# A receipt can't be older than its payment, but two companies' clocks may differ.
CLOCKS_DIFFER_MAX = timedelta(hours=1)
# A balance that proves nothing, such as a cached one, is asked for again this soon, then later.
ASK_AGAIN, ASK_AGAIN_MAX = timedelta(minutes=1), timedelta(hours=1)
# Rows on which a request that a 401 refused may be sent again at once.
RESENDABLE = frozenset({Row.RELEASED, Row.FIRST, Row.UNMOVED})
_OPENINGS = {
    Answer.LOST: "answer lost after sending",
    Answer.EMPTY: "success without data",
    Answer.REFUSED: "refused",
    Answer.PENDING: "okay without a receipt",
}
_REVIEWS = {
    Row.BEFORE_BEGINNING: ExceptionKind.PAID_BEFORE_BEGINNING,
    Row.NO_READING: ExceptionKind.EVIDENCE_OVERDUE,
    Row.NOT_APPLIED: ExceptionKind.DEAD,
}


def ask_guard(item: PaymentItem, ports: BillerPorts, work: JobContext) -> Ready | PutOff | Found:
    """Look at everything that is known, and say whether the payment may be posted now.

    Raises what reading the balance raises as long as nothing of the payment has left.
    """
    return _Asked(item, ports, work).outcome()


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A balance that counts as evidence, or why there is none."""

    reading: BalanceReading | None = None
    why_none: str = ""


class _Asked:
    """One payment, looked at once."""

    def __init__(self, item: PaymentItem, ports: BillerPorts, work: JobContext) -> None:
        self._item = item
        self._payment = item.payload
        self._ports = ports
        self._work = work
        self._figures: GuardFigures = ports.guard
        self._knowledge = work.ledger.life.knowledge().since(ports.payments_since)

    def outcome(self) -> Ready | PutOff | Found:
        own_receipt = self._wait_for_own_receipt()
        if own_receipt is not None:
            return own_receipt
        around = Surroundings(
            knowledge=self._knowledge, figures=self._figures, now=self._work.clock.now()
        )
        if not self._is_first_and_all_is_known:
            balances, settle = self._work.ledger.balances, self._figures.settle
            around = replace(around, known=balances.of(self._item, settle=settle))
            around = replace(around, feed=self._look_into_feed(around))
        seen = self._read_balance()
        around = replace(around, fresh=seen.reading, now=self._work.clock.now())
        view = view_of(self._item, around)
        if around.feed is not None:
            around = replace(around, feed=self._dated(around.feed, view, around.now))
            view = view_of(self._item, around)
        return self._outcome_of(decide(view, self._figures), view, around, seen)

    @property
    def _is_first_and_all_is_known(self) -> bool:
        """Tell whether row 6 decides whatever the feed or the balance say: most payments."""
        item = self._item
        is_whole = self._knowledge.is_whole_since(self._payment.paid_at)
        return is_whole and not item.may_have_left and not item.released

    def _wait_for_own_receipt(self) -> PutOff | None:
        """Have a first post wait while the balance may not show our last receipt or reversal."""
        if self._item.may_have_left:
            return None
        moved_at = self._work.ledger.balances.last_move(self._item)
        if moved_at is None or self._work.clock.now() >= moved_at + self._figures.settle:
            return None
        until = moved_at + self._figures.settle
        reason = f"waits until {_moment(until)}: by then the balance shows our last receipt"
        return PutOff(reason=reason, until=until)

    def _look_into_feed(self, around: Surroundings) -> FeedLook | None:
        feed, before = self._ports.receipt_feed, around.known.before
        if feed is None:
            return None
        since = min(self._payment.paid_at, self._item.accepted_at)
        if before is not None:
            since = min(since, before.asked_at)
        since -= max(CLOCKS_DIFFER_MAX, self._figures.settle)
        try:
            search = feed.find_receipts(self._payment, since=since)
        except (PartnerError, BadInputError):
            return FeedLook(search=None, lacked_since=self._item.feed_lacked_since)
        return FeedLook(search=search, lacked_since=self._item.feed_lacked_since)

    def _dated(self, look: FeedLook, view: View, now: datetime) -> FeedLook:
        """Note since when a feed that reaches far enough lacks the receipt."""
        if not (view.feed_is_settled and view.feed_covers):
            return look
        return replace(look, lacked_since=look.lacked_since or now)

    def _read_balance(self) -> _Seen:
        asked_at = self._work.clock.now()
        try:
            answer = self._ports.balances.balance_due(self._payment.invoice_number)
        except PartnerError as error:
            if not self._item.may_have_left:
                raise
            return _Seen(why_none=f"no balance ({error})")
        if answer.stale:
            return _Seen(why_none=f"a balance that proves nothing ({answer.stale})")
        sent_at = self._item.sent_at if self._item.may_have_left else None
        if answer.dated_at is not None and sent_at is not None and answer.dated_at < sent_at:
            return _Seen(why_none=f"a balance as of {_moment(answer.dated_at)}, before the post")
        return _Seen(reading=BalanceReading(asked_at=asked_at, balance=answer.balance))

    def _outcome_of(
        self, verdict: Verdict, view: View, around: Surroundings, seen: _Seen
    ) -> Ready | PutOff | Found:
        words = (
            f"{self._opening}; {_what_is_seen(view, around, seen)} (guard, row {verdict.row:d})"
        )
        lacked_since = around.feed.lacked_since if around.feed else None
        if verdict.act is Act.APPLIED:
            return Found(step=self._applied(words, around), reading=seen.reading)
        if verdict.act is Act.PERSON and verdict.row is not Row.PENDING:
            return Found(step=self._person(words, verdict, view), reading=seen.reading)
        if verdict.act is Act.POST:
            return self._post(words, verdict, seen)
        return PutOff(
            reason=words,
            until=self._look_again_at(view, around),
            reading=seen.reading,
            patience=Patience(
                looked_since=self._item.looked_since or around.now, feed_lacked_since=lacked_since
            ),
            overdue=ExceptionKind.EVIDENCE_OVERDUE if verdict.act is Act.PERSON else None,
        )

    def _post(self, words: str, verdict: Verdict, seen: _Seen) -> Ready | Found:
        item = self._item
        if item.state in {State.IN_DOUBT, State.UNCONFIRMED}:
            return Found(step=self._again(words), reading=seen.reading)
        if verdict.row is Row.FIRST and seen.reading is not None:
            words = f"balance {money_text(seen.reading.balance)} (guard, row {Row.FIRST:d})"
        return Ready(
            detail=f"{words}; posting the receipt, try {item.attempts + 1}",
            reading=seen.reading,
            may_be_sent_twice=verdict.row in RESENDABLE,
        )

    def _again(self, words: str) -> Step:
        """Post again, by way of a claim that sees who else is on the invoice."""
        tries = self._item.attempts
        if tries >= self._work.rules.retry.attempts_max:
            return Step(
                to_state=State.NEEDS_PERSON,
                cause=Cause.EVIDENCE,
                detail=f"{words}: not applied, and all {tries} tries are used: a person has to "
                "look",
                may_have_left=True,
                review=ExceptionKind.DEAD,
            )
        return Step(
            to_state=State.RETRYING,
            cause=Cause.EVIDENCE,
            detail=f"{words}: not applied, to be posted again",
            may_have_left=True,
            next_at=self._work.clock.now(),
        )

    def _applied(self, words: str, around: Surroundings) -> Step:
        found = around.feed.search.receipts if around.feed and around.feed.search else ()
        ours = [
            each
            for each in found
            if each.is_of(self._payment.payment_guid)
            and each.invoice_number == self._payment.invoice_number
            and each.reversed_at is None
        ]
        if ours:
            return Step(
                to_state=State.DONE,
                cause=Cause.EVIDENCE,
                detail=f"{words}: applied",
                receipt_id=ours[0].receipt_id,
                evidence=Evidence.RECEIPTS_FEED,
            )
        return Step(
            to_state=State.DONE,
            cause=Cause.EVIDENCE,
            detail=f"{words}: applied (inferred)",
            evidence=Evidence.BALANCE,
        )

    def _person(self, words: str, verdict: Verdict, view: View) -> Step:
        review = _REVIEWS.get(verdict.row, ExceptionKind.EVIDENCE_UNCLEAR)
        if verdict.row is Row.NOT_APPLIED and view.empty:
            review = ExceptionKind.NOT_APPLIED
        return Step(
            to_state=State.NEEDS_PERSON,
            cause=Cause.EVIDENCE,
            detail=f"{words}: a person has to look{self._last_refusal()}",
            may_have_left=self._item.may_have_left,
            review=review,
        )

    def _last_refusal(self) -> str:
        """Repeat what Spectrum said when it refused the payment last."""
        if self._item.last_answer is not Answer.REFUSED:
            return ""
        return f"; {self._work.ledger.balances.last_answer(self._item)}"

    def _look_again_at(self, view: View, around: Surroundings) -> datetime:
        now, settle = around.now, self._figures.settle
        settled_at = quiet_since(self._item, self._knowledge) + settle
        if settled_at > now:
            return settled_at
        if view.fresh is None:
            return now + min(max(view.waited, ASK_AGAIN), ASK_AGAIN_MAX)
        if view.fell_by_amount and view.moved_for < settle:
            return now + settle - view.moved_for
        next_look = next_look_at(
            sent_at=self._item.sent_at or self._item.accepted_at,
            now=now,
            settle_seconds=settle.total_seconds(),
        )
        # A movement between two looks that lie further apart than a bracket would prove nothing.
        return min(next_look, now + max(settle, self._figures.bracket / 2))

    @property
    def _opening(self) -> str:
        item = self._item
        if not item.may_have_left:
            return "never sent"
        opening = _OPENINGS.get(item.last_answer or Answer.LOST, "sent")
        if item.last_answer is Answer.REFUSED and item.like_answers > 1:
            return f"{opening} {item.like_answers} times"
        return opening


def _what_is_seen(view: View, around: Surroundings, seen: _Seen) -> str:
    """Name both balances, and what the feed shows."""
    parts = []
    if seen.reading is None:
        parts.append(seen.why_none)
    elif around.known.before is None:
        parts.append(
            f"balance {money_text(seen.reading.balance)}, and none is known from before it"
        )
    else:
        parts.append(_movement(view, around, seen.reading))
    if around.feed is not None:
        parts.append(_feed_words(around))
    return "; ".join(parts)


def _movement(view: View, around: Surroundings, fresh: BalanceReading) -> str:
    expected = view.expected or fresh.balance
    own = ""
    if around.known.before is not None and expected != around.known.before.balance:
        own = f", {money_text(expected)} with our own receipts since"
    before = around.known.before.balance if around.known.before else expected
    if view.is_unmoved:
        return f"balance is still {money_text(fresh.balance)}{own and f' ({own[2:]})'}"
    by_amount = (
        " by exactly the amount"
        if view.fell_by_amount
        else (f", and the amount is {money_text(view.amount)}")
    )
    return f"balance moved {money_text(before)}{own} -> {money_text(fresh.balance)}{by_amount}"


def _feed_words(around: Surroundings) -> str:
    search = around.feed.search if around.feed else None
    if search is None:
        return "the receipts feed could not be read"
    receipts = ", ".join(
        f"{each.receipt_id} of {money_text(each.amount)} on invoice {each.invoice_number}"
        f"{' (reversed)' if each.reversed_at else ''}"
        for each in search.receipts
    )
    return (
        f"the receipts feed, as of {_moment(search.as_of)}, shows {receipts or 'no receipt of it'}"
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
