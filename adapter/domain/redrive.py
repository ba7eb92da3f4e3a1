"""What a person may do to a payment: send it again, or say what became of it.

Pure rules. Nothing that may have been applied is posted again without evidence (decision 0006):
where the last post's outcome was never learned, sending again means looking for evidence again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from adapter.domain.delivery import (
    HOLDING_STATES,
    Cause,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Evidence,
    Step,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import BadInputError

# What these ask is answered when a payment is sent again, or a person says what became of it.
ANSWERED_KINDS = (
    ExceptionKind.DEAD,
    ExceptionKind.NOT_APPLIED,
    ExceptionKind.EVIDENCE_UNCLEAR,
    ExceptionKind.EVIDENCE_OVERDUE,
)
_LOOK = (
    "Look in Spectrum for the payment's GUID as reference number, and say what you found with "
    "`adapter payments resolve`"
)
_WAITS = {
    DeliveryState.ACCEPTED: "it is not sent yet and will be by itself",
    DeliveryState.FAILED: "it is tried again by itself",
    DeliveryState.SENDING: "it is being sent right now",
    DeliveryState.PENDING: "Spectrum said okay without a receipt, so it may be applied",
    DeliveryState.IN_DOUBT: "it was sent and its answer was lost, so it may be applied",
    DeliveryState.APPLIED: "Spectrum's receipt exists",
}
_REMEDIES = {
    DeliveryState.ACCEPTED: "Wait, or run `adapter run post_payments`",
    DeliveryState.FAILED: "Wait, or run `adapter run post_payments` when it is due",
    DeliveryState.SENDING: "Wait until it is settled",
    DeliveryState.PENDING: f"Wait for the evidence. {_LOOK}",
    DeliveryState.IN_DOUBT: f"Wait for the evidence. {_LOOK}",
    DeliveryState.APPLIED: "Nothing is to be done",
}


class Finding(Enum):
    """What a person found in Spectrum."""

    APPLIED = "applied"
    NEVER_APPLIED = "never-applied"


@dataclass(frozen=True, kw_only=True)
class Word:
    """A person's word on one payment: who, what was found, and a note for the record."""

    by: str
    finding: Finding
    note: str
    receipt_id: str | None = None


def sent_again(
    delivery: Delivery,
    last: DeliveryEvent,
    *,
    by: str,
    is_confirmed: bool,
    has_moved_since: bool,
) -> Step:
    """Return the step that sends a payment again; raises BadInputError where it must not be.

    `last` is the last event; `has_moved_since` tells that other payments or reversals of ours
    have moved the invoice's balance after this one's post.
    """
    if delivery.state is DeliveryState.NOT_APPLIED:
        if not is_confirmed:
            raise _refusal(
                delivery,
                "Spectrum said okay and applied nothing, and only a person can tell that for sure",
                f"{_LOOK}, or send it again with --confirm-not-applied when it is not there",
            )
        return _to_be_posted(delivery, f"{by} found no receipt in Spectrum and sends it again")
    if delivery.state is not DeliveryState.DEAD:
        raise _refusal(delivery, _WAITS[delivery.state], _REMEDIES[delivery.state])
    if last.cause is not Cause.EVIDENCE:
        return _to_be_posted(delivery, f"surely not applied; {by} sends it again")
    if has_moved_since:
        raise _refusal(
            delivery,
            "its last post's outcome is unclear, and other payments or reversals on the invoice "
            "have moved the balance since, so no evidence can come",
            _LOOK,
        )
    # Outcome (b) is never posted again, so it waits where it waited before.
    was_pending = last.from_state is DeliveryState.PENDING
    return Step(
        to_state=DeliveryState.PENDING if was_pending else DeliveryState.IN_DOUBT,
        cause=Cause.PERSON,
        detail=f"its last post's outcome was unclear; {by} has evidence looked for again",
        next_at=delivery.accepted_at,
        attempts=0,
    )


def judged_by_person(
    delivery: Delivery, word: Word, *, now: datetime, settle_seconds: float
) -> Step:
    """Return the step that a person's word makes; raises BadInputError where none is needed."""
    _require_sound(word)
    if delivery.state in {DeliveryState.APPLIED, DeliveryState.SENDING}:
        raise _refusal(delivery, _WAITS[delivery.state], _REMEDIES[delivery.state])
    if delivery.lease_owner is not None and (delivery.lease_until or now) > now:
        raise _refusal(delivery, "it is being looked at right now", "Try again in a minute")
    if word.finding is Finding.APPLIED:
        return Step(
            to_state=DeliveryState.APPLIED,
            cause=Cause.PERSON,
            detail=f"{word.by} says it is applied, receipt {word.receipt_id}: {word.note}",
            receipt_id=word.receipt_id,
            evidence=Evidence.PERSON,
        )
    if delivery.state in {DeliveryState.ACCEPTED, DeliveryState.FAILED}:
        raise _refusal(delivery, _WAITS[delivery.state], _REMEDIES[delivery.state])
    settled_at = (delivery.sent_at or delivery.accepted_at) + timedelta(seconds=settle_seconds)
    if delivery.state in HOLDING_STATES and now < settled_at:
        raise _refusal(
            delivery,
            "its request may still arrive",
            f"Look in Spectrum again after {settled_at:%Y-%m-%dT%H:%M:%SZ}",
        )
    return _to_be_posted(delivery, f"{word.by} says it was never applied: {word.note}")


def _to_be_posted(delivery: Delivery, words: str) -> Step:
    """Return a step to a post with every try before it, due by any clock."""
    return Step(
        to_state=DeliveryState.FAILED,
        cause=Cause.PERSON,
        detail=f"{words}; to be posted now, with every try before it",
        next_at=delivery.accepted_at,
        attempts=0,
    )


def _require_sound(word: Word) -> None:
    if not word.note.strip():
        raise BadInputError(
            field="note",
            value=word.note,
            rule="it must say something",
            remedy="Tell what was found",
        )
    if (word.finding is Finding.APPLIED) != bool((word.receipt_id or "").strip()):
        raise BadInputError(
            field="receipt",
            value=word.receipt_id or "",
            rule="an applied payment has a receipt number, and one never applied has none",
            remedy="Give the number that Spectrum shows with --as applied, and none otherwise",
        )


def _refusal(delivery: Delivery, rule: str, remedy: str) -> BadInputError:
    return BadInputError(field="state", value=delivery.state.value, rule=rule, remedy=remedy)
