"""Returned ACH payments: what a reject says, and when its receipt may be reversed (C3).

All is pure: moments are handed in, and what follows is handed back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from adapter.clock import require_aware
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.payment import Payment, canonical_guid
from adapter.domain.work_item import State, WorkItem

# The payment report tells every payment within its poll and the overlap; a day more is patience.
UNKNOWN_AFTER = timedelta(hours=26)
# A payment on its way is settled in minutes; a payment that nobody knows comes with a poll.
LOOK_AGAIN = timedelta(minutes=10)


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
        """Name the reversal at Spectrum, by the reject that brought it."""
        return f"{self.reject_guid}:{self.invoice_number}"

    @property
    def payment_reference(self) -> str:
        """Name the payment that came back, whose work item and reversal are both called so."""
        return f"{self.payment_guid}:{self.invoice_number}"

    @property
    def description(self) -> str:
        """Say what came back, for a person."""
        return (
            f"{self.code} took back {money_text(self.amount)} of payment {self.payment_guid} "
            f"on invoice {self.invoice_number}"
        )

    def fingerprint(self) -> str:
        """Identify the content: the same payment with another one is for a person."""
        content = (
            self.reject_guid,
            self.payment_guid,
            self.account_number,
            money_text(self.amount),
            self.code,
        )
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


def without_reversal(reject: AchReturn) -> str:
    """Say why a reject of a code that takes no money back is for a person (0032)."""
    reason = reject.reason or "no reason given"
    return (
        f"reject {reject.reject_guid} is {reject.code} ({reason}) of {money_text(reject.amount)} "
        f"of payment {reject.payment_guid} on invoice {reject.invoice_number}: this code reverses "
        "no receipt. Ask Invoice Cloud what is to be done"
    )


def told_otherwise(reject: AchReturn, known: AchReturn) -> tuple[ExceptionKind, str]:
    """Say what a reject is that tells another thing of a payment than the first one did (0032).

    The words are of the two rejects alone: they stay the same at each poll.
    """
    if reject.reject_guid == known.reject_guid:
        words = (
            f"reject {reject.reject_guid} was {reject.code} of another amount, account or code "
            f"before ({known.code} of {money_text(known.amount)}); its first report counts"
        )
        return ExceptionKind.REJECT_MISMATCH, words
    words = (
        f"{reject.description}, says reject {reject.reject_guid}; {known.code} of "
        f"{money_text(known.amount)} came before, in reject {known.reject_guid}. A payment comes "
        "back once, so the later reject is not sent. Ask Invoice Cloud which one counts"
    )
    return ExceptionKind.REJECT_REPEATED, words


@dataclass(frozen=True, kw_only=True)
class ReversalTaken:
    """Spectrum's answer; a file has no receipt to tell of, and is read some time later."""

    receipt_id: str | None = None
    is_read: bool = True


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
    ach_return: AchReturn,
    payment: WorkItem[Payment] | None,
    *,
    seen_at: datetime,
    now: datetime,
) -> Proceed | Wait | AskPerson:
    """Decide what follows from a reject and what the ledger knows of its payment.

    Only an applied receipt is reversed. What may still be applied is waited for, because its
    reversal would find nothing; what was never applied needs a person, not a reversal.
    """
    if payment is None:
        if now - seen_at < UNKNOWN_AFTER:
            return Wait("the payment is not known here yet; its report may still bring it")
        return AskPerson(
            ExceptionKind.REJECT_UNKNOWN,
            "no payment of this GUID and invoice is known here: find it in Spectrum",
        )
    amount = payment.payload.amount
    if amount != ach_return.amount:
        return AskPerson(
            ExceptionKind.REJECT_MISMATCH,
            f"{money_text(ach_return.amount)} came back, and {money_text(amount)} was received",
        )
    match payment.state:
        case State.DONE:
            return Proceed()
        case State.NEEDS_PERSON | State.GIVEN_BACK if not payment.may_have_left:
            return AskPerson(
                ExceptionKind.REJECT_UNAPPLIED,
                "the payment was never applied, so there is nothing to reverse. If a person "
                "applied it by hand, reverse it by hand",
            )
        case _:
            return Wait(f"the payment is {payment.state.value}, and has to be settled first")
