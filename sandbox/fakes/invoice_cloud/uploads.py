"""UploadInvoiceFile (C1): a file is read, judged, and becomes bills, or changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from sandbox.fakes.invoice_cloud.bif import BifProblem, ParsedBif, parse_bif
from sandbox.fakes.invoice_cloud.book import BillPosted, FileReceived, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.autopay import plan_bill
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import Biller, next_guid
from sandbox.world.world import World

SUCCESS_MESSAGE = "File Received, Validated, and Imported"
PROBLEMS_TOLD = 10
NAME_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class UploadResult:
    """The typed answer of an upload; `outcome` is what the journal says of it."""

    success: bool
    error_message: str | None = None
    file_name: str | None = None
    file_guid: str | None = None
    message: str | None = None
    outcome: str


def receive_file(
    world: World, biller: Biller, sent_as: str, content: bytes | IO[bytes]
) -> UploadResult:
    """Judge a biller's file; an accepted one replaces the bills that it carries."""
    parsed = parse_bif(content)
    problems = [*_foreign_biller(parsed, biller), *parsed.problems]
    book = world.book(InvoiceCloudBook)
    with book.locked():
        stamp = world.clock.now().astimezone(SERVER_ZONE)
        file_name = f"{biller.number}_{stamp:%m%d%Y%H%M%S}.BIF"
        received = FileReceived(
            biller=biller.slug,
            file_name=file_name,
            file_guid=next_guid(world.chance(f"file:{len(book.files)}")),
            sent_as=sent_as[:NAME_KEPT],
            reference=parsed.header.get(3, "")[:NAME_KEPT],
            header_count=parsed.header_count,
            header_total=parsed.header_total,
            body_count=parsed.invoice_count,
            body_total=parsed.total,
            accepted=not problems,
            problems=tuple(str(problem) for problem in problems[:PROBLEMS_TOLD]),
        )
        book.record(received)
        if problems:
            return _refused(received, len(problems) + parsed.problem_count - len(parsed.problems))
        for invoice in parsed.invoices:
            book.record(BillPosted(biller=biller.slug, file_name=file_name, invoice=invoice))
            plan_bill(world, book.bills[biller.slug, invoice.invoice_number])
    return UploadResult(
        success=True,
        file_name=file_name,
        file_guid=received.file_guid,
        message=SUCCESS_MESSAGE,
        outcome=f"{_counted(parsed.invoice_count, 'invoice')}, {parsed.total:,.2f} in all: taken",
    )


def _foreign_biller(parsed: ParsedBif, biller: Biller) -> list[BifProblem]:
    told = parsed.header.get(2, "")
    if not told or told.lower() == biller.biller_guid.lower():
        return []
    return [BifProblem(row=1, file_spec_id=2, field="BillerGuid", value=told, rule="constant")]


def _refused(received: FileReceived, count: int) -> UploadResult:
    more = count - len(received.problems)
    told = "; ".join(received.problems)
    return UploadResult(
        success=False,
        error_message=f"{told}; and {more} more" if more else told,
        file_name=received.file_name,
        file_guid=received.file_guid,
        outcome=f"refused: {_counted(count, 'broken rule')}, nothing imported",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
