"""What SOAP services answer: results, faults of both versions, and what is neither."""

import httpx
import pytest

from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.http import Call, UnreadableAnswerError
from adapter.partners.soap_answers import SoapFaultError, fault_error, read_result

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
RESULT = (
    '<UploadResponse xmlns="urn:ic"><UploadResult><Success>true</Success><FileName/>'
    "<!-- seen --><Message>Received &amp; imported</Message></UploadResult></UploadResponse>"
)
FAULT11 = (
    "<soap:Fault><faultcode>soap:Server</faultcode>"
    "<faultstring>Server was unable to process request. ---&gt; Oops</faultstring>"
    "<detail><Value>x</Value></detail></soap:Fault>"
)
FAULT12 = (
    "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>"
    "<soap:Value>m:Odd</soap:Value></soap:Subcode></soap:Code><soap:Reason>"
    '<soap:Text xml:lang="en">Not understood</soap:Text></soap:Reason><soap:Detail/></soap:Fault>'
)


def envelope(body: str, namespace: str = SOAP11) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}">'
        f"<soap:Header/><soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_result_by_name(namespace):
    assert read_result(envelope(RESULT, namespace), "UploadResult") == {
        "Success": "true",
        "FileName": "",
        "Message": "Received & imported",
    }


def test_prefixes_do_not_matter():
    content = envelope(RESULT).replace(b"soap:", b"q:").replace(b":soap=", b":q=")
    assert read_result(content, "UploadResult")["Success"] == "true"


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (envelope(FAULT11), "Server", "Server was unable to process request. ---> Oops"),
        (envelope(FAULT12, SOAP12), "Sender", "Not understood"),
        (envelope("<soap:Fault/>"), "", ""),
    ],
)
def test_fault_is_raised_whatever_the_status(content, code, text):
    with pytest.raises(SoapFaultError) as caught:
        read_result(content, "UploadResult")
    assert (caught.value.code, caught.value.text) == (code, text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Maintenance</body></html>",
        b"<html><br></html>",
        b'{"Success": true}',
        envelope(RESULT)[:-20],
        envelope(""),
        envelope("<OtherResult/>"),
        envelope(RESULT, "urn:other"),
        RESULT.encode(),
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + envelope(RESULT).partition(b"?>")[2],
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname">' + envelope(RESULT).partition(b"?>")[2],
    ],
)
def test_what_is_no_such_answer_is_unreadable(content):
    with pytest.raises(UnreadableAnswerError):
        read_result(content, "UploadResult")


@pytest.mark.parametrize(
    ("code", "text", "repeatable", "kind"),
    [
        ("soap:Server", "Oops", True, RetryableError),
        ("soap:Server", "Oops", False, OutcomeUnknownError),
        ("soap:Receiver", "Oops", True, RetryableError),
        ("", "Oops", False, OutcomeUnknownError),
        ("soap:Client", "Server was unable to read request.", True, RejectedError),
        ("soap:Client.Authentication", "Odd", False, RejectedError),
        ("soap:Sender", "Not understood", False, RejectedError),
        ("soap:MustUnderstand", "Header", True, RejectedError),
        ("soap:Client", "The WebServiceKey is wrong", True, ConfigurationError),
        ("soap:Server", "---> Invalid web service key.", True, ConfigurationError),
        ("soap:Server", "Invalid Biller GUID", False, ConfigurationError),
    ],
)
def test_a_fault_means(wire, code, text, repeatable, kind):
    call = Call(
        operation="Upload",
        method="POST",
        url="https://ic.example",
        settings="billers.alpha.web_service_key",
        repeatable=repeatable,
        secrets=("the-secret-key",),
    )
    http = wire(lambda _: httpx.Response(500), partner="invoice_cloud")
    fault = SoapFaultError(code, f"{text} the-secret-key")
    error = fault_error(fault, http, call, status=500)
    assert type(error) is kind
    assert text in str(error)
    assert "the-secret-key" not in str(error)
    if kind is ConfigurationError:
        assert "billers.alpha.web_service_key" in str(error)
