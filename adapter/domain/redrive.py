"""What a person may do to a work item: send it again, or say what became of it.

Pure rules. Where a repeat is not harmless, neither sends anything by itself: the guard is asked
before every request, and a person's finding is one thing that it knows (decision 0030).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.ledger_life import MARGIN
from adapter.domain.money import money_text
from adapter.domain.work_item import (
    HOLDING_STATES,
    SENDABLE_STATES,
    Answer,
    BalanceReading,
    Cause,
    Evidence,
    State,
    Step,
    WorkItem,
)
from adapter.errors import BadInputError


class Finding(Enum):
    """What a person found at the partner."""

    APPLIED = "applied"
    NEVER_APPLIED = "never-applied"
    GIVEN_BACK = "given-back"  # returned, voided or refunded before it was applied


@dataclass(frozen=True, kw_only=True)
class ManualResolution:
    """A person's finding on one item: who, what was found, and a note for the record.

    `balance` is what she saw due on the invoice, in dollars, when no receipt of it was there.
    """

    by: str
    finding: Finding
    note: str
    receipt_id: str | None = None
    balance: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RedriveRules:
    """What is a kind's own: its command, its job, the word of a state, and what it needs.

    Where a `repeat_is_harmless`, an item whose outcome is unknown is sent again. Where a finding
    `needs_receipt`, "applied" names the receipt's number, "never applied" the balance that was
    seen, and what it pays for can be given back. `began` tells before when nothing of it can have
    left, where a ledger that has forgotten some time must not repeat it.
    """

    command: str
    job: str
    word: Callable[[State, ExceptionKind | None], str]
    repeat_is_harmless: bool = True
    needs_receipt: bool = False
    began: Callable[[Any], datetime | None] = lambda _payload: None

    @property
    def look(self) -> str:
        return (
            "Look for it at the partner by its reference, and say what you found with "
            f"`adapter {self.command} resolve`"
        )


def sent_again(item: WorkItem[Any], rules: RedriveRules, *, by: str, now: datetime) -> Step:
    """Return the step that sends an item again; raises BadInputError where it must not be.

    Where a request of it may have left, and a repeat is not harmless, evidence is looked for.
    """
    if _is_set_aside(item):
        return _taken_up_again(item, rules, now, f"{by} mended its row and takes it up again")
    if item.state is State.RETRYING:
        return _to_be_sent(item, now, f"{by} sends it again at once")
    if item.state is not State.NEEDS_PERSON:
        raise _refusal(item, rules, *_why_not(item, rules))
    if rules.repeat_is_harmless or not item.may_have_left:
        return _to_be_sent(item, now, f"{by} sends it again")
    is_pending = item.last_answer is Answer.PENDING
    return Step(
        to_state=State.UNCONFIRMED if is_pending else State.IN_DOUBT,
        cause=Cause.PERSON,
        detail=f"its last request may have arrived; {by} has evidence looked for again",
        next_at=_due_by_any_clock(item, now),
        attempts=0,
        looks_anew=True,
    )


def judged_by_person(
    item: WorkItem[Any],
    found: ManualResolution,
    rules: RedriveRules,
    *,
    now: datetime,
    settle_seconds: float,
    forgotten_until: datetime | None = None,
) -> Step:
    """Return the step that a person's finding makes; raises BadInputError where none is needed.

    Until `forgotten_until`, the end of the last gap, requests may have left that the ledger does
    not know of.
    """
    _require_sound(found, rules)
    if item.state not in HOLDING_STATES | SENDABLE_STATES | {State.NEEDS_PERSON}:
        raise _refusal(item, rules, *_why_not(item, rules))
    if item.state is State.SENDING and not _is_set_aside(item):
        raise _refusal(item, rules, *_why_not(item, rules))
    if item.lease_owner is not None and (item.lease_until or now) > now:
        raise _refusal(item, rules, "it is being looked at right now", "Try again in a minute")
    if found.finding is Finding.APPLIED:
        receipt = f", receipt {found.receipt_id}" if found.receipt_id else ""
        return Step(
            to_state=State.DONE,
            cause=Cause.PERSON,
            detail=f"{found.by} says it is applied{receipt}: {found.note}",
            receipt_id=found.receipt_id,
            evidence=Evidence.PERSON,
        )
    is_given_back = found.finding is Finding.GIVEN_BACK
    if item.state in SENDABLE_STATES and not is_given_back and not _is_set_aside(item):
        raise _refusal(item, rules, *_why_not(item, rules))
    settled_at = _settled_at(item, rules, timedelta(seconds=settle_seconds), forgotten_until)
    if settled_at is not None and now < settled_at:
        raise _refusal(
            item,
            rules,
            "its request may still arrive",
            f"Look at the partner again after {settled_at:%Y-%m-%dT%H:%M:%SZ}",
        )
    if is_given_back:
        return Step(
            to_state=State.GIVEN_BACK,
            cause=Cause.PERSON,
            detail=f"{found.by} says it was given back and is never to be posted: {found.note}",
            evidence=Evidence.PERSON,
        )
    words = f"{found.by} says it was never applied: {found.note}"
    if found.balance is None:
        return _to_be_sent(replace(item, may_have_left=False), now, words)
    seen = BalanceReading(asked_at=now, balance=found.balance)
    return replace(
        _to_be_sent(item, now, f"{words} (the balance is {money_text(found.balance)})"),
        released_by=seen,
    )


def _settled_at(
    item: WorkItem[Any], rules: RedriveRules, settle: timedelta, forgotten_until: datetime | None
) -> datetime | None:
    """Return when nothing of it is on its way any more, known or forgotten."""
    moments = []
    if item.may_have_left:
        moments = [(item.sent_at or item.accepted_at) + settle]
        moments += [] if item.settles_at is None else [item.settles_at]
    began = rules.began(item.payload)
    if began is not None and forgotten_until is not None and forgotten_until > began - MARGIN:
        moments.append(forgotten_until + settle)
    return max(moments, default=None)


def _is_set_aside(item: WorkItem[Any]) -> bool:
    """Tell whether nothing of it comes by itself, because its row could not be read."""
    rests = item.state in SENDABLE_STATES | HOLDING_STATES and item.lease_owner is None
    return rests and item.next_at is None


def _taken_up_again(item: WorkItem[Any], rules: RedriveRules, now: datetime, words: str) -> Step:
    """Return where an item goes on whose row can be read again: nothing it sent is forgotten."""
    if item.state in SENDABLE_STATES or rules.repeat_is_harmless:
        return _to_be_sent(item, now, words)
    return Step(
        to_state=State.UNCONFIRMED if item.state is State.UNCONFIRMED else State.IN_DOUBT,
        cause=Cause.PERSON,
        detail=f"{words}: evidence is looked for",
        next_at=_due_by_any_clock(item, now),
    )


def _to_be_sent(item: WorkItem[Any], now: datetime, words: str) -> Step:
    """Return a step to a request with every try before it; what may have left, may have still."""
    return Step(
        to_state=State.RETRYING,
        cause=Cause.PERSON,
        detail=f"{words}; to be sent now, with every try before it",
        may_have_left=item.may_have_left,
        settles_at=item.settles_at if item.may_have_left else None,
        next_at=_due_by_any_clock(item, now),
        attempts=0,
        looks_anew=True,
    )


def _due_by_any_clock(item: WorkItem[Any], now: datetime) -> datetime:
    """Return a moment that has passed for the command and for the server, whichever is ahead."""
    return min(item.accepted_at, now)


def _why_not(item: WorkItem[Any], rules: RedriveRules) -> tuple[str, str]:
    """Return why an item in this state is left alone, and what to do."""
    evidence = f"Wait for the evidence. {rules.look}"
    at_once = f"Wait, or run `adapter run {rules.job}`"
    nothing = "Nothing is to be done"
    return {
        State.WAITING: ("it is not sent yet and will be by itself", at_once),
        State.RETRYING: ("it is tried again by itself", f"{at_once} when it is due"),
        State.SENDING: ("it is being sent right now", "Wait until it is settled"),
        State.UNCONFIRMED: ("the partner has it and has not said what came of it", evidence),
        State.IN_DOUBT: ("it was sent and its answer was lost, so it may be applied", evidence),
        State.DONE: ("the partner has it", nothing),
    }.get(item.state, (f"it is {item.state.value}", nothing))


def _require_sound(found: ManualResolution, rules: RedriveRules) -> None:
    if not found.note.strip():
        raise BadInputError(
            field="note",
            value=found.note,
            rule="it must say something",
            remedy="Say what was found",
        )
    if found.finding is Finding.GIVEN_BACK and not rules.needs_receipt:
        raise BadInputError(
            field="as",
            value=found.finding.value,
            rule="only a payment can be given back",
            remedy="Say applied or never-applied, as the partner shows it",
        )
    has_receipt = bool((found.receipt_id or "").strip())
    is_applied = found.finding is Finding.APPLIED
    if (has_receipt and not is_applied) or (
        is_applied and rules.needs_receipt and not has_receipt
    ):
        raise BadInputError(
            field="receipt",
            value=found.receipt_id or "",
            rule="an applied payment has a receipt number, and one never applied has none",
            remedy="Give the number that Spectrum shows where it is applied, and none otherwise",
        )
    is_never_applied = found.finding is Finding.NEVER_APPLIED
    if (found.balance is None) == (is_never_applied and rules.needs_receipt):
        raise BadInputError(
            field="balance",
            value="" if found.balance is None else money_text(found.balance),
            rule="a payment that was never applied is released by the balance of its invoice",
            remedy="Look for its GUID among the invoice's receipts in Spectrum; if it is not "
            "there, give the balance that Spectrum shows, and none with another finding",
        )


def _refusal(item: WorkItem[Any], rules: RedriveRules, rule: str, remedy: str) -> BadInputError:
    word = rules.word(item.state, item.review)
    return BadInputError(field="state", value=word, rule=rule, remedy=remedy)
