"""Every fake by its partner's name: what it serves, where, and which book it keeps."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fake:
    """One partner. Each `module:name` is imported when it is first needed, not before.

    A fake serves its paths by a Flask `blueprint`, or by a WSGI `application` that takes every
    path below `prefix`. `operations` are those that a fault can wait for.
    """

    book: str
    operations: tuple[str, ...]
    blueprint: str | None = None
    application: str | None = None
    prefix: str = ""


FAKES: dict[str, Fake] = {
    "spectrum": Fake(
        book="sandbox.fakes.spectrum.book:SpectrumBook",
        operations=(
            "Token",
            "InvoiceBalanceDue",
            "OnlineReceipt",
            "ExtractInvoices",
            "ExtractReceipts",
        ),
        blueprint="sandbox.fakes.spectrum.api:blueprint",
    ),
    "invoice_cloud": Fake(
        book="sandbox.fakes.invoice_cloud.book:InvoiceCloudBook",
        operations=("UploadInvoiceFile", "PaymentReportingDataSetFromGMT", "DataPump"),
        application="sandbox.fakes.invoice_cloud.soap:application",
        prefix="/invoicecloud/portal/webservices/",
    ),
}


def load(reference: str) -> Any:
    """Return what a `module:name` of the registry stands for."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
