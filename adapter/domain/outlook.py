"""What happens next to a payment, and when, in words for an operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.delivery import Delivery, DeliveryState, Evidence
from adapter.domain.exceptions import ExceptionItem

_PERSON = "Nothing, until a person acts: `adapter payments retry` or `adapter payments resolve`"
_BY_ITSELF = {
    DeliveryState.ACCEPTED: "The balance is read and the receipt posted",
    DeliveryState.FAILED: "The balance is read and the receipt posted again",
    DeliveryState.SENDING: "Its answer is recorded; without one by then, it is in doubt",
    DeliveryState.PENDING: "Evidence of a receipt is looked for; it is never posted again",
    DeliveryState.IN_DOUBT: "Evidence of a receipt is looked for; without one it is posted again",
}
_EVIDENCE = {
    Evidence.ANSWER: "Spectrum's own answer",
    Evidence.RECEIPTS_FEED: "Spectrum's receipts feed",
    Evidence.BALANCE: "inferred: the balance moved by exactly the amount",
    Evidence.PERSON: "a person's word",
}


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What comes next; `at` (UTC) is None where nothing comes by itself."""

    what: str
    at: datetime | None = None


def outlook(delivery: Delivery, open_exceptions: Sequence[ExceptionItem]) -> Outlook:
    """Tell what comes next, and what holds it back."""
    if delivery.state is DeliveryState.APPLIED:
        return Outlook(what=f"Nothing: it is applied, by {_told_evidence(delivery)}")
    by_itself = _BY_ITSELF.get(delivery.state)
    if by_itself is None:
        return Outlook(what=_PERSON)
    is_post = delivery.state in {DeliveryState.ACCEPTED, DeliveryState.FAILED}
    holding = [item for item in open_exceptions if item.payment_guid is not None]
    if is_post and holding:
        numbers = ", ".join(str(item.id) for item in holding)
        what = f"{by_itself}, once exception {numbers} on its invoice is resolved"
        return Outlook(what=what, at=delivery.next_at)
    return Outlook(what=by_itself, at=delivery.next_at)


def _told_evidence(delivery: Delivery) -> str:
    return "an answer" if delivery.evidence is None else _EVIDENCE[delivery.evidence]
