"""Every fake by its partner's name: what it serves, where, and which books it keeps."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True)
class Fake:
    """One partner. Each `module:name` is imported when it is first needed, not before.

    A fake serves its paths by Flask `blueprints`, and by a WSGI `application` that takes every
    path below `prefix`. `operations` are those that a fault can wait for. A partner may keep
    several `books`; together they are its truth.
    """

    books: tuple[str, ...]
    operations: tuple[str, ...]
    blueprints: tuple[str, ...] = ()
    application: str | None = None
    prefix: str = ""


FAKES: dict[str, Fake] = {
    "spectrum": Fake(
        books=(
            "sandbox.fakes.spectrum.book:SpectrumBook",
            "sandbox.fakes.spectrum.changes:ChangesBook",
        ),
        operations=(
            "Token",
            "InvoiceBalanceDue",
            "OnlineReceipt",
            "ExtractInvoices",
            "ExtractReceipts",
            "ReceiveReversal",
        ),
        blueprints=(
            "sandbox.fakes.spectrum.api:blueprint",
            "sandbox.fakes.spectrum.policies:blueprint",
        ),
    ),
    "imt": Fake(
        books=("sandbox.fakes.imt.book:ImtBook",),
        operations=("Sessions", "Settings"),
        blueprints=("sandbox.fakes.imt.api:blueprint", "sandbox.fakes.imt.portal:blueprint"),
    ),
    "invoice_cloud": Fake(
        books=(
            "sandbox.fakes.invoice_cloud.book:InvoiceCloudBook",
            "sandbox.fakes.invoice_cloud.processor.book:ProcessorBook",
            "sandbox.fakes.invoice_cloud.customers.book:CustomersBook",
            "sandbox.fakes.invoice_cloud.customers.wallet:WalletBook",
        ),
        operations=(
            "UploadInvoiceFile",
            "PaymentReportingDataSetFromGMT",
            "ACHRejectReportingDataSetFromGMT",
            "BillerSettledBatchDetailDataSet",
            "BillerAutoPayCustomerReportDataSet",
            "BillerPaperlessCustomerReportDataSet",
            "BillerStatus",
            "RetrieveCustomerGuid",
            "CustomerAccount",
            "CreateCustomerRecord",
            "RetrieveUsers",
            "RegisterAccounts",
            "UpdatePassword",
            "RemoteAuthentication",
            "GenerateOneTimePaymentUrl",
            "CloudSSO",
            "DataPump",
            "EnrollmentPump",
            "AutoPay",
        ),
        blueprints=(
            "sandbox.fakes.invoice_cloud.rest.api:blueprint",
            "sandbox.fakes.invoice_cloud.rest.cloud_sso:blueprint",
            "sandbox.fakes.invoice_cloud.portal.api:blueprint",
            "sandbox.fakes.invoice_cloud.pages.site_map:blueprint",
        ),
        application="sandbox.fakes.invoice_cloud.soap:application",
        prefix="/invoicecloud/portal/webservices/",
    ),
}


def load(reference: str) -> Any:
    """Return what a `module:name` of the registry stands for."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


def state_of(world: World, partner: str) -> dict[str, Any]:
    """Return a partner's books as one JSON document; each book brings names of its own."""
    state: dict[str, Any] = {}
    for reference in FAKES[partner].books:
        state |= world.book(load(reference)).as_json()
    return state
