"""The Biller Portal (D5): a carrier sees its payments, rejects, settled batches and files.

The sandbox opens it without a log-in, as it shows everything of its synthetic carriers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.pages.visit import Visit
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook

T = TypeVar("T")

# Of each list the latest; the reports tell everything.
ROWS_MAX = 50
PROBLEMS_SHOWN = 5


def show(visit: Visit) -> AnyResponse:
    slug = visit.biller.slug
    book = visit.world.book(InvoiceCloudBook)
    processor = visit.world.book(ProcessorBook)
    with book.locked(), processor.locked():
        payments = [one for one in book.payments.values() if one.made.biller == slug]
        files = [(at, file) for at, file in book.files if file.biller == slug]
        rejects = [r for r in processor.rejects.values() if r.payment.made.biller == slug]
        batches = [batch for batch in processor.batches.values() if batch.biller == slug]
    return visit.page(
        "biller_portal",
        counts={
            "payments": len(payments),
            "rejects": len(rejects),
            "batches": len(batches),
            "files": len(files),
        },
        rows_max=ROWS_MAX,
        problems_shown=PROBLEMS_SHOWN,
        payments=_latest(payments),
        rejects=_latest(rejects),
        batches=_latest(batches),
        files=_latest(files),
        rejected={r.event.payment_guid: r for r in rejects if r.event.goes_back},
    )


def _latest(rows: Sequence[T]) -> list[T]:
    return list(islice(reversed(rows), ROWS_MAX))
