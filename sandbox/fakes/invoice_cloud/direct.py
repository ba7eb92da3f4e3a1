"""Invoice Cloud calling Spectrum and IMT itself, as in life, past any adapter (decision 0025).

Each call signs on afresh: a token or a session is asked for before anything else.
"""

from __future__ import annotations

from typing import Any

from sandbox.fakes.invoice_cloud.book import PaidInvoice, Payment
from sandbox.fakes.invoice_cloud.connector import ConnectorAnswer, call_partner
from sandbox.world.billers import Biller, SpectrumCredentials
from sandbox.world.world import World

JSON_API = {"Content-Type": "application/vnd.api+json", "Accept": "application/vnd.api+json"}


def ask_balance(world: World, biller: Biller, invoice_number: str) -> ConnectorAnswer:
    """Ask Spectrum for a balance with settings 8 to 10; the answer is as an adapter's would be."""
    base = f"{world.base_url}/spectrum/wsSpectrumAPICore/api"
    token = _token(base, biller.rtdr_credentials)
    answer = call_partner(
        "GET",
        f"{base}/Invoice/InvoiceBalanceDue",
        headers=token,
        params={"invoiceNumber": invoice_number},
    )
    attributes = _inside(answer.document, "data", "attributes")
    told = attributes.get("balanceDue")
    return ConnectorAnswer(status=answer.status, document=told and {"balanceDue": told})


def post_receipt(
    world: World, biller: Biller, payment: Payment, share: PaidInvoice
) -> ConnectorAnswer:
    """Post one invoice's share of a payment to Spectrum with settings 11 to 13."""
    base = f"{world.base_url}/spectrum/wsSpectrumAPICore/api"
    made = payment.made
    receipt = {
        "invoiceNumber": share.invoice_number,
        "policyNumber": share.account_number,
        "fullName": share.customer_name,
        "datePaid": f"{payment.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "referenceNumber": made.payment_guid,
        "amount": f"{share.amount:.2f}",
        "fee": f"{share.fee:.2f}",
        "transactionID": made.reference,
        "transactionMessage": made.message,
        "paymentType": made.method,
        "approved": made.approved,
        "onlineVendor": "InvoiceCloud",
    }
    token = _token(base, biller.payment_credentials)
    return call_partner("POST", f"{base}/OnlineReceipt", headers=token, json=receipt)


def change_setting(
    world: World, biller: Biller, account_number: str, method: str, attributes: dict[str, Any]
) -> ConnectorAnswer:
    """Change a policy's settings at IMT: POST for paperless, PATCH for the bill mode."""
    base = f"{world.base_url}/imt/{biller.imt.company_id}/api"
    credentials = {"username": biller.imt.username, "password": biller.imt.password}
    session = {"id": "0", "type": "sessions", "attributes": credentials}
    opened = call_partner("POST", f"{base}/sessions/", headers=JSON_API, json={"data": session})
    policy = {"type": "policy-settings", "id": account_number, "attributes": attributes}
    cookies = "; ".join(f"{name}={value}" for name, value in opened.cookies.items())
    headers = {**JSON_API, "Cookie": cookies}
    url = f"{base}/settings/{account_number}/"
    return call_partner(method, url, headers=headers, json={"data": policy})


def _token(base: str, credentials: SpectrumCredentials) -> dict[str, str]:
    wanted = {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }
    answer = call_partner("POST", f"{base}/Token", json=wanted)
    token = _inside(answer.document, "data", "attributes").get("token", "")
    return {"Authorization": f"Bearer {token}"}


def _inside(document: Any, *path: str) -> dict[str, Any]:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
