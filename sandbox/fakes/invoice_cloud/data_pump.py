"""The data pump: delivers each approved payment to the connector, with retries (decision 0010)."""

from __future__ import annotations

from typing import Any

from sandbox.fakes.invoice_cloud.book import (
    InvoiceCloudBook,
    PaidInvoice,
    Payment,
    PumpAttempted,
    PumpDelivered,
    PumpGaveUp,
)
from sandbox.fakes.invoice_cloud.connector import ConnectorError, call_connector
from sandbox.faults.effects import FaultStruck
from sandbox.world.world import World

LABEL = "data_pump"
OPERATION = "DataPump"
RETRY_SECONDS = (60, 300, 900, 3600)


def schedule_delivery(world: World, payment_guid: str) -> None:
    """Deliver a payment for the first time, a little after it was made."""
    _schedule(world, payment_guid, attempt=1, seconds=world.behaviours.data_pump_delay_seconds)


def _schedule(world: World, payment_guid: str, *, attempt: int, seconds: int) -> None:
    world.clock.call_in(seconds, LABEL, lambda: _deliver(world, payment_guid, attempt))


def _deliver(world: World, payment_guid: str, attempt: int) -> None:
    book = world.book(InvoiceCloudBook)
    payment = book.payments[payment_guid]
    if world.connectors[payment.made.biller].url is None:
        book.record(
            PumpAttempted(payment_guid=payment_guid, attempt=attempt, outcome="no connector")
        )
        _retry_or_give_up(world, payment_guid, attempt, "no connector")
        return
    delivered, outcome = _attempt(world, payment, attempt)
    book.record(PumpAttempted(payment_guid=payment_guid, attempt=attempt, outcome=outcome))
    if delivered:
        book.record(PumpDelivered(payment_guid=payment_guid))
    else:
        _retry_or_give_up(world, payment_guid, attempt, outcome)


def _attempt(world: World, payment: Payment, attempt: int) -> tuple[bool, str]:
    """Tell the connector every invoice that was paid; return whether it took all, or why not.

    What it took already is told again with what it did not take: a repeat is harmless.
    """
    told = [_tell(world, payment, share, attempt) for share in payment.made.shares]
    failures = [outcome for delivered, outcome in told if not delivered]
    return not failures, failures[0] if failures else told[-1][1]


def _tell(world: World, payment: Payment, share: PaidInvoice, attempt: int) -> tuple[bool, str]:
    """Call the connector once; return whether it took the payment, and what came of it."""
    made = payment.made
    connector = world.connectors[made.biller]
    notice = _notice(world, payment, share)
    with world.journal.call(
        source="invoice_cloud",
        target="adapter",
        operation="Payment",
        request=notice,
        biller=made.biller,
        invoice_number=share.invoice_number,
        payment_guid=made.payment_guid,
    ) as entry:
        facts = {"biller": made.biller, "invoice_number": share.invoice_number}
        try:
            world.faults.strike("invoice_cloud", OPERATION, "before", facts)
            path = f"/billers/{made.biller}/payments"
            answer = call_connector(connector, "POST", path, body=notice)
            world.faults.strike("invoice_cloud", OPERATION, "after", facts)
        except (ConnectorError, FaultStruck) as error:
            outcome = f"no answer ({type(error).__name__})"
            entry.outcome = f"attempt {attempt}: {outcome}"
            return False, outcome
        entry.status, entry.response = answer.status, answer.document
        delivered = 200 <= answer.status < 300  # noqa: PLR2004  # any success
        outcome = f"{share.amount:.2f} taken over" if delivered else f"HTTP {answer.status}"
        entry.outcome = outcome if delivered else f"attempt {attempt}: {outcome}"
        return delivered, outcome


def _retry_or_give_up(world: World, payment_guid: str, attempt: int, outcome: str) -> None:
    if attempt <= len(RETRY_SECONDS):
        seconds = RETRY_SECONDS[attempt - 1]
        _schedule(world, payment_guid, attempt=attempt + 1, seconds=seconds)
        return
    reason = f"gave up after attempt {attempt}: {outcome}"
    world.book(InvoiceCloudBook).record(PumpGaveUp(payment_guid=payment_guid, reason=reason))
    world.journal.event(
        target="invoice_cloud", operation=OPERATION, outcome=reason, payment_guid=payment_guid
    )


def _notice(world: World, payment: Payment, share: PaidInvoice) -> dict[str, Any]:
    """Write a payment in the post-back's words (decision 0005)."""
    made = payment.made
    return {
        "BillerGUID": world.biller(made.biller).biller_guid,
        "PaymentGUID": made.payment_guid,
        "InvoiceNumber": share.invoice_number,
        "AccountNumber": share.account_number,
        "CustomerName": share.customer_name,
        "PaymentDate": f"{payment.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "PaymentAmount": f"{share.amount:.2f}",
        "ConvenienceFee": f"{share.fee:.2f}",
        "PaymentReference": made.reference,
        "PaymentMessage": made.message,
        "PaymentType": made.method,
        "Approved": "True" if made.approved else "False",
    }
