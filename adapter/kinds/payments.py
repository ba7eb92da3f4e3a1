"""Payments on their way to Spectrum: each applied exactly once, or visibly with a person (A3).

The guard is asked before every post and at every look (decision 0030).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, RowMapping, and_, exists

from adapter.clock import GmtWindow
from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.domain.payment import (
    PAYMENT_FIELDS,
    Payment,
    PaymentItem,
    ReceiptAnswer,
    ReceiptApplied,
    ReceiptEmpty,
    ReceiptPending,
    differences,
    invoice_lane,
)
from adapter.domain.settlement import TransactionType
from adapter.domain.work_item import Answer, BalanceReading, Cause, Evidence, State, Step
from adapter.errors import BadInputError, ContentConflictError, PartnerError
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready, Word, words
from adapter.kinds.payment_guard import ask_guard
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.items import parts_of
from adapter.ledger.ledger import Ledger
from adapter.ledger.schema import payments, settlements
from adapter.ports import BillerPorts

# Not who paid, nor in what words.
_SHOWN = (
    "payment_guid",
    "invoice_number",
    "account_number",
    "amount",
    "fee",
    "method",
    "method_reported",
    "paid_at",
)
_UNCERTAIN = frozenset({ExceptionKind.NOT_APPLIED})
# Evidence that could not be looked for within a day is asked of a person as well.
EVIDENCE_WITHIN = timedelta(days=1)


def _read(row: RowMapping) -> Payment:
    return Payment(**{field: row[field] for field in PAYMENT_FIELDS})


def _values(payment: Payment) -> Mapping[str, object]:
    return {field: getattr(payment, field) for field in PAYMENT_FIELDS if field != "biller"}


def _subject(reference: str) -> Mapping[str, str]:
    guid, _, invoice_number = reference.partition(":")
    return {"payment_guid": guid, "invoice_number": invoice_number}


def _require_approved(payment: Payment) -> None:
    if not payment.approved:
        raise BadInputError(
            field="Approved",
            value="False",
            rule="a declined payment is not accepted",
            remedy="Send approved payments only",
        )


def _conflict(payment: Payment, known: Payment) -> ContentConflictError:
    return ContentConflictError(
        field="PaymentGUID",
        value=payment.payment_guid,
        rule="this payment on this invoice is known with other content "
        f"({differences(payment, known)})",
        remedy="Send a payment once, unchanged; another payment has another GUID",
    )


PAYMENT = ItemKind(
    name="payment",
    table=payments,
    read=_read,
    values=_values,
    reference=lambda payment: payment.key.reference,
    lane=lambda payment: invoice_lane(payment.invoice_number),
    subject=_subject,
    conflict=_conflict,
    require=_require_approved,
    # What these ask is answered when a payment is sent again, or a person says what became of it.
    reviews=(
        ExceptionKind.DEAD,
        ExceptionKind.NOT_APPLIED,
        ExceptionKind.EVIDENCE_UNCLEAR,
        ExceptionKind.EVIDENCE_OVERDUE,
        ExceptionKind.PAID_BEFORE_BEGINNING,
        ExceptionKind.SETTING_OVERDUE,
    ),
    held_by_review=True,
)


class Payments(DeliveryKind[Payment]):
    """OnlineReceipt, once for each payment on each invoice."""

    item = PAYMENT
    command = "payments"
    ops_path = "deliveries"
    ops_name = "delivery"
    job = "post_payments"
    posts = True
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
    refusal_is_doubt = True
    needs_receipt = True

    def per_minute(self, ports: BillerPorts) -> int | None:
        return ports.posts_per_minute

    def prepare(
        self, item: PaymentItem, ports: BillerPorts, work: JobContext
    ) -> Ready | PutOff | Found:
        return ask_guard(item, ports, work)

    def look(self, item: PaymentItem, ports: BillerPorts, work: JobContext) -> Found | PutOff:
        asked = ask_guard(item, ports, work)
        if isinstance(asked, Ready):
            raise TypeError("what may have left is posted again by way of a claim")
        return asked

    def send(self, item: PaymentItem, ports: BillerPorts) -> ReceiptAnswer:
        return ports.receipts.post_receipt(item.payload)

    def still_shows(self, reading: BalanceReading, item: PaymentItem, ports: BillerPorts) -> bool:
        try:
            fresh = ports.balances.balance_due(item.payload.invoice_number)
        except PartnerError:
            return False
        # Dates have whole seconds.
        sent_at = (item.sent_at or item.accepted_at) - timedelta(seconds=1)
        is_older = fresh.dated_at is not None and fresh.dated_at < sent_at
        return not (fresh.stale or is_older) and fresh.balance == reading.balance

    def judge(self, item: PaymentItem, answer: ReceiptAnswer, work: JobContext) -> Step:
        # Settling begins now: a token may have been renewed after `sending` was committed.
        look_at = work.clock.now() + timedelta(seconds=work.rules.settle_seconds)
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
                return Step(
                    to_state=State.UNCONFIRMED,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered okay without a receipt "
                    f"({message or 'and without a message'}): pending, looked for later",
                    next_at=look_at,
                    answer=Answer.PENDING,
                )
            case ReceiptEmpty():
                return Step(
                    to_state=State.IN_DOUBT,
                    cause=Cause.ANSWERED,
                    detail="Spectrum answered success without data: was the receipt not applied "
                    f"to policy {item.payload.account_number}? Evidence is looked for",
                    next_at=look_at,
                    answer=Answer.EMPTY,
                )

    def overdue(self, item: PaymentItem, now: datetime) -> ExceptionKind | None:
        late = now - (item.sent_at or item.accepted_at) >= EVIDENCE_WITHIN
        return ExceptionKind.EVIDENCE_OVERDUE if late else None

    def began(self, payload: Payment) -> datetime:
        return payload.paid_at

    def describe(self, payload: Payment) -> str:
        return f"{money_text(payload.amount)} on invoice {payload.invoice_number}"

    def fields(self, item: PaymentItem) -> Mapping[str, Any]:
        return {
            **self.common_fields(item),
            **{name: getattr(item.payload, name) for name in _SHOWN},
            "balance_before": item.balance_before,
            "inferred": item.evidence is Evidence.BALANCE,
            "applied_at": item.done_at if item.state is State.DONE else None,
            "confirmed_at": item.confirmed_at,
        }


class PaymentQueries:
    """What reports and settled batches ask about payments; reading never waits for a writer."""

    def __init__(self, ledger: Ledger) -> None:
        self._items = ledger.items(PAYMENT)

    def of_guids(self, biller: str, payment_guids: Iterable[str]) -> tuple[PaymentItem, ...]:
        """Return every item of these payments, whatever invoices they pay."""
        return tuple(
            item
            for part in parts_of(sorted(set(payment_guids)))
            for item in self._items.whose(biller, payments.c.payment_guid.in_(part))
        )

    def paid_within(self, biller: str, window: GmtWindow) -> tuple[PaymentItem, ...]:
        return self._items.whose(biller, _paid(window.start_gmt, window.end_gmt))

    def unreported(
        self, biller: str, *, paid_from: datetime, paid_until: datetime
    ) -> tuple[PaymentItem, ...]:
        """Return those paid in this half-open time that no report has agreed with."""
        in_time = _paid(paid_from, paid_until)
        found = self._items.whose(biller, in_time)
        return tuple(item for item in found if item.confirmed_at is None)

    def unsettled(
        self, biller: str, *, paid_from: datetime, paid_until: datetime
    ) -> tuple[PaymentItem, ...]:
        """Return those paid in this half-open time that no batch has paid out."""
        is_settled = exists().where(
            settlements.c.biller == biller,
            settlements.c.payment_guid == payments.c.payment_guid,
            settlements.c.invoice_number == payments.c.invoice_number,
            settlements.c.transaction_type == TransactionType.PAYMENT,
        )
        return self._items.whose(biller, _paid(paid_from, paid_until), ~is_settled)


def _paid(paid_from: datetime, paid_until: datetime) -> ColumnElement[bool]:
    return and_(payments.c.paid_at >= paid_from, payments.c.paid_at < paid_until)
