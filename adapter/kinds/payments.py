"""Payments on their way to Spectrum: each applied exactly once, or visibly with a person (A3).

The balance is read before each post and kept. Nothing that may have left is posted again without
evidence (decision 0006).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from adapter.context import JobContext
from adapter.domain.evidence import is_overdue
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.payment import (
    Payment,
    PaymentItem,
    ReceiptAnswer,
    ReceiptApplied,
    ReceiptNotApplied,
    ReceiptPending,
)
from adapter.domain.work_item import BalanceReading, Cause, Evidence, State, Step
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready, Word, words
from adapter.kinds.payment_evidence import look_for_receipt
from adapter.ledger.payments import PAYMENT
from adapter.ports import BillerPorts

# Not who paid, nor in what words.
_SHOWN = (
    "payment_guid",
    "invoice_number",
    "account_number",
    "amount",
    "fee",
    "method",
    "paid_at",
)
_UNCERTAIN = frozenset({ExceptionKind.NOT_APPLIED})


class Payments(DeliveryKind[Payment]):
    """OnlineReceipt, once for each payment on each invoice."""

    item = PAYMENT
    command = "payments"
    ops_path = "deliveries"
    ops_name = "delivery"
    job = "post_payments"
    offset = timedelta(minutes=30)
    help = "Payments on their way to Spectrum."
    words = (
        *words(
            accepted=State.WAITING,
            sending=State.SENDING,
            applied=State.DONE,
            pending=State.UNCONFIRMED,
        ),
        Word(name="not_applied", states=frozenset({State.NEEDS_PERSON}), reviews=_UNCERTAIN),
        *words(in_doubt=State.IN_DOUBT, failed=State.RETRYING),
        Word(
            name="dead",
            states=frozenset({State.NEEDS_PERSON}),
            reviews=frozenset(ExceptionKind) - _UNCERTAIN,
        ),
        *words(given_back=State.GIVEN_BACK),
    )
    next_words: ClassVar = {
        State.WAITING: "The balance is read and the receipt posted",
        State.RETRYING: "The balance is read and the receipt posted again",
        State.SENDING: "Its answer is recorded; without one by then, it is in doubt",
        State.UNCONFIRMED: "Evidence of a receipt is looked for; it is never posted again",
        State.IN_DOUBT: "Evidence of a receipt is looked for; without one it is posted again",
    }
    refused = exhausted = ExceptionKind.DEAD
    repeat_is_harmless = False
    needs_receipt = True

    def per_minute(self, ports: BillerPorts) -> int | None:
        return ports.posts_per_minute

    def prepare(
        self, item: PaymentItem, ports: BillerPorts, work: JobContext
    ) -> Ready | PutOff | Step:
        """Read the balance: by it the post is judged, should its answer be lost."""
        asked_at = work.clock.now()
        balance = ports.balances.balance_due(item.payload.invoice_number)
        return Ready(
            detail=f"balance {money_text(balance)}; posting the receipt, try {item.attempts + 1}",
            reading=BalanceReading(asked_at=asked_at, balance=balance),
        )

    def send(self, item: PaymentItem, ports: BillerPorts) -> ReceiptAnswer:
        return ports.receipts.post_receipt(item.payload)

    def judge(self, item: PaymentItem, answer: ReceiptAnswer, work: JobContext) -> Step:
        match answer:
            case ReceiptApplied(receipt_id=receipt_id):
                return Step(
                    to_state=State.DONE,
                    cause=Cause.ANSWERED,
                    detail=f"Spectrum answered with receipt {receipt_id}: applied",
                    receipt_id=receipt_id,
                    evidence=Evidence.ANSWER,
                )
            case ReceiptPending(message=message):
                # Settling begins now: a token may have been renewed after `sending` was committed.
                return Step(
                    to_state=State.UNCONFIRMED,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered okay without a receipt "
                    f"({message or 'and without a message'}): pending, looked for later",
                    next_at=work.clock.now() + timedelta(seconds=work.rules.settle_seconds),
                )
            case ReceiptNotApplied():
                return Step(
                    to_state=State.NEEDS_PERSON,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered success without data: the receipt was not applied "
                    f"to policy {item.payload.account_number}; a person has to look",
                    review=ExceptionKind.NOT_APPLIED,
                )

    def look(self, item: PaymentItem, ports: BillerPorts, work: JobContext) -> Found | PutOff:
        return look_for_receipt(item, ports, work)

    def overdue(self, item: PaymentItem, now: datetime) -> ExceptionKind | None:
        late = is_overdue(sent_at=item.sent_at or item.accepted_at, now=now)
        return ExceptionKind.EVIDENCE_OVERDUE if late else None

    def describe(self, payload: Payment) -> str:
        return f"{money_text(payload.amount)} on invoice {payload.invoice_number}"

    def fields(self, item: PaymentItem) -> Mapping[str, Any]:
        return {
            **self.common_fields(item),
            **{name: getattr(item.payload, name) for name in _SHOWN},
            "balance_before": item.balance_before,
            "inferred": item.evidence is Evidence.BALANCE,
            "confirmed_at": item.confirmed_at,
        }
