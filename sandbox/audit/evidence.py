"""What the auditor judges by: plain rows from every book and from the adapter's ops door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.audit.ledger_view import LedgerView, Report, Row
from sandbox.audit.rows import (
    BatchEntryRow,
    BilledRow,
    EnrollmentRow,
    FileRow,
    InvoiceRow,
    PaymentRow,
    ReceiptRow,
    RejectRow,
)
from sandbox.fakes.imt.book import ImtBook, PolicySettings
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.processor.book import BatchSettled, ProcessorBook
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.world import World

# The payment poll runs every two hours (C2), and reaches every payment made before it.
PAYMENT_POLL = timedelta(hours=2, minutes=15)
# Rejects and the change log are polled every three hours (C3, C5).
THREE_HOUR_POLL = timedelta(hours=3, minutes=30)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything at one moment. `reports` are texts that must be free of secrets."""

    world: World
    now: datetime
    at_rest: bool
    receipts: tuple[ReceiptRow, ...]
    invoices: tuple[InvoiceRow, ...]
    payments: tuple[PaymentRow, ...]
    files: tuple[FileRow, ...]
    billed: tuple[BilledRow, ...]
    rejects: tuple[RejectRow, ...]
    batch_entries: tuple[BatchEntryRow, ...]
    enrollments: tuple[EnrollmentRow, ...]
    settings: Mapping[tuple[str, str], PolicySettings]
    deliveries: tuple[Row, ...]
    exceptions: tuple[Row, ...]
    uploads: tuple[Row, ...]
    reversals: tuple[Row, ...]
    settlements: tuple[Row, ...]
    pushes: tuple[Row, ...]
    unreachable: tuple[str, ...]
    reports: tuple[Report, ...]

    def is_young(self, made_at: datetime) -> bool:
        """Tell whether the next payment poll after this payment is still to come."""
        return self.now - made_at < PAYMENT_POLL

    def is_fresh(self, moment: datetime) -> bool:
        """Tell whether the next poll of rejects and of the change log is still to come."""
        return self.now - moment < THREE_HOUR_POLL

    def goes_on(self, row: Row) -> bool:
        """Tell whether somebody will still look at a row of the ledger: at rest, only later."""
        waits = row["next_at"] and datetime.fromisoformat(row["next_at"]) > self.now
        return bool(waits) or not self.at_rest


def gather(world: World) -> Evidence:
    """Read every book and the adapter's ledger as they stand now."""
    view = LedgerView(world)
    ledger = view.read()
    now = world.clock.now()
    pending = world.clock.pending()
    return Evidence(
        world=world,
        now=now,
        at_rest=not world.journal.open_calls and not (pending and pending[0].at <= now),
        receipts=_receipts(world.book(SpectrumBook)),
        invoices=_invoices(world.book(SpectrumBook)),
        payments=_payments(world.book(InvoiceCloudBook)),
        files=_files(world.book(InvoiceCloudBook)),
        billed=_billed(world.book(InvoiceCloudBook)),
        rejects=_rejects(world.book(ProcessorBook)),
        batch_entries=_batch_entries(world.book(ProcessorBook)),
        enrollments=_enrollments(world.book(CustomersBook)),
        settings=dict(world.book(ImtBook).settings),
        deliveries=ledger.deliveries,
        exceptions=ledger.exceptions,
        uploads=ledger.uploads,
        reversals=ledger.reversals,
        settlements=ledger.settlements,
        pushes=ledger.enrollments,
        unreachable=ledger.unreachable,
        reports=(Report(name="the journal", text=world.journal.as_lines()), *ledger.reports),
    )


def _receipts(book: SpectrumBook) -> tuple[ReceiptRow, ...]:
    with book.locked():
        return tuple(
            ReceiptRow(
                biller=receipt.applied.biller,
                receipt_id=receipt.id,
                invoice_number=receipt.applied.invoice_number,
                reference_number=receipt.applied.reference_number,
                amount=receipt.applied.amount,
                vendor=receipt.applied.online_vendor,
                applied_at=receipt.applied_at,
                reversed_at=receipt.reversed_at,
                unapplied=receipt.applied.unapplied,
            )
            for receipt in book.receipts.values()
        )


def _invoices(book: SpectrumBook) -> tuple[InvoiceRow, ...]:
    with book.locked():
        return tuple(
            InvoiceRow(
                biller=invoice.biller,
                invoice_number=invoice.number,
                billed=invoice.billed,
                adjusted=invoice.adjusted,
                reversed=invoice.reversed,
                balance=invoice.balance,
            )
            for invoice in book.invoices.values()
        )


def _payments(book: InvoiceCloudBook) -> tuple[PaymentRow, ...]:
    with book.locked():
        return tuple(
            PaymentRow(
                biller=payment.made.biller,
                payment_guid=payment.made.payment_guid,
                invoice_number=share.invoice_number,
                amount=share.amount,
                approved=payment.made.approved,
                made_at=payment.made_at,
            )
            for payment in book.payments.values()
            for share in payment.made.shares
        )


def _files(book: InvoiceCloudBook) -> tuple[FileRow, ...]:
    with book.locked():
        return tuple(
            FileRow(
                file_name=file.file_name,
                reference=file.reference,
                header_count=file.header_count,
                header_total=file.header_total,
                body_count=file.body_count,
                body_total=file.body_total,
                received_at=at,
            )
            for at, file in book.files
            if file.accepted
        )


def _billed(book: InvoiceCloudBook) -> tuple[BilledRow, ...]:
    with book.locked():
        return tuple(
            BilledRow(
                biller=bill.biller,
                invoice_number=bill.invoice.invoice_number,
                total_due=bill.invoice.total_due,
            )
            for bill in book.bills.values()
        )


def _rejects(book: ProcessorBook) -> tuple[RejectRow, ...]:
    with book.locked():
        return tuple(
            RejectRow(
                biller=reject.payment.made.biller,
                reject_guid=reject.event.reject_guid,
                payment_guid=reject.event.payment_guid,
                invoice_number=share.invoice_number,
                amount=share.amount,
                rejected_at=reject.rejected_at,
                goes_back=reject.event.goes_back,
            )
            for reject in book.rejects.values()
            for share in reject.payment.made.shares
        )


def _batch_entries(book: ProcessorBook) -> tuple[BatchEntryRow, ...]:
    with book.locked():
        return tuple(
            BatchEntryRow(
                biller=recorded.event.biller,
                batch_id=recorded.event.batch_id,
                transaction=entry.transaction.value.lower(),
                payment_guid=entry.payment_guid,
                invoice_number=entry.invoice_number,
                amount=entry.amount,
                settled_at=recorded.at,
            )
            for recorded in book.events
            if isinstance(recorded.event, BatchSettled)
            for entry in recorded.event.entries
        )


def _enrollments(book: CustomersBook) -> tuple[EnrollmentRow, ...]:
    last: dict[tuple[str, str, str], EnrollmentRow] = {}
    with book.locked():
        for pumped in book.changes.values():
            change = pumped.change
            last[change.biller, change.account_number, change.kind.value] = EnrollmentRow(
                biller=change.biller,
                account_number=change.account_number,
                kind=change.kind.value,
                enrolled=change.enrolled,
                changed_at=pumped.changed_at,
            )
    return tuple(last.values())
