"""A stranger's client: knows one URL, has read none of our code, speaks HTTP and SOAP."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import zeep


def fetch(url, *, body=None, bearer=None):
    request = urllib.request.Request(url, method="POST" if body else "GET")  # noqa: S310
    if body:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # loopback
        return json.load(answer)


def bif_of(biller, invoice):
    """Write a one-invoice file by hand, as another vendor's system would."""
    amount, guid = invoice["balance_due"], biller["invoice_cloud"]["biller_guid"]
    form = biller["invoice_cloud"]["invoice_format_guid"]
    number, policy = invoice["invoice_number"], invoice["policy_number"]
    return f"""\
1~FH|2~{guid}|3~BYHAND1|4~01/05/2026|5~1|6~{amount}
7~IH|8~R|9~{form}|10~{number}|11~12/20/2025|12~01/20/2026|13~{amount}|20~0|21~{amount}\
|183~Spectrum|248~|252~1|375~1
58~CR|59~{policy}|60~Ada Miller|61~12 Oak St|62~|63~Camp Point|64~IL|65~62320|67~\
|356~0|357~0|409~1
70~ID|72~{policy}|79~{amount}
"""


@pytest.mark.requirement("A1", "A2", "A3", "C1", "C2", "E1")
def test_a_stranger_gets_token_balance_receipt_upload_and_report(world):
    told = fetch(f"{world.base_url}/_sandbox/worlds/{world.name}")
    biller = told["billers"][0]
    spectrum = biller["spectrum"]

    login = {name: spectrum[name] for name in ("token", "username", "password")}
    answer = fetch(f"{spectrum['base_url']}/api/Token", body=login)
    bearer = answer["data"]["attributes"]["token"]
    assert answer["data"]["type"] == "jwtToken"

    invoice = fetch(f"{world.base_url}/_sandbox/state")["spectrum"]["invoices"][0]
    number = invoice["invoice_number"]
    balance = fetch(
        f"{spectrum['base_url']}/api/Invoice/InvoiceBalanceDue?invoiceNumber={number}",
        bearer=bearer,
    )
    assert Decimal(balance["data"]["attributes"]["balanceDue"]) == Decimal(invoice["balance_due"])

    keys = {
        "BillerGUID": biller["invoice_cloud"]["biller_guid"],
        "WebServiceKey": biller["invoice_cloud"]["web_service_key"],
    }
    urls = biller["invoice_cloud"]["wsdl_urls"]
    upload = zeep.Client(urls["UploadInvoiceFile"]).service
    uploaded = upload.UploadInvoiceFile(
        **keys, FileName="BYHAND1.BIF", InvoiceFile=bif_of(biller, invoice)
    )
    assert uploaded.Success, uploaded.ErrorMessage

    order = {"invoice_number": number, "card_number": "4111111111111111"}
    paid = fetch(f"{world.base_url}/_sandbox/payers/payments", body=order)
    report = zeep.Client(urls["PaymentReportingDataSetFromGMT"]).service
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rows = report.PaymentReportingDataSetFromGMT(
        **keys, StartDateGMT=start, EndDateGMT=start + timedelta(days=1)
    )["_value_1"]["_value_1"]
    assert rows[0]["Table"]["PaymentGUID"] == paid["payment_guid"]
    assert rows[0]["Table"]["PaymentAmount"] == Decimal(invoice["balance_due"])

    receipt = fetch(
        f"{spectrum['base_url']}/api/OnlineReceipt",
        bearer=bearer,
        body={
            "invoiceNumber": number,
            "policyNumber": invoice["policy_number"],
            "fullName": "Ada Miller",
            "datePaid": "2026-01-05T08:00:00Z",
            "referenceNumber": paid["payment_guid"],
            "amount": invoice["balance_due"],
            "fee": "0.00",
            "transactionID": "T-1",
            "transactionMessage": "Approved",
            "paymentType": "CreditCard",
            "approved": True,
            "onlineVendor": "InvoiceCloud",
        },
    )
    assert receipt["receiptID"]
    after = fetch(f"{world.base_url}/_sandbox/state")["spectrum"]["invoices"][0]
    assert after["balance_due"] == "0.00"
