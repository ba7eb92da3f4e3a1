"""A work item: something that must reach a partner once, or stand visibly (decision 0029).

Payments, enrolments and reversals are kinds of it. All is pure: moments are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Generic, TypeVar

from adapter.domain.exceptions import ExceptionKind

Payload = TypeVar("Payload")
# The kinds of items that questions about more than one kind name.
PAYMENT, REVERSAL, ENROLLMENT = "payment", "reversal", "enrollment"


class State(Enum):
    """Where an item stands on its way to the partner."""

    WAITING = "waiting"  # on disk, not sent yet
    SENDING = "sending"  # claimed under a lease; the request may have left
    UNCONFIRMED = "unconfirmed"  # the partner has it and has not said what came of it
    IN_DOUBT = "in_doubt"  # it left, and no trustworthy answer came: evidence is looked for
    RETRYING = "retrying"  # to be sent again by itself
    NEEDS_PERSON = "needs_person"  # nothing comes by itself: its review item says why
    DONE = "done"  # the partner has it: final
    SUPERSEDED = "superseded"  # a newer item of its lane counts instead: final
    GIVEN_BACK = "given_back"  # returned to the payer before it was applied: final


FINAL_STATES = frozenset({State.DONE, State.SUPERSEDED, State.GIVEN_BACK})
# What is due in these is a look for evidence; in SENDABLE_STATES it is a request.
DOUBTFUL_STATES = frozenset({State.IN_DOUBT, State.UNCONFIRMED})
SENDABLE_STATES = frozenset({State.WAITING, State.RETRYING})
# In these a request of the item may have left, and what came of it is not known.
HOLDING_STATES = frozenset({State.SENDING, *DOUBTFUL_STATES})
# What a worker may make of what; persons have wider rules (`domain/redrive.py`).
TRANSITIONS = {
    State.WAITING: frozenset(
        {State.SENDING, State.RETRYING, State.NEEDS_PERSON, State.DONE, State.SUPERSEDED}
    ),
    State.RETRYING: frozenset(
        {State.SENDING, State.RETRYING, State.NEEDS_PERSON, State.DONE, State.SUPERSEDED}
    ),
    State.SENDING: frozenset(State) - {State.WAITING, State.SENDING, State.GIVEN_BACK},
    State.IN_DOUBT: frozenset({State.DONE, State.RETRYING, State.NEEDS_PERSON, State.SUPERSEDED}),
    State.UNCONFIRMED: frozenset({State.DONE, State.NEEDS_PERSON, State.SUPERSEDED}),
    State.NEEDS_PERSON: frozenset({State.SUPERSEDED}),
}


class Source(Enum):
    """Where the adapter learned of it."""

    DATA_PUMP = "data_pump"
    PAYMENT_REPORT = "payment_report"
    CUSTOMER_REPORT = "customer_report"
    REJECT_REPORT = "reject_report"


class Evidence(Enum):
    """How it was established that the partner has it; `BALANCE` is marked inferred for ever."""

    ANSWER = "answer"  # the partner's own answer
    RECEIPTS_FEED = "receipts_feed"  # found in Spectrum's extract by its reference number
    BALANCE = "balance"  # inferred: the balance moved by exactly the amount
    PERSON = "person"  # a person's finding, and marked so for ever


class Answer(Enum):
    """What came of the last request that may have left (decision 0031)."""

    LOST = "lost"  # no answer to trust
    EMPTY = "empty"  # a success without a body
    REFUSED = "refused"  # the partner's own refusal
    PENDING = "pending"  # the partner has it and has not said what came of it


class Cause(Enum):
    """What moved an item from one state to another."""

    RECEIVED = "taken_over"  # a source brought it; the word is that of /ops
    SENT = "sent"  # the request is about to leave
    ANSWERED = "answered"  # the partner answered
    NOT_SENT = "not_sent"  # something failed before the request left
    ANSWER_LOST = "answer_lost"  # it left, and no answer to trust came
    LEASE_EXPIRED = "lease_expired"  # the sender recorded nothing in its time
    EVIDENCE = "evidence"  # the receipts feed, the balance or the inbox showed it
    SUPERSEDED = "superseded"  # a newer item of the lane counts
    PERSON = "person"  # a person sent it again, or said what became of it


@dataclass(frozen=True, kw_only=True)
class WorkItem(Generic[Payload]):
    """One row of the outbox and what it carries. Times are UTC.

    `reference` names the payload for ever, within its kind and biller. Two items of one `lane`
    are never on their way at once. While `may_have_left`, a request of it may have reached the
    partner, and what came of that is not known: it holds its lane, up to `settles_at` where that
    is set (a repeat is harmless then). `rank` orders the items of a lane in which only the newest
    counts. `last_answer` came `like_answers` times in a row. A person `released` it to be sent, by
    what she saw at the partner. `looked_since` is when evidence was first looked for after the
    last request, `feed_lacked_since` when a feed that reaches far enough first lacked it.
    `balance_before` is the invoice's balance before the first post, in dollars.
    `correlation_id` is that of the request that brought it; empty where no request did.
    """

    id: int
    kind: str
    biller: str
    reference: str
    lane: str
    rank: str | None
    payload: Payload
    source: Source
    correlation_id: str
    state: State
    review: ExceptionKind | None
    may_have_left: bool
    attempts: int
    accepted_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    settles_at: datetime | None
    done_at: datetime | None
    confirmed_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    fence: int
    receipt_id: str | None
    evidence: Evidence | None
    last_error: str
    last_answer: Answer | None = None
    like_answers: int = 0
    released: bool = False
    looked_since: datetime | None = None
    feed_lacked_since: datetime | None = None
    balance_before: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A move to another state, with everything that is recorded with it at once.

    `may_have_left` is said for states in which it may be either; in the HOLDING_STATES it is
    always so. `attempts` of None keeps the count. `review` opens a review item. `answer` is that
    of the request which has just been sent. `released_by` is the balance that a person saw; after
    it, and where it `looks_anew`, patience with evidence begins again.
    """

    to_state: State
    cause: Cause
    detail: str
    may_have_left: bool = False
    next_at: datetime | None = None
    settles_at: datetime | None = None
    attempts: int | None = None
    receipt_id: str | None = None
    evidence: Evidence | None = None
    review: ExceptionKind | None = None
    answer: Answer | None = None
    released_by: BalanceReading | None = None
    looks_anew: bool = False

    @property
    def holds_lane(self) -> bool:
        return self.may_have_left or self.to_state in HOLDING_STATES


@dataclass(frozen=True, kw_only=True)
class BalanceReading:
    """An invoice's balance in dollars, and when it was asked for (UTC)."""

    asked_at: datetime
    balance: Decimal


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Since when evidence is looked for, and since when a settled feed lacks it; in UTC."""

    looked_since: datetime
    feed_lacked_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ItemEvent:
    """A step that was taken, at a moment in UTC; the first has no state that it came from."""

    at: datetime
    from_state: State | None
    to_state: State
    review: ExceptionKind | None
    cause: Cause
    detail: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Accepted(Generic[Payload]):
    """An item that is on disk; `repeated` when it had been before."""

    item: WorkItem[Payload]
    repeated: bool


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Another item that holds the lane of one; times are UTC."""

    id: int
    kind: str
    reference: str
    state: State
    next_at: datetime | None
    settles_at: datetime | None
    is_leased: bool

    @property
    def description(self) -> str:
        """Say what is waited for, and for whom."""
        if self.state is State.NEEDS_PERSON:
            return f"{self.kind} {self.reference}, which waits for a person"
        return f"{self.kind} {self.reference}, {self.state.value}"

    def has_settled(self, now: datetime) -> bool:
        """Tell whether no request of it can arrive any more."""
        return not self.is_leased and self.settles_at is not None and self.settles_at <= now
