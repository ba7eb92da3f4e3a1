"""The data pump: delivers each approved payment to the connector, with retries (decision 0010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.fakes.invoice_cloud import pump
from sandbox.fakes.invoice_cloud.book import (
    InvoiceCloudBook,
    PaidInvoice,
    Payment,
    PumpAttempted,
    PumpDelivered,
    PumpGaveUp,
)
from sandbox.fakes.invoice_cloud.connector import ConnectorAnswer, call_connector
from sandbox.fakes.invoice_cloud.direct import post_receipt
from sandbox.world.world import World

LABEL = "data_pump"
OPERATION = "DataPump"


def schedule_delivery(world: World, payment_guid: str) -> None:
    """Deliver a payment for the first time, a little after it was made."""
    made = world.book(InvoiceCloudBook).payments[payment_guid].made
    pump.schedule(world, PaymentDelivery(world, payment_guid, made.biller))


@dataclass(frozen=True)
class PaymentDelivery:
    """One payment on its way to the connector, every invoice that it paid."""

    world: World
    payment_guid: str
    biller: str
    label: str = LABEL

    def attempt(self, attempt: int) -> tuple[bool, str]:
        """Tell every invoice that was paid; return whether all were taken, or why not.

        What was taken already is told again with what was not: a repeat is harmless.
        """
        payment = self.world.book(InvoiceCloudBook).payments[self.payment_guid]
        told = [self._tell(payment, share, attempt) for share in payment.made.shares]
        failures = [outcome for delivered, outcome in told if not delivered]
        return not failures, failures[0] if failures else told[-1][1]

    def note_attempt(self, attempt: int, outcome: str) -> None:
        self._record(
            PumpAttempted(payment_guid=self.payment_guid, attempt=attempt, outcome=outcome)
        )

    def note_delivered(self) -> None:
        self._record(PumpDelivered(payment_guid=self.payment_guid))

    def note_gave_up(self, reason: str) -> None:
        self._record(PumpGaveUp(payment_guid=self.payment_guid, reason=reason))
        self.world.journal.event(
            target="invoice_cloud",
            operation=OPERATION,
            outcome=reason,
            payment_guid=self.payment_guid,
        )

    def _record(self, event: Any) -> None:
        self.world.book(InvoiceCloudBook).record(event)

    def _tell(self, payment: Payment, share: PaidInvoice, attempt: int) -> tuple[bool, str]:
        notice = _notice(self.world, payment, share)
        facts = {"biller": self.biller, "invoice_number": share.invoice_number}
        with self.world.journal.call(
            **pump.target_of(self.world, self.biller, "spectrum"),
            operation="Payment",
            request=notice,
            payment_guid=self.payment_guid,
            **facts,
        ) as entry:

            def send() -> ConnectorAnswer:
                return self._send(payment, share, notice)

            taken, outcome = pump.call(
                self.world, entry, OPERATION, send, facts=facts, attempt=attempt
            )
            if taken:
                entry.outcome = outcome = f"{share.amount:.2f} {outcome}"
            return taken, outcome

    def _send(
        self, payment: Payment, share: PaidInvoice, notice: dict[str, Any]
    ) -> ConnectorAnswer:
        connector = self.world.connectors[self.biller]
        if connector.direct:
            return post_receipt(self.world, self.world.biller(self.biller), payment, share)
        return call_connector(connector, "POST", f"/billers/{self.biller}/payments", body=notice)


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
