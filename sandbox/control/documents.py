"""How the control API tells worlds, moments and connection settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.world.billers import Biller, SpectrumCredentials
from sandbox.world.world import World

# Assumed (decision 0019).
IMT_COOKIE_NAME = "authorization"
# Which of Invoice Cloud's SOAP services serves an operation.
SERVICES = {
    "UploadInvoiceFile": "InvoiceFileUploadSOAP",
    "PaymentReportingDataSetFromGMT": "PaymentReportingSOAP",
    "ACHRejectReportingDataSetFromGMT": "ACHRejectReportingSOAP",
    "BillerSettledBatchDetailDataSet": "BillerSettledBatchDetailSOAP",
    "BillerAutoPayCustomerReportDataSet": "BillerAutoPayCustomerReportSOAP",
    "BillerPaperlessCustomerReportDataSet": "BillerAutoPayCustomerReportSOAP",
}


def utc_text(moment: datetime) -> str:
    """Write a moment such as 2026-01-05T08:00:00Z, with a fraction only where it has one."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def world_summary(world: World) -> dict[str, Any]:
    return {
        "name": world.name,
        "seed": world.seed,
        "now": utc_text(world.clock.now()),
        "virtual": world.clock.is_virtual,
        "base_url": world.base_url,
    }


def world_document(world: World) -> dict[str, Any]:
    """Tell everything that a client needs to connect to each biller of a world."""
    return {
        **world_summary(world),
        "billers": [_biller_document(world, biller) for biller in world.billers],
    }


def _biller_document(world: World, biller: Biller) -> dict[str, Any]:
    portal = f"{world.base_url}/invoicecloud/portal"
    services = f"{portal}/webservices"
    return {
        "slug": biller.slug,
        "name": biller.name,
        "time_zone": biller.time_zone,
        "spectrum": {
            "base_url": f"{world.base_url}/spectrum/wsSpectrumAPICore",
            **_credentials(biller.payment_credentials),
            "rtdr": _credentials(biller.rtdr_credentials),
            "extract_url": f"{world.base_url}/spectrum/extract/v1",
            "policy_url_template": f"{world.base_url}/spectrum/policies/{{policy_number}}",
        },
        "imt": {
            "base_url": f"{world.base_url}/imt",
            "company_id": biller.imt.company_id,
            "username": biller.imt.username,
            "password": biller.imt.password,
            "cookie_name": IMT_COOKIE_NAME,
            "portal_url": f"{world.base_url}/imt/{biller.imt.company_id}/portal/",
        },
        "invoice_cloud": {
            "biller_guid": biller.biller_guid,
            "web_service_key": biller.web_service_key,
            "invoice_format_guid": biller.invoice_format_guid,
            "rest_base_url": f"{world.base_url}/invoicecloud/api/v1",
            "api_key": biller.api_key,
            "web_services_url": services,
            "wsdl_urls": {
                operation: f"{services}/{service}.asmx?WSDL"
                for operation, service in SERVICES.items()
            },
            "pages": {
                "virtual_site": f"{portal}/site/{biller.slug}",
                "customer_portal": f"{portal}/customer/{biller.slug}",
                "biller_portal": f"{portal}/biller/{biller.slug}",
            },
        },
    }


def _credentials(credentials: SpectrumCredentials) -> dict[str, str]:
    return {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }
