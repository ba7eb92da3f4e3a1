"""SOAP requests as ASP.NET reads and refuses them, one refusal for each thing that is wrong."""

import io

import pytest
from lxml import etree

from sandbox.fakes.invoice_cloud.envelope import SOAP_11, SOAP_12, RefusedError, read_request
from sandbox.fakes.invoice_cloud.wsdl import namespace_of

REPORT = "PaymentReportingSOAP"
OPERATION = "PaymentReportingDataSetFromGMT"
ACTION = f"{namespace_of(REPORT)}{OPERATION}"
LIMIT = 10_000
PARAMETERS = {
    "BillerGUID": "guid",
    "WebServiceKey": "key",
    "StartDateGMT": "2026-01-05T08:00:00Z",
    "EndDateGMT": "2026-01-06T08:00:00Z",
}


def operation(**changes):
    told = {**PARAMETERS, **changes}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
    return f'<{OPERATION} xmlns="{namespace_of(REPORT)}">{inner}</{OPERATION}>'


def envelope(body=None, version=SOAP_11, prolog=""):
    body = operation() if body is None else body
    return (
        f'{prolog}<soap:Envelope xmlns:soap="{version.namespace}">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )


def read(content=None, media_type="text/xml; charset=utf-8", action=f'"{ACTION}"', **environ):
    content = envelope() if content is None else content
    content = content.encode() if isinstance(content, str) else content
    told = {
        "CONTENT_TYPE": media_type,
        "CONTENT_LENGTH": str(len(content)),
        "HTTP_SOAPACTION": action,
        "wsgi.input": io.BytesIO(content),
        **environ,
    }
    return read_request({k: v for k, v in told.items() if v is not None}, REPORT, LIMIT)


def refusal(*told, **options):
    with pytest.raises(RefusedError) as caught:
        read(*told, **options)
    return caught.value


def is_wordless(refused, status):
    return (refused.status[:3], refused.body) == (status, b"")


def fault(refused):
    """Return a fault's code and text, and the SOAP version that its media type tells."""
    assert refused.status == "500 Internal Server Error"
    headers = dict(refused.headers)
    assert headers["Content-Length"] == str(len(refused.body))
    root = etree.fromstring(refused.body)
    if headers["Content-Type"] == SOAP_11.media_type:
        return root.findtext(".//faultcode"), root.findtext(".//faultstring"), "1.1"
    names = (f".//{{{SOAP_12.namespace}}}{name}" for name in ("Value", "Text"))
    return (*(root.findtext(name) for name in names), "1.2")


@pytest.mark.parametrize("action", [ACTION, f'"{ACTION}"', f' "{ACTION}" '])
def test_soap_11_is_routed_by_its_action_quoted_or_not(action):
    request = read(action=action)
    assert (request.version, request.operation) == (SOAP_11, OPERATION)
    assert request.parameters == PARAMETERS


@pytest.mark.parametrize("action", [None, "", '"whatever"'])
def test_soap_12_is_routed_by_its_element(action):
    content = envelope(version=SOAP_12)
    request = read(content, f'application/soap+xml; charset=utf-8; action="{ACTION}"', action)
    assert (request.version, request.operation) == (SOAP_12, OPERATION)


@pytest.mark.parametrize("action", [None, "", '""', f"{ACTION}x", OPERATION])
def test_an_unknown_action_is_a_client_fault(action):
    code, text, version = fault(refusal(action=action))
    assert (code, version) == ("soap:Client", "1.1")
    assert text.startswith("Server did not recognize the value of HTTP Header SOAPAction: ")


def test_an_action_is_told_back_shortened_and_escaped():
    _, text, _ = fault(refusal(action="<&>" + "x" * 5_000))
    assert "SOAPAction: <&>xxx" in text
    assert len(text) < 300


@pytest.mark.parametrize(
    "media_type", [None, "", "application/json", "text/plain", "application/xml", "text/xmlx"]
)
def test_another_media_type_is_415(media_type):
    assert is_wordless(refusal(media_type=media_type), "415")


@pytest.mark.parametrize(
    "media_type", ["text/xml", "TEXT/XML;charset=UTF-8", 'text/xml; charset="utf-8"']
)
def test_a_media_type_is_read_in_any_spelling(media_type):
    assert read(media_type=media_type).operation == OPERATION


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<not xml",
        "words",
        b"\xff\xfe\x00",
        f'<soap:Envelope xmlns:soap="{SOAP_11.namespace}"/>',
        '<x xmlns="urn:x"/>',
        "<a>" * 1_000 + "</a>" * 1_000,
    ],
)
def test_what_is_no_soap_message_is_400(content):
    assert is_wordless(refusal(content), "400")


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE a [<!ENTITY b "c">]>',
        f'<!DOCTYPE a [<!ENTITY l0 "lol">{BOMB}]>',
    ],
    ids=["bare", "external", "entity", "bomb"],
)
def test_a_document_type_is_refused_unread(prolog):
    assert is_wordless(refusal(envelope(prolog=prolog)), "400")


def test_entities_are_not_expanded_even_in_attributes():
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "lol">{BOMB}]><a b="&l9;">&l9;</a>'
    assert is_wordless(refusal(bomb), "400")


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (envelope(prolog='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"), ""),
        (envelope(operation(BillerGUID="Zoë")).encode("latin-1"), "; charset=iso-8859-1"),
        (envelope(operation(BillerGUID="Zoë")).encode(), "; charset=utf-8"),
        (b"\xef\xbb\xbf" + envelope().encode(), ""),
    ],
    ids=["utf-16", "latin-1", "utf-8", "byte order mark"],
)
def test_a_request_is_read_in_its_own_encoding_and_kept_in_utf_8(content, charset):
    request = read(content, f"text/xml{charset}")
    assert etree.fromstring(request.content.decode("utf-8")) is not None
    assert request.parameters["BillerGUID"] in request.content.decode("utf-8")


@pytest.mark.parametrize("charset", ["nonsense", "utf-16"])
def test_a_charset_that_does_not_fit_is_400(charset):
    assert is_wordless(refusal(media_type=f"text/xml; charset={charset}"), "400")


def test_comments_and_instructions_are_nothing():
    noise = "<!-- a --><?b c?>"
    body = operation(BillerGUID=f"gu{noise}id").replace(
        "<WebServiceKey>", f"{noise}<WebServiceKey>"
    )
    request = read(envelope(noise + body))
    assert request.parameters == PARAMETERS
    assert b"<!--" not in request.content


def test_the_other_versions_envelope_is_a_fault_in_the_media_types_version():
    told = fault(refusal(envelope(version=SOAP_12)))
    assert told == (
        "soap:Client",
        "Possible SOAP version mismatch: Envelope namespace was unexpected.",
        "1.1",
    )
    assert fault(refusal(envelope(), SOAP_12.media_type))[::2] == ("soap:Sender", "1.2")


@pytest.mark.parametrize("body", ["", "<x/>"])
def test_a_body_without_a_known_operation_is_a_client_fault(body):
    code, text, version = fault(refusal(envelope(body, SOAP_12), SOAP_12.media_type))
    assert (code, version) == ("soap:Sender", "1.2")
    assert "Server was unable to read request." in text


@pytest.mark.parametrize(
    ("version", "code"), [(SOAP_11, "soap:Client"), (SOAP_12, "soap:Sender")], ids=["1.1", "1.2"]
)
def test_what_the_schema_forbids_is_a_client_fault_that_names_it(version, code):
    content = envelope(operation(StartDateGMT="&lt;&amp;&gt;"), version)
    told = fault(refusal(content, version.media_type))
    assert told[0] == code
    assert told[1].startswith(
        "Server was unable to read request. ---> There is an error in XML document. ---> "
    )
    assert "StartDateGMT" in told[1]
    assert "'<&>'" in told[1]


def test_a_request_may_be_as_large_as_the_limit_and_no_larger():
    spare = LIMIT - len(envelope(operation(BillerGUID="")))
    assert read(envelope(operation(BillerGUID="x" * spare))).operation == OPERATION
    refused = refusal(envelope(operation(BillerGUID="x" * (spare + 1))))
    assert is_wordless(refused, "413")
    assert refused.outcome == "10,001 bytes, 10,000 are allowed"


@pytest.mark.parametrize("length", ["-1", "ten", "1.0"])
def test_a_length_that_is_no_number_is_400(length):
    assert is_wordless(refusal(CONTENT_LENGTH=length), "400")
