"""Returned ACH payments: what a reject says, and when its receipt may be reversed (C3).

All is pure: moments are handed in, and what follows is handed back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from adapter.clock import require_aware
from adapter.domain.delivery import Delivery, DeliveryState
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.payment import DeliveryKey, canonical_guid

# The payment report tells every payment within its poll and the overlap; a day more is patience.
UNKNOWN_AFTER = timedelta(hours=26)
# A payment on its way is settled in minutes; a payment that nobody knows comes with a poll.
LOOK_AGAIN = timedelta(minutes=10)


class ReversalState(Enum):
    """Where a reversal stands on its way to Spectrum."""

    WAITING = "waiting"  # on disk; its payment may not be settled yet
    SENDING = "sending"  # claimed under a lease; the request may have left
    HANDED_OVER = "handed_over"  # a file lies in Spectrum's inbox: what came of it is looked for
    REVERSED = "reversed"  # Spectrum has taken the receipt back: final
    FAILED = "failed"  # the call failed: waits for its retry or, the retries used up, a person
    REFUSED = "refused"  # nothing to reverse, or Spectrum refused: waits for a person


# The request may have left or may still leave: no payment on the invoice is posted meanwhile.
UNDER_WAY_STATES = frozenset(
    {ReversalState.SENDING, ReversalState.HANDED_OVER, ReversalState.FAILED}
)
REDRIVABLE_STATES = frozenset({ReversalState.FAILED, ReversalState.REFUSED})


@dataclass(frozen=True, kw_only=True)
class AchReturn:
    """One invoice's share of a returned payment; `amount` is dollars, `returned_at` UTC."""

    biller: str
    reject_guid: str
    payment_guid: str
    invoice_number: str
    account_number: str
    amount: Decimal
    code: str
    reason: str
    returned_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "returned_at", require_aware(self.returned_at, "returned_at"))
        object.__setattr__(self, "reject_guid", canonical_guid(self.reject_guid))
        object.__setattr__(self, "payment_guid", canonical_guid(self.payment_guid))

    @property
    def reversal_id(self) -> str:
        """Name the reversal: the same reject, however often it is seen, is the same reversal."""
        return f"{self.reject_guid}:{self.invoice_number}"

    @property
    def payment_key(self) -> DeliveryKey:
        return DeliveryKey(
            biller=self.biller,
            payment_guid=self.payment_guid,
            invoice_number=self.invoice_number,
        )

    def fingerprint(self) -> str:
        """Identify the content: the same reversal id with another one is a mismatch."""
        content = (self.payment_guid, self.account_number, money_text(self.amount), self.code)
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """One row of the ledger: a return, its state, and what is known of it. Times are UTC.

    `handed_over_at` is when its file was first written, while what came of it is looked for.
    """

    id: int
    ach_return: AchReturn
    state: ReversalState
    attempts: int
    seen_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    handed_over_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    fence: int
    receipt_id: str | None
    reversed_at: datetime | None
    last_error: str


@dataclass(frozen=True, kw_only=True)
class ReversalTaken:
    """Spectrum's answer; a file has no receipt to tell of, and is read some time later."""

    receipt_id: str | None = None
    is_read: bool = True


@dataclass(frozen=True, kw_only=True)
class ReversalStep:
    """What came of a look or a try, with everything that is recorded with it at once."""

    to_state: ReversalState
    detail: str
    next_at: datetime | None = None
    handed_over_at: datetime | None = None
    attempts: int | None = None
    receipt_id: str | None = None
    exception: ExceptionKind | None = None


@dataclass(frozen=True)
class Proceed:
    """The receipt stands: reverse it."""


@dataclass(frozen=True)
class Wait:
    """Look again later: the payment is not settled, or not known yet."""

    reason: str


@dataclass(frozen=True)
class AskPerson:
    """There is nothing to reverse, or it is not clear what."""

    kind: ExceptionKind
    reason: str


def judge_return(
    ach_return: AchReturn, delivery: Delivery | None, *, seen_at: datetime, now: datetime
) -> Proceed | Wait | AskPerson:
    """Decide what follows from a reject and what the ledger knows of its payment.

    Only an applied receipt is reversed. What may still be applied is waited for, because its
    reversal would find nothing; what was never applied needs a person, not a reversal.
    """
    if delivery is None:
        if now - seen_at < UNKNOWN_AFTER:
            return Wait("the payment is not known here yet; its report may still tell it")
        return AskPerson(
            ExceptionKind.REJECT_UNKNOWN,
            "no payment of this GUID and invoice is known here: find it in Spectrum",
        )
    amount = delivery.payment.amount
    if amount != ach_return.amount:
        return AskPerson(
            ExceptionKind.REJECT_MISMATCH,
            f"{money_text(ach_return.amount)} came back, and {money_text(amount)} was taken over",
        )
    match delivery.state:
        case DeliveryState.APPLIED:
            return Proceed()
        case DeliveryState.NOT_APPLIED | DeliveryState.DEAD:
            return AskPerson(
                ExceptionKind.REJECT_UNAPPLIED,
                f"the payment is {delivery.state.value}: nothing was applied that could be "
                "reversed. If a person applied it by hand, reverse it by hand",
            )
        case _:
            return Wait(f"the payment is {delivery.state.value}, and has to be settled first")
