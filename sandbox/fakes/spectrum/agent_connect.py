"""Spectrum's outgoing call: Invoice Cloud opens a page on which an agent takes a payment (D5)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from sandbox.fakes.outgoing import outgoing
from sandbox.fakes.spectrum.book import Invoice, money_text
from sandbox.world.billers import Biller
from sandbox.world.world import World

OPERATION = "GenerateOneTimePaymentUrl"
PATH = "/invoicecloud/agentconnectapi/OneTimePayment/GenerateOneTimePaymentUrl"
TIMEOUT_SECONDS = 30.0
# Public code names an agent so (facts of AgentConnect).
AGENT = "CSR"


class PayNowError(Exception):
    """No page was opened: what happened, and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def open_payment_page(
    world: World, biller: Biller, invoices: Sequence[Invoice], *, return_url: str
) -> str:
    """Return the address of the page that pays a policy's invoices; PayNowError without one."""
    first = invoices[0]
    body = _body(invoices, return_url)
    with world.journal.call(
        source="spectrum",
        target="invoice_cloud",
        operation=OPERATION,
        request=body,
        biller=biller.slug,
        invoice_number=first.number,
    ) as entry:
        try:
            status, document = _post(f"{world.base_url}{PATH}", biller, body)
            entry.status = status
            url = _read(status, document)
        except PayNowError as error:
            entry.outcome = error.message
            raise
        entry.outcome = "AgentConnect opens"
        return url


def _body(invoices: Sequence[Invoice], return_url: str) -> dict[str, Any]:
    policy = invoices[0].policy
    return {
        "UserLogName": AGENT,
        "ReturnURL": return_url,
        "Customers": [
            {
                "AccountNumber": policy.policy_number,
                "Name": policy.customer_name,
                "Address": policy.address1,
                "City": policy.city,
                "State": policy.state,
                "Zip": policy.zip_code,
                "EmailAddress": policy.email_address,
                "Invoices": [_invoice(invoice) for invoice in invoices],
            }
        ],
    }


def _invoice(invoice: Invoice) -> dict[str, str]:
    return {
        "InvoiceNumber": invoice.number,
        "BalanceDue": money_text(invoice.balance),
        "DueDate": f"{invoice.policy.due_date:%m/%d/%Y}",
        "InvoiceDate": f"{invoice.policy.invoice_date:%m/%d/%Y}",
    }


def _post(url: str, biller: Biller, body: dict[str, Any]) -> tuple[int, Any]:
    import httpx

    key = base64.b64encode(f"{biller.api_key}:".encode()).decode()
    try:
        answer = outgoing("Spectrum", TIMEOUT_SECONDS).post(
            url, json=body, headers={"Authorization": f"Basic {key}"}
        )
        return answer.status_code, answer.json()
    except (httpx.RequestError, ValueError) as error:
        raise PayNowError(
            f"Invoice Cloud does not answer ({type(error).__name__})", "Try again in a moment"
        ) from error


def _read(status: int, document: Any) -> str:
    told = document if isinstance(document, dict) else {}
    data = told.get("Data")
    url = data.get("AgentConnectUrl") if isinstance(data, dict) else None
    if status == 200 and isinstance(url, str):  # noqa: PLR2004  # OK
        return url
    if status == 404:  # noqa: PLR2004  # Not Found
        raise PayNowError(
            "Invoice Cloud does not know this invoice yet",
            "It is told with the next hourly invoice file",
        )
    raise PayNowError(
        f"Invoice Cloud refused to open a page: {told.get('Message') or f'HTTP {status}'}",
        "Take the payment at the Virtual Site instead",
    )
