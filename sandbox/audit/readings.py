"""Every book read into the rows that the auditor compares, each book under its lock."""

from __future__ import annotations

from sandbox.audit.rows import (
    BatchEntryRow,
    BilledRow,
    EnrollmentRow,
    FileRow,
    LineRow,
    PaymentRow,
    ReceiptRow,
    RejectRow,
    ReversalRow,
    UnpaidRow,
)
from sandbox.fakes.invoice_cloud.book import (
    BilledInvoice,
    BillPosted,
    FileReceived,
    InvoiceCloudBook,
    PumpState,
)
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, PumpedChange
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchKey,
    BatchSettled,
    BatchType,
    ProcessorBook,
)
from sandbox.fakes.spectrum.book import ReceiptReversed, SpectrumBook


def receipts(book: SpectrumBook) -> tuple[ReceiptRow, ...]:
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
                policy_number=receipt.applied.policy_number,
                fee=receipt.applied.fee,
                full_name=receipt.applied.full_name,
                date_paid=receipt.applied.date_paid,
                transaction_id=receipt.applied.transaction_id,
                payment_type=receipt.applied.payment_type,
            )
            for receipt in book.receipts.values()
        )


def reversals(book: SpectrumBook) -> tuple[ReversalRow, ...]:
    with book.locked():
        return tuple(
            ReversalRow(
                receipt_id=recorded.event.receipt_id,
                reversal_id=recorded.event.reversal_id,
                reason=recorded.event.reason,
                reversed_at=recorded.at,
            )
            for recorded in book.events
            if isinstance(recorded.event, ReceiptReversed)
        )


def payments(book: InvoiceCloudBook) -> tuple[PaymentRow, ...]:
    with book.locked():
        return tuple(
            PaymentRow(
                biller=payment.made.biller,
                payment_guid=payment.made.payment_guid,
                invoice_number=share.invoice_number,
                amount=share.amount,
                approved=payment.made.approved,
                made_at=payment.made_at,
                account_number=share.account_number,
                customer_name=share.customer_name,
                fee=share.fee,
                method=payment.made.method,
                reference=payment.made.reference,
                returned_at=payment.returned_at,
                is_delivered=payment.pump is PumpState.DELIVERED,
            )
            for payment in book.payments.values()
            for share in payment.made.shares
        )


def files(book: InvoiceCloudBook) -> tuple[FileRow, ...]:
    """Return every accepted file; its lines are the bills posted from it up to the next file."""
    found: list[tuple[FileReceived, FileRow, list[LineRow]]] = []
    with book.locked():
        for recorded in book.events:
            match recorded.event:
                case FileReceived() as file:
                    row = FileRow(
                        file_name=file.file_name,
                        reference=file.reference,
                        header_count=file.header_count,
                        header_total=file.header_total,
                        body_count=file.body_count,
                        body_total=file.body_total,
                        received_at=recorded.at,
                        biller=file.biller,
                        file_guid=file.file_guid,
                    )
                    found.append((file, row, []))
                case BillPosted() as posted:
                    _lines_of(found, posted).append(_line(posted.invoice))
    return tuple(
        FileRow(**{**vars(row), "lines": tuple(lines)})
        for file, row, lines in found
        if file.accepted
    )


def _lines_of(
    found: list[tuple[FileReceived, FileRow, list[LineRow]]], posted: BillPosted
) -> list[LineRow]:
    """Return where the lines of the newest file of a bill's biller and name are gathered."""
    for file, _, lines in reversed(found):
        if (file.biller, file.file_name) == (posted.biller, posted.file_name) and file.accepted:
            return lines
    return []  # a bill without a file, such as a test posts


def _line(invoice: BilledInvoice) -> LineRow:
    return LineRow(
        invoice_number=invoice.invoice_number,
        account_number=invoice.account_number,
        customer_name=invoice.customer_name,
        email_address=invoice.email_address,
        address=invoice.address,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        autopay_date=invoice.autopay_date,
        total_due=invoice.total_due,
        details=invoice.details,
        allow_partial=invoice.allow_partial,
        notify_dates=invoice.notify_dates,
    )


def billed(book: InvoiceCloudBook) -> tuple[BilledRow, ...]:
    with book.locked():
        return tuple(
            BilledRow(
                biller=bill.biller,
                invoice_number=bill.invoice.invoice_number,
                total_due=bill.invoice.total_due,
                shown=bill.balance,
            )
            for bill in book.bills.values()
        )


def rejects(book: ProcessorBook) -> tuple[RejectRow, ...]:
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
                code=reject.event.code,
                account_number=share.account_number,
            )
            for reject in book.rejects.values()
            for share in reject.payment.made.shares
        )


def batch_entries(book: ProcessorBook) -> tuple[BatchEntryRow, ...]:
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
                fee=entry.fee,
                account_number=entry.account_number,
                settled_on=recorded.event.settled_on.isoformat(),
            )
            for recorded in book.events
            if isinstance(recorded.event, BatchSettled)
            for entry in recorded.event.entries
        )


def unpaid(book: ProcessorBook) -> tuple[UnpaidRow, ...]:
    """Return every share of a captured payment that its settled batch holds not."""
    found = []
    with book.locked():
        for captured in book.captured.values():
            made = captured.made
            key = BatchKey(made.biller, BatchType(made.method), captured.settles_on)
            batch = book.batches.get(key)
            if batch is None:
                continue
            paid_out = {(entry.payment_guid, entry.invoice_number) for entry in batch.entries}
            found += [
                UnpaidRow(
                    key=(made.biller, made.payment_guid, share.invoice_number),
                    settles_on=captured.settles_on.isoformat(),
                )
                for share in made.shares
                if (made.payment_guid, share.invoice_number) not in paid_out
            ]
    return tuple(found)


def changes(book: CustomersBook) -> tuple[EnrollmentRow, ...]:
    """Return every change of every account's enrolments, in order."""
    with book.locked():
        return tuple(_change(pumped) for pumped in book.changes.values())


def _change(pumped: PumpedChange) -> EnrollmentRow:
    change = pumped.change
    return EnrollmentRow(
        biller=change.biller,
        account_number=change.account_number,
        kind=change.kind.value,
        enrolled=change.enrolled,
        changed_at=pumped.changed_at,
        event_guid=change.event_guid,
        is_delivered=pumped.state == "delivered",
    )


def chosen(book: CustomersBook) -> frozenset[tuple[str, str, str]]:
    """Return biller, account and kind of whatever some login has enrolled."""
    with book.locked():
        return frozenset(
            (biller, account_number, kind.value)
            for ((biller, account_number), kind), settings in book.settings.items()
            if settings
        )
