"""Cuts changed invoices into files that Invoice Cloud can take, and names those that none can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from adapter.bif.problems import Problem, Rule
from adapter.bif.rows import FileHeader, RefusedInvoice
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifProfile, Invoice
from adapter.domain.upload import InvoiceFile
from adapter.ports import InvoiceUploadPort

# An invoice takes some 580 bytes, a third more in base64: so cut, a file fits as a rule, and what
# does not is halved.
INVOICE_BYTES = 800


@dataclass(frozen=True, kw_only=True)
class Written:
    """One file, or None when none of its invoices could be written, and who was left out."""

    file: InvoiceFile | None
    refused: tuple[RefusedInvoice, ...]


@dataclass(frozen=True, kw_only=True)
class FileMaker:
    """Makes a biller's files at a moment (UTC); `as_of` is when Spectrum's figures were told."""

    biller: str
    profile: BifProfile
    now: datetime
    as_of: datetime
    receiver: InvoiceUploadPort

    def write(self, invoices: Sequence[Invoice], reference: str) -> Written | None:
        """Write one file; None when it would be larger than the receiver takes."""
        header = FileHeader(
            profile=self.profile,
            reference=reference,
            created_on=self.now.astimezone(ZoneInfo(self.profile.time_zone)).date(),
        )
        out = BytesIO()
        written = write_bif(invoices, header, out)
        content = out.getvalue()
        if not written.invoice_count:
            return Written(file=None, refused=written.refused)
        if self.receiver.request_bytes(content) > self.receiver.request_bytes_max:
            return None if len(invoices) > 1 else self._refuse(invoices[0], len(content))
        left_out = {refused.invoice_number for refused in written.refused}
        billed = [invoice for invoice in invoices if invoice.invoice_number not in left_out]
        file = InvoiceFile(
            biller=self.biller,
            reference=reference,
            content=content,
            invoice_count=written.invoice_count,
            total=written.total,
            as_of=self.as_of,
            fingerprints={
                invoice.invoice_number: self.profile.fingerprint(invoice) for invoice in billed
            },
            rows={invoice.invoice_number: invoice.as_json() for invoice in billed},
        )
        return Written(file=file, refused=written.refused)

    def files(
        self, invoices: Sequence[Invoice], references: Iterator[str]
    ) -> Iterator[tuple[Written, bool]]:
        """Yield the files one by one, each with whether it is the last.

        What is too large is halved until each part fits, each with its own true header. A
        reference is drawn for each file that is yielded.
        """
        size = max(1, self.receiver.request_bytes_max // INVOICE_BYTES)
        start = 0
        while start < len(invoices):
            reference = next(references)
            part = invoices[start : start + size]
            while (written := self.write(part, reference)) is None:
                size = len(part) // 2
                part = part[:size]
            start += len(part)
            yield written, start >= len(invoices)

    def _refuse(self, invoice: Invoice, size: int) -> Written:
        """Leave out what no file could carry: sent all the same, it would hold up the others."""
        problem = Problem(
            row=None,
            file_spec_id=None,
            field=None,
            value=f"{size:,} bytes",
            rule=Rule.FORMAT,
            explanation=(
                "a file with nothing but this invoice is larger than Invoice Cloud takes, "
                f"{self.receiver.request_bytes_max:,} bytes with its envelope"
            ),
            remedy="shorten its texts, or raise bif.receiver_bytes_max where more is taken",
        )
        refused = RefusedInvoice(invoice_number=invoice.invoice_number, problems=(problem,))
        return Written(file=None, refused=(refused,))
