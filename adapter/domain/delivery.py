"""The life of a payment delivery: its states, and the pure rules that move it between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import Payment


class DeliveryState(Enum):
    """Where a payment stands on its way to Spectrum."""

    ACCEPTED = "accepted"  # on disk, not sent yet
    SENDING = "sending"  # claimed under a lease; the request may have left
    APPLIED = "applied"  # Spectrum's receipt exists: final
    PENDING = "pending"  # outcome (b): waits for confirmation, never re-posted blindly
    NOT_APPLIED = "not_applied"  # outcome (c): a person has to look
    IN_DOUBT = "in_doubt"  # sent, no trustworthy answer: waits the settle time, then evidence
    FAILED = "failed"  # surely not applied: waits for its retry
    DEAD = "dead"  # retries exhausted, refused, or evidence unclear: a person has to look


FINAL_STATES = frozenset({DeliveryState.APPLIED})
VISIBLE_STATES = frozenset({DeliveryState.NOT_APPLIED, DeliveryState.DEAD})
# A receipt may be on its way: no other post on the same invoice until it is settled.
HOLDING_STATES = frozenset({DeliveryState.SENDING, DeliveryState.IN_DOUBT, DeliveryState.PENDING})
# What may follow what; a state that is no key here ends the delivery or waits for a person.
TRANSITIONS = {
    DeliveryState.ACCEPTED: frozenset(
        {DeliveryState.SENDING, DeliveryState.FAILED, DeliveryState.DEAD}
    ),
    DeliveryState.FAILED: frozenset(
        {DeliveryState.SENDING, DeliveryState.FAILED, DeliveryState.DEAD}
    ),
    DeliveryState.SENDING: frozenset(
        {
            DeliveryState.APPLIED,
            DeliveryState.PENDING,
            DeliveryState.NOT_APPLIED,
            DeliveryState.IN_DOUBT,
            DeliveryState.FAILED,
            DeliveryState.DEAD,
        }
    ),
    DeliveryState.IN_DOUBT: frozenset(
        {DeliveryState.APPLIED, DeliveryState.FAILED, DeliveryState.DEAD}
    ),
    DeliveryState.PENDING: frozenset({DeliveryState.APPLIED, DeliveryState.DEAD}),
}


class Source(Enum):
    """Who told the adapter of the payment."""

    DATA_PUMP = "data_pump"
    PAYMENT_REPORT = "payment_report"


class Evidence(Enum):
    """How an applied receipt was established; `BALANCE` stays marked as inferred for ever."""

    ANSWER = "answer"  # Spectrum answered with the receipt number
    RECEIPTS_FEED = "receipts_feed"  # found in Spectrum's extract by its reference number
    BALANCE = "balance"  # inferred: the balance moved by exactly the amount
    PERSON = "person"  # a person's word, and marked so for ever


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One row of the ledger: a payment, its state, and what is known of it. Times are UTC.

    `correlation_id` is that of the request which told of it; empty where no request did.
    """

    id: int
    payment: Payment
    source: Source
    state: DeliveryState
    attempts: int
    accepted_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    fence: int
    balance_before: Decimal | None
    receipt_id: str | None
    evidence: Evidence | None
    confirmed_at: datetime | None
    last_error: str
    correlation_id: str = ""


class Cause(Enum):
    """What moved a delivery from one state to another."""

    TAKEN_OVER = "taken_over"  # somebody told the adapter of the payment
    SENT = "sent"  # the request is about to leave
    ANSWERED = "answered"  # Spectrum answered
    NOT_SENT = "not_sent"  # something failed before the request left
    ANSWER_LOST = "answer_lost"  # it left, and no answer to trust came
    LEASE_EXPIRED = "lease_expired"  # whoever was sending recorded nothing in its time
    EVIDENCE = "evidence"  # the receipts feed or the balance told
    PERSON = "person"  # a person sent it again, or said what became of it


@dataclass(frozen=True, kw_only=True)
class Step:
    """A move to another state, with everything that is recorded with it at once.

    `attempts` of None keeps the count. `exception` opens a line of the exceptions list.
    """

    to_state: DeliveryState
    cause: Cause
    detail: str
    next_at: datetime | None = None
    receipt_id: str | None = None
    evidence: Evidence | None = None
    attempts: int | None = None
    exception: ExceptionKind | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryEvent:
    """A step that was taken, at a moment in UTC; the first has no state that it came from."""

    at: datetime
    from_state: DeliveryState | None
    to_state: DeliveryState
    cause: Cause
    detail: str
    attempt: int


class BalanceVerdict(Enum):
    """What the balance of an invoice says about a receipt in doubt."""

    APPLIED = "applied"  # moved by exactly the amount
    NOT_APPLIED = "not_applied"  # unmoved
    UNCLEAR = "unclear"  # anything else


def judge_by_balance(*, before: Decimal | None, now: Decimal, amount: Decimal) -> BalanceVerdict:
    """Weigh a receipt in doubt by the invoice's balance before the post and after settling.

    What could still fool this rule stands in decision 0006.
    """
    if before is None:
        return BalanceVerdict.UNCLEAR
    if now == before:
        # Where nothing was due, a balance that is never told below zero can't move.
        return BalanceVerdict.NOT_APPLIED if before > 0 else BalanceVerdict.UNCLEAR
    if before - now == amount:
        return BalanceVerdict.APPLIED
    return BalanceVerdict.UNCLEAR
