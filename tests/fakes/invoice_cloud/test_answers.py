"""What the services answer, down to its bytes: ASP.NET's envelope, whatever the file held."""

import base64
import re
import threading

import pytest
from lxml import etree

from contracts.loader import vectors
from sandbox.fakes.invoice_cloud.book import FileReceived
from sandbox.fakes.invoice_cloud.envelope import SOAP_11, SOAP_12
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS
from sandbox.fakes.invoice_cloud.soap import PARAMETER_SHOWN
from sandbox.fakes.invoice_cloud.uploads import NAME_KEPT
from sandbox.fakes.invoice_cloud.wsdl import ROOT_PATH, first_violation, namespace_of

REPORT, UPLOAD = "PaymentReportingSOAP", "InvoiceFileUploadSOAP"
DAY = {"StartDateGMT": "2026-01-05T00:00:00Z", "EndDateGMT": "2026-01-06T00:00:00Z"}
BEGINNING = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soap:Envelope xmlns:soap="{soap}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
[ONE] = (
    vector.path.with_suffix(".BIF").read_bytes()
    for vector in vectors("bif/golden")
    if vector.name == "one-invoice"
)


@pytest.fixture
def content_of(cloud):
    """Write the request of an operation with the first biller's keys."""

    def content_of(service, operation, *, version=SOAP_11, times=1, **parameters):
        biller = cloud.billers[0]
        keys = {"BillerGUID": biller.biller_guid, "WebServiceKey": biller.web_service_key}
        told = "".join(f"<{n}>{text}</{n}>" for n, text in {**keys, **parameters}.items())
        body = f'<{operation} xmlns="{namespace_of(service)}">{told}</{operation}>' * times
        return (
            f'<soap:Envelope xmlns:soap="{version.namespace}"><soap:Body>{body}'
            "</soap:Body></soap:Envelope>"
        ).encode()

    return content_of


@pytest.fixture
def call(cloud, content_of):
    def call(service, operation, *, version=SOAP_11, **parameters):
        return cloud.client.post(
            f"{ROOT_PATH}/{service}.asmx",
            data=content_of(service, operation, version=version, **parameters),
            content_type=version.media_type,
            headers={"SOAPAction": f'"{namespace_of(service)}{operation}"'},
        )

    return call


@pytest.fixture
def report(call):
    return lambda **options: call(REPORT, "PaymentReportingDataSetFromGMT", **{**DAY, **options})


@pytest.fixture
def upload_bytes(call, cloud):
    """Upload any bytes, which only base64 can carry, under the biller's own GUID."""

    def upload(content, name="x.BIF"):
        guid = cloud.billers[0].biller_guid.encode()
        content = re.sub(rb"\|2~[0-9a-f-]{36}", b"|2~" + guid, content)
        coded = base64.b64encode(content).decode()
        return call(UPLOAD, "UploadInvoiceFileBase64", FileName=name, InvoiceFile=coded)

    return upload


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
def test_the_report_comes_in_asp_nets_envelope(cloud, report, version):
    """soap, xsi and xsd are declared; the rows stand outside the service's namespace."""
    cloud.pay_new(instrument=BANK_ACCOUNTS[0])
    text = report(version=version).text
    operation = "PaymentReportingDataSetFromGMT"
    assert text.startswith(
        BEGINNING.format(soap=version.namespace)
        + f'<{operation}Response xmlns="{namespace_of(REPORT)}"><{operation}Result><xs:schema '
    )
    assert 'xmlns="" id="NewDataSet"' in text
    assert '<NewDataSet xmlns=""><Table diffgr:id="Table1" msdata:rowOrder="0">' in text
    assert "<PaymentDate>2026-01-05T03:00:00-05:00</PaymentDate>" in text
    assert "<PaymentAmount>731.3700</PaymentAmount>" in text
    assert "CardType>" not in text
    assert text.endswith(
        f"</diffgr:diffgram></{operation}Result></{operation}Response></soap:Body></soap:Envelope>"
    )


def test_the_prefix_that_types_are_spelled_with_is_declared(cloud, report):
    """`type="xs:string"` is text: a schema moved from tree to tree may lose the prefix."""
    cloud.pay_new()
    root = etree.fromstring(report().data)
    schema = root.find(".//{http://www.w3.org/2001/XMLSchema}schema")
    assert schema.nsmap["xs"] == "http://www.w3.org/2001/XMLSchema"
    etree.XMLSchema(etree.fromstring(etree.tostring(schema)))
    assert root.find(".//NewDataSet/Table/PaymentGUID") is not None


def test_a_report_without_rows_is_a_schema_and_a_bare_diffgram(report):
    root = etree.fromstring(report().data)
    diffgram = root.find(".//{urn:schemas-microsoft-com:xml-diffgram-v1}diffgram")
    assert (len(diffgram), diffgram.text) == (0, None)
    assert diffgram.getprevious().get("id") == "NewDataSet"


def test_an_uploads_answer_is_unprefixed(upload_bytes):
    text = upload_bytes(ONE).text
    response = f'<UploadInvoiceFileBase64Response xmlns="{namespace_of(UPLOAD)}">'
    assert text.startswith(BEGINNING.format(soap=SOAP_11.namespace) + response)
    assert "<UploadInvoiceFileBase64Result><Success>true</Success><FileName>" in text


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x00", r"\x00"),
        ("\x07", r"\x07"),
        ("\t", r"\t"),
        ("\x85", r"\x85"),
        ("\u2028", r"\u2028"),
        ("\ufffe", r"\ufffe"),
        ("\uffff", r"\uffff"),
    ],
    ids=ascii,
)
def test_a_character_that_no_answer_can_carry_is_refused_and_spelled_out(
    upload_bytes, cloud, character, shown
):
    """Base64 brings any bytes in; an accepted name would later spoil the whole report."""
    answer = upload_bytes(ONE.replace(b"Dana", f"Da{character}na".encode()))
    assert answer.status_code == 200
    message = etree.fromstring(answer.data).findtext(f".//{{{namespace_of(UPLOAD)}}}ErrorMessage")
    assert message.startswith(
        f"row 3, FileSpecID 60 CustomerName 'Da{shown}na Whitfield': reserved_character: "
    )
    assert not cloud.book.bills


def test_a_second_operation_in_one_body_is_refused(report):
    answer = report(times=2)
    assert answer.status_code == 500
    assert "There is more than PaymentReportingDataSetFromGMT in it." in answer.text


def test_long_parameters_do_not_fill_the_journal_or_the_book(upload_bytes, cloud):
    upload_bytes(ONE.replace(b"imt-20260105T090000Z", b"r" * 5000), name="n" * 5000)
    [entry] = cloud.world.journal.entries(operation="UploadInvoiceFile")
    assert entry.request["FileName"] == "n" * PARAMETER_SHOWN
    [file] = [recorded.event for recorded in cloud.book.events]
    assert isinstance(file, FileReceived)
    assert (len(file.sent_as), len(file.reference)) == (NAME_KEPT, NAME_KEPT)


def test_an_unforeseen_failure_is_a_fault_in_asp_nets_words(report, cloud, caplog):
    """Whatever breaks inside, the caller reads a fault, and the log holds the reason."""
    cloud.pay_new()
    cloud.book.payments["broken"] = None
    answer = report()
    assert answer.status_code == 500
    assert "<faultcode>soap:Server</faultcode>" in answer.text
    assert "Server was unable to process request. ---&gt; Internal error." in answer.text
    assert "AttributeError" in caplog.text


def test_requests_at_the_same_time_are_told_their_own_faults():
    """A schema of lxml keeps one error log: without turns, some read another's, or none."""
    name = f'UploadInvoiceFileBase64 xmlns="{namespace_of(UPLOAD)}"'
    file = f"<InvoiceFile>{'QUJD' * 100_000}</InvoiceFile>"
    told = {}

    def validate(number):
        text = f"<{name}>{file}<Strange{number}/></UploadInvoiceFileBase64>"
        request = etree.fromstring(text, etree.XMLParser(huge_tree=True))
        told[number] = {first_violation(UPLOAD, request) for _ in range(40)}

    threads = [threading.Thread(target=validate, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == set(range(8))
    for number, messages in told.items():
        [message] = messages
        assert f"}}Strange{number}'" in message
