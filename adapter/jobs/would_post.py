"""What would be posted if posting went on now: a rehearsal that writes nothing (decision 0034)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from adapter.clock import GmtWindow
from adapter.context import Rules
from adapter.domain.ledger_life import Gap, LedgerKnowledge
from adapter.domain.payment import Payment
from adapter.domain.work_item import SENDABLE_STATES
from adapter.jobs.polling import next_window
from adapter.jobs.reconcile_payments import JOB
from adapter.kinds.payments import PAYMENT, PaymentQueries
from adapter.ledger import Ledger
from adapter.ports import BillerPorts

# A rehearsal is read by a person.
WAITING_TOLD_MAX = 10_000


class Prospect(Enum):
    """What would become of a payment."""

    POST = "post"  # posted
    EVIDENCE = "evidence"  # posted once Spectrum's balance or receipts show that it was not yet
    PERSON = "person"  # listed for a person
    KNOWN = "known"  # nothing more: the ledger has it already
    DECLINED = "declined"  # nothing: no money was taken


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """One payment, and what would become of it; it waits in the ledger, or is only reported."""

    payment: Payment
    prospect: Prospect
    waits: bool = False


def knowledge_of(ledger: Ledger | None, ports: BillerPorts, *, now: datetime) -> LedgerKnowledge:
    """Return what the ledger knows of a biller; one that is yet to be made begins now."""
    if ledger is None:
        made_now = Gap(start=None, end=now, why="it is yet to be made")
        return LedgerKnowledge(beginning=now, gaps=(made_now,)).since(ports.payments_since)
    return ledger.life.knowledge().since(ports.payments_since)


def next_poll(ledger: Ledger | None, biller: str, rules: Rules, *, now: datetime) -> GmtWindow:
    """Return what the next poll of the payment report would read."""
    mark = None if ledger is None else ledger.watermarks.get(biller, JOB)
    return next_window(
        None if mark is None else datetime.fromisoformat(mark),
        now,
        overlap=timedelta(minutes=rules.poll_overlap_minutes),
        first_reach=timedelta(hours=rules.first_reach_hours),
    )


def rehearse(
    biller: str,
    ports: BillerPorts,
    ledger: Ledger | None,
    window: GmtWindow,
    known: LedgerKnowledge,
) -> Iterator[Rehearsed]:
    """Yield what waits in the ledger, then every payment of Invoice Cloud's report.

    Raises as the report does.
    """
    for payment in _waiting(biller, ledger):
        yield Rehearsed(payment=payment, prospect=_prospect(payment, known), waits=True)
    for payment in ports.payment_report.payments(window):
        if _is_known(biller, ledger, payment):
            prospect = Prospect.KNOWN
        else:
            prospect = _prospect(payment, known)
        yield Rehearsed(payment=payment, prospect=prospect)


def _prospect(payment: Payment, known: LedgerKnowledge) -> Prospect:
    if not payment.approved:
        return Prospect.DECLINED
    if payment.paid_at < known.beginning:
        return Prospect.PERSON
    return Prospect.POST if known.is_whole_since(payment.paid_at) else Prospect.EVIDENCE


def _waiting(biller: str, ledger: Ledger | None) -> Iterable[Payment]:
    if ledger is None:
        return ()
    items = ledger.items(PAYMENT).page(
        limit=WAITING_TOLD_MAX, biller=biller, states=SENDABLE_STATES
    )
    return [item.payload for item in items]


def _is_known(biller: str, ledger: Ledger | None, payment: Payment) -> bool:
    if ledger is None:
        return False
    found = PaymentQueries(ledger).of_guids(biller, [payment.payment_guid])
    return any(item.payload.invoice_number == payment.invoice_number for item in found)
