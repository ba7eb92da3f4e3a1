"""Cuts changed invoices into files that Invoice Cloud can take, and names those that none can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from adapter.bif.rows import FileHeader, RefusedInvoice
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifProfile, Invoice
from adapter.domain.upload import InvoiceFile

# ASP.NET takes requests of 4 MB by default (E4). A file sent as base64 grows by a third, one sent
# as text by its escapes; this leaves room for either and for the envelope.
FILE_BYTES_MAX = 2_900_000
# An invoice takes some 580 bytes: a file of so many fits as a rule, and what does not is halved.
FILE_INVOICES_MAX = 4000


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
    file_bytes_max: int
    file_invoices_max: int

    def write(self, invoices: Sequence[Invoice], reference: str) -> Written | None:
        """Write one file; None when it would be larger than the receiver takes."""
        header = FileHeader(
            profile=self.profile,
            reference=reference,
            created_on=self.now.astimezone(ZoneInfo(self.profile.time_zone)).date(),
        )
        out = BytesIO()
        written = write_bif(invoices, header, out)
        if written.size_bytes > self.file_bytes_max and len(invoices) > 1:
            return None
        if not written.invoice_count:
            return Written(file=None, refused=written.refused)
        left_out = {refused.invoice_number for refused in written.refused}
        file = InvoiceFile(
            biller=self.biller,
            reference=reference,
            content=out.getvalue(),
            invoice_count=written.invoice_count,
            total=written.total,
            as_of=self.as_of,
            fingerprints={
                invoice.invoice_number: invoice.fingerprint()
                for invoice in invoices
                if invoice.invoice_number not in left_out
            },
        )
        return Written(file=file, refused=written.refused)

    def files(
        self, invoices: Sequence[Invoice], references: Iterator[str]
    ) -> Iterator[tuple[Written, bool]]:
        """Yield the files one by one, each with whether it is the last.

        What is too large is halved until each part fits, each with its own true header. A
        reference is drawn for each file that is yielded.
        """
        starts = range(0, len(invoices), self.file_invoices_max)
        waiting = [invoices[at : at + self.file_invoices_max] for at in reversed(starts)]
        reference = next(references) if waiting else ""
        while waiting:
            part = waiting.pop()
            written = self.write(part, reference)
            if written is None:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
                continue
            yield written, not waiting
            if waiting:
                reference = next(references)
