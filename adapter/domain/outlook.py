"""What happens next to a work item, and when, in words for an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.domain.exceptions import ExceptionItem
from adapter.domain.work_item import (
    FINAL_STATES,
    SENDABLE_STATES,
    Evidence,
    Holder,
    State,
    WorkItem,
)

_EVIDENCE = {
    Evidence.ANSWER: "the partner's own answer",
    Evidence.RECEIPTS_FEED: "Spectrum's receipts feed",
    Evidence.BALANCE: "inferred: the balance moved by exactly the amount",
    Evidence.PERSON: "a person's finding",
}


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What comes next; `at` (UTC) is None where nothing comes by itself."""

    what: str
    at: datetime | None = None


def outlook(
    item: WorkItem[Any],
    *,
    word: str,
    command: str,
    next_words: Mapping[State, str],
    open_exceptions: Sequence[ExceptionItem] = (),
    holder: Holder | None = None,
) -> Outlook:
    """Say what comes next, and what holds it back.

    `word` is what operators call the state, `command` the one that lists the item's kind, and
    `next_words` what its kind does by itself in each state.
    """
    if item.state in FINAL_STATES:
        by = "" if item.evidence is None else f", by {_EVIDENCE[item.evidence]}"
        return Outlook(what=f"Nothing: it is {word}{by}")
    if item.state is State.NEEDS_PERSON:
        hand = f"`adapter {command} retry` or `adapter {command} resolve`"
        return Outlook(what=f"Nothing, until a person acts: {hand}")
    what = next_words.get(item.state, "It is looked at")
    if item.state not in SENDABLE_STATES:
        return Outlook(what=what, at=item.next_at)
    numbers = ", ".join(str(each.id) for each in open_exceptions if each.payment_guid is not None)
    if holder is not None:
        what = f"{what}, once its lane is free of {holder.description}"
    elif numbers:
        what = f"{what}, once exception {numbers} on its invoice is resolved"
    return Outlook(what=what, at=item.next_at)
