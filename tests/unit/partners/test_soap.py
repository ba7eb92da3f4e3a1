"""SOAP requests built from the committed WSDLs, without a network and without a surprise."""

import base64
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from lxml import etree

from adapter.errors import BadInputError
from adapter.partners.soap import SoapRequest, _Offline, build_request

ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
UPLOAD = "{https://www.invoicecloud.com/portal/webservices/InvoiceFileUploadSOAP/}"
REPORT = "{https://www.invoicecloud.com/portal/webservices/PaymentReportingSOAP/}"
KEY = "22222222-0000-4000-8000-000000000001"


def upload(file="1~FH", operation="UploadInvoiceFile", **more) -> SoapRequest:
    return build_request(
        "InvoiceFileUploadSOAP",
        operation,
        {
            "BillerGUID": "b",
            "WebServiceKey": KEY,
            "FileName": "f.BIF",
            "InvoiceFile": file,
            **more,
        },
        base_url="https://ic.example/w/one/services/",
    )


def texts(request: SoapRequest, namespace: str) -> dict[str, str]:
    body = etree.fromstring(request.content).find(f"{ENVELOPE}Body")
    return {child.tag.removeprefix(namespace): child.text for child in body[0]}


def test_address_is_ours_and_namespace_is_always_production_s():
    request = upload()
    assert request.url == "https://ic.example/w/one/services/InvoiceFileUploadSOAP.asmx"
    assert request.headers == {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{UPLOAD.strip("{}")}UploadInvoiceFile"',
    }
    root = etree.fromstring(request.content)
    assert root.tag == f"{ENVELOPE}Envelope"
    assert root.find(f"{ENVELOPE}Body")[0].tag == f"{UPLOAD}UploadInvoiceFile"


@pytest.mark.parametrize("text", ["1~FH|2~é&<]]>\n", "line\r\nend\r", "\U0001f600 \u2028 ~|"])
def test_text_arrives_as_it_left(text):
    """Even a carriage return, which an XML parser would drop if it were not escaped."""
    assert texts(upload(text), UPLOAD)["InvoiceFile"] == text


def test_bytes_go_as_base64():
    content = bytes(range(256))
    sent = texts(upload(content, "UploadInvoiceFileBase64"), UPLOAD)["InvoiceFile"]
    assert base64.b64decode(sent) == content


def test_moments_leave_in_utc():
    request = build_request(
        "PaymentReportingSOAP",
        "PaymentReportingDataSetFromGMT",
        {
            "BillerGUID": "b",
            "WebServiceKey": KEY,
            "StartDateGMT": datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
            "EndDateGMT": datetime(2026, 1, 5, 10, 0, 0, 500_000, tzinfo=UTC),
        },
        base_url="https://ic.example",
    )
    assert texts(request, REPORT) == {
        "BillerGUID": "b",
        "WebServiceKey": KEY,
        "StartDateGMT": "2026-01-05T08:00:00Z",
        "EndDateGMT": "2026-01-05T10:00:00.500000Z",
    }


@pytest.mark.parametrize(
    "more", [{"InvoiceFile": "a\x00b"}, {"FileName": "\x1b"}, {"Surprise": "x"}], ids=str
)
def test_what_cannot_be_written_is_refused_without_quoting_a_secret(more):
    with pytest.raises((BadInputError, TypeError)) as caught:
        upload(**more)
    assert KEY not in str(caught.value)


def test_nothing_is_ever_loaded():
    with pytest.raises(LookupError, match=r"elsewhere\.example"):
        _Offline().load("https://elsewhere.example/types.xsd")


def test_the_client_is_imported_without_zeep():
    """The library takes a quarter of a second, which only the first SOAP call pays."""
    program = (
        "import sys, adapter.partners.invoice_cloud, adapter.partners.spectrum_feed; "
        "sys.exit('zeep' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
