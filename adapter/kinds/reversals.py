"""Reversals on their way to Spectrum, each once its payment is applied (C3, decision 0018).

Spectrum knows a reversal by its id, so a try whose outcome is unknown is simply repeated. A file
that lies in Spectrum's inbox is looked for until it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import RowMapping

from adapter.context import JobContext
from adapter.domain.ach_return import (
    LOOK_AGAIN,
    AchReturn,
    AskPerson,
    ReversalTaken,
    Wait,
    judge_return,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import invoice_lane
from adapter.domain.work_item import Cause, Evidence, State, Step, WorkItem
from adapter.errors import ContentConflictError, RejectedError
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready, failed_or_refused, words
from adapter.kinds.payments import PAYMENT
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.items import parts_of
from adapter.ledger.ledger import Ledger
from adapter.ledger.schema import ach_returns
from adapter.ports import BillerPorts

# How often a file in Spectrum's inbox is looked at, and when a person learns that it lies there.
INBOX_LOOK_AGAIN = timedelta(minutes=20)
INBOX_READ_WITHIN = timedelta(days=1)
_FIELDS = tuple(column.name for column in ach_returns.c if column.name != "item_id")


def _read(row: RowMapping) -> AchReturn:
    return AchReturn(biller=row["biller"], **{field: row[field] for field in _FIELDS})


def _values(ach_return: AchReturn) -> Mapping[str, object]:
    return {field: getattr(ach_return, field) for field in _FIELDS}


def _conflict(ach_return: AchReturn, known: AchReturn) -> ContentConflictError:
    return ContentConflictError(
        field="RejectGUID",
        value=ach_return.reject_guid,
        rule=f"reject {ach_return.reject_guid} was {ach_return.code} of another amount, account "
        f"or code before ({known.code} of {known.amount:.2f})",
        remedy="The first report of it counts",
    )


REVERSAL = ItemKind(
    name="reversal",
    table=ach_returns,
    read=_read,
    values=_values,
    reference=lambda ach_return: ach_return.reversal_id,
    lane=lambda ach_return: invoice_lane(ach_return.invoice_number),
    subject=lambda reference: {"invoice_number": reference.partition(":")[2]},
    conflict=_conflict,
    reviews=(
        ExceptionKind.REJECT_UNKNOWN,
        ExceptionKind.REJECT_UNAPPLIED,
        ExceptionKind.REJECT_MISMATCH,
        ExceptionKind.REVERSAL_FAILED,
        ExceptionKind.REVERSAL_REFUSED,
        ExceptionKind.SETTING_OVERDUE,
    ),
)


class Reversals(DeliveryKind[AchReturn]):
    """One invoice's share of a returned payment."""

    item = REVERSAL
    command = "reversals"
    ops_path = "reversals"
    ops_name = "reversal"
    job = "post_reversals"
    offset = timedelta(minutes=35)
    help = "Returned ACH payments on their way to Spectrum."
    words = (
        *words(
            waiting=State.WAITING,
            sending=State.SENDING,
            handed_over=State.UNCONFIRMED,
            reversed=State.DONE,
        ),
        *failed_or_refused(ExceptionKind.REVERSAL_FAILED),
    )
    next_words: ClassVar = {
        State.WAITING: "The receipt is reversed, once its payment is applied",
        State.RETRYING: "The reversal is sent to Spectrum again",
        State.UNCONFIRMED: "Spectrum has to read the file; what came of it is looked for",
    }
    refused = ExceptionKind.REVERSAL_REFUSED
    exhausted = ExceptionKind.REVERSAL_FAILED

    def prepare(
        self, item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext
    ) -> Ready | PutOff | Step:
        """Reverse only what is applied: what may still be is waited for."""
        del ports
        returned, now = item.payload, work.clock.now()
        payment = work.ledger.items(PAYMENT).find(item.biller, returned.payment_reference)
        match judge_return(returned, payment, seen_at=item.accepted_at, now=now):
            case Wait(reason=reason):
                return PutOff(reason=reason, until=now + LOOK_AGAIN)
            case AskPerson(kind=kind, reason=reason):
                return Step(
                    to_state=State.NEEDS_PERSON,
                    cause=Cause.NOT_SENT,
                    detail=f"{self.describe(returned)}: {reason}",
                    may_have_left=item.may_have_left,
                    review=kind,
                )
            case _:
                return Ready(detail=f"{self.describe(returned)}, try {item.attempts + 1}")

    def send(self, item: WorkItem[AchReturn], ports: BillerPorts) -> ReversalTaken:
        return ports.reversals.reverse(item.payload)

    def judge(self, item: WorkItem[AchReturn], answer: ReversalTaken, work: JobContext) -> Step:
        what = self.describe(item.payload)
        if answer.is_read:
            return Step(
                to_state=State.DONE,
                cause=Cause.ANSWERED,
                detail=f"{what}: Spectrum has taken it",
                receipt_id=answer.receipt_id,
                evidence=Evidence.ANSWER,
            )
        now = work.clock.now()
        return Step(
            to_state=State.UNCONFIRMED,
            cause=Cause.ANSWERED,
            detail=f"{what}: {_lies_in_inbox(now)}",
            next_at=now + INBOX_LOOK_AGAIN,
        )

    def look(
        self, item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext
    ) -> Found | PutOff:
        """Ask what came of the file; while it is unread, ask again."""
        what = self.describe(item.payload)
        try:
            answer = ports.reversals.outcome(item.payload)
        except RejectedError as error:
            step = Step(
                to_state=State.NEEDS_PERSON,
                cause=Cause.EVIDENCE,
                detail=f"{what}: {error}; look into Spectrum, then `adapter reversals retry`",
                review=self.refused,
            )
            return Found(step=step)
        if answer.is_read:
            return Found(step=self.judge(item, answer, work))
        since, now = item.sent_at or item.accepted_at, work.clock.now()
        return PutOff(reason=f"{what}: {_lies_in_inbox(since)}", until=now + INBOX_LOOK_AGAIN)

    def overdue(self, item: WorkItem[AchReturn], now: datetime) -> ExceptionKind | None:
        since = item.sent_at or item.accepted_at
        is_unread = item.state is State.UNCONFIRMED and now - since >= INBOX_READ_WITHIN
        return ExceptionKind.REVERSAL_FAILED if is_unread else None

    def describe(self, payload: AchReturn) -> str:
        return payload.description

    def fields(self, item: WorkItem[AchReturn]) -> Mapping[str, Any]:
        is_handed_over = item.state is State.UNCONFIRMED
        return {
            **self.common_fields(item),
            **asdict(item.payload),
            "biller": item.biller,
            "reversal_id": item.reference,
            "seen_at": item.accepted_at,
            "handed_over_at": item.sent_at if is_handed_over else None,
            "reversed_at": item.done_at,
        }


def _lies_in_inbox(since: datetime) -> str:
    return (
        f"its file lies in Spectrum's inbox since {since:%Y-%m-%dT%H:%M:%SZ}; "
        "Spectrum has to read it"
    )


def returned_amounts(
    ledger: Ledger, biller: str, payment_guids: Iterable[str]
) -> dict[tuple[str, str], Decimal]:
    """Return what was returned of these payments in dollars, by payment GUID and invoice."""
    items = ledger.items(REVERSAL)
    return {
        (item.payload.payment_guid, item.payload.invoice_number): item.payload.amount
        for part in parts_of(sorted(set(payment_guids)))
        for item in items.whose(biller, ach_returns.c.payment_guid.in_(part))
    }
