"""What a person may do to a work item: send it again, or say what became of it.

Pure rules. Nothing that may have been applied is posted again without evidence (decision 0006):
where the last request's outcome was never learned, and a repeat is not harmless, sending again
means looking for evidence again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import (
    HOLDING_STATES,
    SENDABLE_STATES,
    Cause,
    Evidence,
    ItemEvent,
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
    """A person's finding on one item: who, what was found, and a note for the record."""

    by: str
    finding: Finding
    note: str
    receipt_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RedriveRules:
    """What is a kind's own: its command, its job, the word of a state, and what it needs.

    Where a `repeat_is_harmless`, an item whose outcome is unknown is sent again. Where a finding
    `needs_receipt`, "applied" names the receipt's number, and what it pays for can be given back.
    """

    command: str
    job: str
    word: Callable[[State, ExceptionKind | None], str]
    repeat_is_harmless: bool = True
    needs_receipt: bool = False

    @property
    def look(self) -> str:
        return (
            "Look for it at the partner by its reference, and say what you found with "
            f"`adapter {self.command} resolve`"
        )


def sent_again(
    item: WorkItem[Any],
    last: ItemEvent,
    rules: RedriveRules,
    *,
    by: str,
    now: datetime,
    is_confirmed: bool,
    has_moved_since: bool,
) -> Step:
    """Return the step that sends an item again; raises BadInputError where it must not be.

    `last` is the last event; `has_moved_since` says that other items of its lane may have moved
    what it would be judged by, after its last request.
    """
    if _is_set_aside(item):
        return _taken_up_again(item, rules, now, f"{by} mended its row and takes it up again")
    if item.state is State.RETRYING:
        return _to_be_sent(item, now, f"{by} sends it again at once", item.may_have_left)
    if item.state is not State.NEEDS_PERSON:
        raise _refusal(item, rules, *_why_not(item, rules))
    if item.review is ExceptionKind.NOT_APPLIED:
        if not is_confirmed:
            raise _refusal(
                item,
                rules,
                "Spectrum said okay and applied nothing, and only a person can tell that for sure",
                f"{rules.look}, or send it again with --confirm-not-applied when it is not there",
            )
        return _to_be_sent(item, now, f"{by} found no receipt in Spectrum and sends it again")
    if rules.repeat_is_harmless:
        return _to_be_sent(item, now, f"{by} sends it again", item.may_have_left)
    if last.cause is not Cause.EVIDENCE:
        return _to_be_sent(item, now, f"surely not applied; {by} sends it again")
    if has_moved_since:
        raise _refusal(
            item,
            rules,
            "its last post's outcome is unclear, and other payments or reversals on the invoice "
            "have moved the balance since, so no evidence can come",
            rules.look,
        )
    # Outcome (b) is never posted again, so it waits where it waited before.
    was_unconfirmed = last.from_state is State.UNCONFIRMED
    return Step(
        to_state=State.UNCONFIRMED if was_unconfirmed else State.IN_DOUBT,
        cause=Cause.PERSON,
        detail=f"its last post's outcome was unclear; {by} has evidence looked for again",
        next_at=_due_by_any_clock(item, now),
        attempts=0,
    )


def judged_by_person(
    item: WorkItem[Any],
    found: ManualResolution,
    rules: RedriveRules,
    *,
    now: datetime,
    settle_seconds: float,
) -> Step:
    """Return the step that a person's finding makes; raises BadInputError where none is needed."""
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
    settled_at = (item.sent_at or item.accepted_at) + timedelta(seconds=settle_seconds)
    settled_at = max(settled_at, item.settles_at or settled_at)
    if item.may_have_left and now < settled_at:
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
    return _to_be_sent(item, now, f"{found.by} says it was never applied: {found.note}")


def _is_set_aside(item: WorkItem[Any]) -> bool:
    """Tell whether nothing of it comes by itself, because its row could not be read."""
    rests = item.state in SENDABLE_STATES | HOLDING_STATES and item.lease_owner is None
    return rests and item.next_at is None


def _taken_up_again(item: WorkItem[Any], rules: RedriveRules, now: datetime, words: str) -> Step:
    """Return where an item goes on whose row can be read again: nothing it sent is forgotten."""
    if item.state in SENDABLE_STATES or rules.repeat_is_harmless:
        return _to_be_sent(item, now, words, item.may_have_left)
    return Step(
        to_state=State.UNCONFIRMED if item.state is State.UNCONFIRMED else State.IN_DOUBT,
        cause=Cause.PERSON,
        detail=f"{words}: evidence is looked for",
        next_at=_due_by_any_clock(item, now),
    )


def _to_be_sent(
    item: WorkItem[Any],
    now: datetime,
    words: str,
    may_have_left: bool = False,  # noqa: FBT001, FBT002  # a fact, not a switch
) -> Step:
    """Return a step to a request with every try before it."""
    return Step(
        to_state=State.RETRYING,
        cause=Cause.PERSON,
        detail=f"{words}; to be sent now, with every try before it",
        may_have_left=may_have_left,
        settles_at=item.settles_at if may_have_left else None,
        next_at=_due_by_any_clock(item, now),
        attempts=0,
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
            remedy="Give the number that Spectrum shows with --as applied, and none otherwise",
        )


def _refusal(item: WorkItem[Any], rules: RedriveRules, rule: str, remedy: str) -> BadInputError:
    word = rules.word(item.state, item.review)
    return BadInputError(field="state", value=word, rule=rule, remedy=remedy)
