"""Reversals on their way to Spectrum, each once its payment is applied (C3, decision 0018).

Nothing that may have left is sent again before the receipt or the balance was looked at (0032). A
file that lies in Spectrum's inbox is looked for until it is read.
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
    told_otherwise,
)
from adapter.domain.evidence import ReversalVerdict
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import invoice_lane
from adapter.domain.work_item import Cause, Evidence, State, Step, WorkItem
from adapter.errors import ContentConflictError, RejectedError
from adapter.kinds.base import DeliveryKind, Found, PutOff, Ready, failed_or_refused, words
from adapter.kinds.payments import PAYMENT
from adapter.kinds.reversal_evidence import ReversalLook, has_moved, read_balance, shown_at
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.items import parts_of
from adapter.ledger.ledger import Ledger
from adapter.ledger.schema import ach_returns
from adapter.ports import BillerPorts

# How often a file in Spectrum's inbox is looked at.
INBOX_LOOK_AGAIN = timedelta(minutes=20)
# When a person learns that it lies there still, or that nothing shows what came of a reversal.
EVIDENCE_WITHIN = timedelta(days=1)
_FIELDS = tuple(column.name for column in ach_returns.c if column.name != "item_id")


def _read(row: RowMapping) -> AchReturn:
    return AchReturn(biller=row["biller"], **{field: row[field] for field in _FIELDS})


def _values(ach_return: AchReturn) -> Mapping[str, object]:
    return {field: getattr(ach_return, field) for field in _FIELDS}


def _conflict(ach_return: AchReturn, known: AchReturn) -> ContentConflictError:
    _, words = told_otherwise(ach_return, known)
    return ContentConflictError(
        field="RejectGUID",
        value=ach_return.reject_guid,
        rule=words,
        remedy="The first report counts",
    )


REVERSAL = ItemKind(
    name="reversal",
    table=ach_returns,
    read=_read,
    values=_values,
    # A payment comes back once on an invoice, by whatever reject (0032).
    reference=lambda ach_return: ach_return.payment_reference,
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
    posts = True
    offset = timedelta(minutes=35)
    help = "Returned ACH payments on their way to Spectrum."
    words = (
        *words(
            waiting=State.WAITING,
            sending=State.SENDING,
            handed_over=State.UNCONFIRMED,
            reversed=State.DONE,
            in_doubt=State.IN_DOUBT,
        ),
        *failed_or_refused(ExceptionKind.REVERSAL_FAILED),
    )
    next_words: ClassVar = {
        State.WAITING: "The receipt is reversed, once its payment is applied",
        State.RETRYING: "The reversal is sent to Spectrum again",
        State.UNCONFIRMED: "Spectrum has to read the file; what came of it is looked for",
        State.IN_DOUBT: "Spectrum's receipt or balance is looked at; where it stands unmoved, the "
        "reversal is sent again",
    }
    refused = ExceptionKind.REVERSAL_REFUSED
    exhausted = ExceptionKind.REVERSAL_FAILED
    repeat_is_harmless = False

    def prepare(
        self, item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext
    ) -> Ready | PutOff | Found:
        """Reverse only what is applied: what may still be is waited for.

        Without a receipts feed the balance is kept: by it a lost answer is judged.
        """
        returned, now = item.payload, work.clock.now()
        payment = work.ledger.items(PAYMENT).find(item.biller, returned.payment_reference)
        match judge_return(returned, payment, seen_at=item.accepted_at, now=now):
            case Wait(reason=reason):
                return PutOff(reason=reason, until=now + LOOK_AGAIN)
            case AskPerson(kind=kind, reason=reason):
                return Found(step=self._for_person(item, kind, reason))
        attempt = f"{self.describe(returned)}, try {item.attempts + 1}"
        if ports.receipt_feed is not None:
            return Ready(detail=attempt)
        settled_at = shown_at(item, ports, work)
        if settled_at is not None:
            reason = f"{attempt} waits until the balance shows our last receipt"
            return PutOff(reason=reason, until=settled_at)
        return self._by_balance(item, ports, work, attempt)

    def _by_balance(
        self, item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext, attempt: str
    ) -> Ready | PutOff | Found:
        """Keep the balance by which a lost answer is judged; nothing leaves after it has moved."""
        try:
            words, reading = read_balance(item, ports, work)
        except RejectedError as error:  # a lost answer would be a person's
            words, reading = f"the balance is refused ({error})", None
        if reading is None and item.balance_before is not None:
            # It would be judged by the reading of an earlier try, or be sent again unlooked at.
            until = work.clock.now() + LOOK_AGAIN
            return PutOff(reason=f"{words}; {attempt} waits for one", until=until)
        if item.may_have_left and has_moved(item.balance_before, reading):
            reason = f"{words}, which has moved since a try whose answer was lost"
            return Found(step=self._for_person(item, self.exhausted, reason))
        return Ready(detail=f"{words}; {attempt}", reading=reading)

    def _for_person(self, item: WorkItem[AchReturn], kind: ExceptionKind, reason: str) -> Step:
        return Step(
            to_state=State.NEEDS_PERSON,
            cause=Cause.NOT_SENT,
            detail=f"{self.describe(item.payload)}: {reason}",
            may_have_left=item.may_have_left,
            review=kind,
        )

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
        """Look what came of it: in the inbox, else in Spectrum's book (0032)."""
        what, now = self.describe(item.payload), work.clock.now()
        try:
            answer = ports.reversals.outcome(item.payload)
            if answer is None:
                look = ReversalLook(item, ports, work)
                if item.state is State.IN_DOUBT or look.verdict is not ReversalVerdict.STANDS:
                    return self._shown(item, look, work)
                # A file that was handed over is gone, and nothing came of it.
                if not ports.posting:
                    reason = f"{what}: its file is gone, and posting is switched off"
                    return PutOff(reason=reason, until=now + INBOX_LOOK_AGAIN)
                answer = ports.reversals.reverse(item.payload)
        except RejectedError as error:
            step = Step(
                to_state=State.NEEDS_PERSON,
                cause=Cause.ANSWERED,
                detail=f"{what}: {error}; look into Spectrum, then `adapter reversals retry`",
                review=self.refused,
            )
            return Found(step=step)
        if answer.is_read:
            return Found(step=self.judge(item, answer, work))
        since = item.sent_at or item.accepted_at
        return PutOff(reason=f"{what}: {_lies_in_inbox(since)}", until=now + INBOX_LOOK_AGAIN)

    def _shown(
        self, item: WorkItem[AchReturn], look: ReversalLook, work: JobContext
    ) -> Found | PutOff:
        """Return what follows from Spectrum's book; what did not arrive is sent again at once."""
        words = f"{self.describe(item.payload)}: answer lost after sending; {look.words}"
        if look.verdict is ReversalVerdict.TOO_EARLY:
            return PutOff(reason=words, reading=look.reading)
        if look.verdict is ReversalVerdict.REVERSED:
            step = Step(
                to_state=State.DONE,
                cause=Cause.EVIDENCE,
                detail=words,
                evidence=look.evidence,
            )
        elif look.verdict is ReversalVerdict.STANDS and (
            item.attempts < work.rules.retry.attempts_max
        ):
            step = Step(
                to_state=State.RETRYING,
                cause=Cause.EVIDENCE,
                detail=f"{words}: not reversed, to be sent again",
                may_have_left=True,
                next_at=work.clock.now(),
            )
        else:
            step = Step(
                to_state=State.NEEDS_PERSON,
                cause=Cause.EVIDENCE,
                detail=f"{words} ({item.attempts} tries): a person has to look, then `adapter "
                "reversals resolve` or `retry`",
                may_have_left=True,
                review=self.exhausted,
            )
        return Found(step=step, reading=look.reading)

    def overdue(self, item: WorkItem[AchReturn], now: datetime) -> ExceptionKind | None:
        since = item.sent_at or item.accepted_at
        return self.exhausted if now - since >= EVIDENCE_WITHIN else None

    def describe(self, payload: AchReturn) -> str:
        return payload.description

    def fields(self, item: WorkItem[AchReturn]) -> Mapping[str, Any]:
        is_handed_over = item.state is State.UNCONFIRMED
        return {
            **self.common_fields(item),
            **asdict(item.payload),
            "biller": item.biller,
            "reversal_id": item.payload.reversal_id,
            "seen_at": item.accepted_at,
            "handed_over_at": item.sent_at if is_handed_over else None,
            "reversed_at": item.done_at,
        }


def _lies_in_inbox(since: datetime) -> str:
    return (
        f"its file lies in Spectrum's inbox since {since:%Y-%m-%dT%H:%M:%SZ}; "
        "Spectrum has to read it"
    )


def returns_of(
    ledger: Ledger, biller: str, payment_guids: Iterable[str]
) -> tuple[WorkItem[AchReturn], ...]:
    """Return what came back of these payments, on whatever invoices."""
    items = ledger.items(REVERSAL)
    return tuple(
        item
        for part in parts_of(sorted(set(payment_guids)))
        for item in items.whose(biller, ach_returns.c.payment_guid.in_(part))
    )


def returned_amounts(
    ledger: Ledger, biller: str, payment_guids: Iterable[str]
) -> dict[tuple[str, str], Decimal]:
    """Return what was returned of these payments in dollars, by payment GUID and invoice."""
    return {
        (item.payload.payment_guid, item.payload.invoice_number): item.payload.amount
        for item in returns_of(ledger, biller, payment_guids)
    }
