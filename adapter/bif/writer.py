"""Writes a BIF: streams the rows, heads them with their true figures, reads the file back (E3)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO

from adapter.bif.check import check_bif
from adapter.bif.problems import Problem, Rule
from adapter.bif.reader import ROW_BYTES_MAX
from adapter.bif.rows import FileHeader, InvoiceRows, RefusedInvoice
from adapter.domain.invoice import Invoice
from adapter.domain.money import ZERO, money_text
from adapter.errors import AdapterError

# Rows of this many invoices are encoded and written at once: some 160 kB.
BATCH_INVOICES = 512
# A body beyond this waits on disk for its header.
SPOOL_BYTES_MAX = 8 * 1024 * 1024
COPY_BYTES = 1024 * 1024
# Rows of so many characters in all can't be too long in UTF-8, and need no closer look.
ROWS_SHORT_ENOUGH = ROW_BYTES_MAX // 4
# The largest TotalInvoiceAmount that the header's money format can say.
TOTAL_MAX = Decimal("999999999999999.99")


@dataclass(frozen=True, kw_only=True)
class WrittenBif:
    """What a written file holds, and which invoices it could not take.

    The header's figures count only what is in the body. Whoever writes a file reports each
    refused invoice as an exception: its payer would otherwise never be billed.
    """

    invoice_count: int
    total: Decimal
    size_bytes: int
    refused: tuple[RefusedInvoice, ...]


def write_bif(invoices: Iterable[Invoice], header: FileHeader, out: IO[bytes]) -> WrittenBif:
    """Write the invoices to `out`, a binary file open for writing and reading at its end.

    The invoices are taken once and in their order, so any iterator will do. Memory holds one
    batch, the invoice numbers seen and the refusals. Raises ConfigurationError or BadInputError
    for a header that no file could carry, before anything is written.
    """
    header.row(invoice_count=0, total=ZERO)
    start = out.tell()
    with SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX) as body:
        writing = _Body(header, body)
        writing.take(invoices)
        head = header.row(invoice_count=writing.invoice_count, total=writing.total)
        out.write(f"{head}\n".encode())
        body.seek(0)
        shutil.copyfileobj(body, out, COPY_BYTES)
    written = WrittenBif(
        invoice_count=writing.invoice_count,
        total=writing.total,
        size_bytes=out.tell() - start,
        refused=tuple(writing.refused),
    )
    _read_back(out, start, written)
    return written


class _Body:
    """The rows below the header, with the figures that the header will tell."""

    def __init__(self, header: FileHeader, out: IO[bytes]) -> None:
        self._rows = InvoiceRows(header.profile)
        self._out = out
        self._seen: set[str] = set()
        self.invoice_count = 0
        self.total = ZERO
        self.refused: list[RefusedInvoice] = []

    def take(self, invoices: Iterable[Invoice]) -> None:
        batch: list[str] = []
        for invoice in invoices:
            rows = self._rows.write(invoice)
            if isinstance(rows, RefusedInvoice):
                self.refused.append(rows)
            elif problem := self._unfit(invoice, rows):
                self.refused.append(
                    RefusedInvoice(invoice_number=invoice.invoice_number, problems=(problem,))
                )
            else:
                self._seen.add(invoice.invoice_number)
                self.total += invoice.amount_due
                batch.append(rows)
                if len(batch) == BATCH_INVOICES:
                    self._flush(batch)
        self._flush(batch)

    def _flush(self, batch: list[str]) -> None:
        self._out.write("".join(batch).encode())
        self.invoice_count += len(batch)
        batch.clear()

    def _unfit(self, invoice: Invoice, rows: str) -> Problem | None:
        """Return why an invoice whose values are right can't stand in this file."""
        if len(rows) > ROWS_SHORT_ENOUGH and (problem := _too_long(rows)):
            return problem
        if invoice.invoice_number in self._seen:
            return Problem(
                row=None,
                file_spec_id=10,
                field="InvoiceNumber",
                value=invoice.invoice_number,
                rule=Rule.DUPLICATE_INVOICE,
                explanation="an invoice stands once in a file",
                remedy="send it once, with its latest figures",
            )
        if self.total + invoice.amount_due > TOTAL_MAX:
            return Problem(
                row=None,
                file_spec_id=13,
                field="TotalAmountDue",
                value=money_text(invoice.amount_due),
                rule=Rule.TOTAL,
                explanation=f"TotalInvoiceAmount can't say more than {TOTAL_MAX}",
                remedy="look whether the balance is right, or send it in a file of its own",
            )
        return None


def _too_long(rows: str) -> Problem | None:
    longest = max(rows.splitlines(), key=len)
    if len(longest.encode()) <= ROW_BYTES_MAX:
        return None
    return Problem(
        row=None,
        file_spec_id=None,
        field="",
        value=longest,
        rule=Rule.FORMAT,
        explanation=f"a row has at most {ROW_BYTES_MAX:,} bytes",
        remedy="shorten the longest of its texts",
    )


def _read_back(out: IO[bytes], start: int, written: WrittenBif) -> None:
    """Compare what stands in the file with what was meant to; a difference is our own fault."""
    out.seek(start)
    report = check_bif(out, advise=False)
    if not report.problem_count and (report.invoice_count, report.total) == (
        written.invoice_count,
        written.total,
    ):
        return
    found = report.problems[0].render("the file") if report.problems else "other figures"
    raise AdapterError(f"the BIF does not read back as it was written, do not send it: {found}")
