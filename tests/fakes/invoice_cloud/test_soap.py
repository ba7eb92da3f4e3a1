"""The services behind their addresses: pages, keys, faults that strike, and the journal."""

import base64
import re
import subprocess
import sys

import pytest
from lxml import etree

from contracts.loader import vectors
from sandbox.fakes.invoice_cloud.bif import parse_bif
from sandbox.fakes.invoice_cloud.envelope import SOAP_11, SOAP_12
from sandbox.fakes.invoice_cloud.wsdl import ROOT_PATH, namespace_of
from sandbox.faults import ConnectionSevered, FaultyAnswer

REPORT, UPLOAD = "PaymentReportingSOAP", "InvoiceFileUploadSOAP"
CONTENT = {v.name: v.path.with_suffix(".BIF").read_bytes() for v in vectors("bif/golden")}
DAY = {"StartDateGMT": "2026-01-05T00:00:00Z", "EndDateGMT": "2026-01-06T00:00:00Z"}


def address(service):
    return f"{ROOT_PATH}/{service}.asmx"


@pytest.fixture
def call(cloud):
    """Call an operation with the first biller's keys; a change to None leaves a parameter out."""

    def call(service, operation, version=SOAP_11, **parameters):
        biller = cloud.billers[0]
        keys = {"BillerGUID": biller.biller_guid, "WebServiceKey": biller.web_service_key}
        told = {name: text for name, text in {**keys, **parameters}.items() if text is not None}
        element = etree.Element(f"{{{namespace_of(service)}}}{operation}")
        for name, text in told.items():
            etree.SubElement(element, f"{{{namespace_of(service)}}}{name}").text = text
        body = etree.tostring(element, encoding="unicode")
        content = f'<s:Envelope xmlns:s="{version.namespace}"><s:Body>{body}</s:Body></s:Envelope>'
        return cloud.client.post(
            address(service),
            data=content.encode(),
            content_type=version.media_type,
            headers={"SOAPAction": f'"{namespace_of(service)}{operation}"'},
        )

    return call


@pytest.fixture
def upload(call, cloud):
    def upload(content=CONTENT["one-invoice"], base64_coded=False, **parameters):
        guid = cloud.billers[0].biller_guid.encode()
        content = re.sub(rb"\|2~[0-9a-f-]{36}", b"|2~" + guid, content)
        text = base64.encodebytes(content) if base64_coded else content
        operation = "UploadInvoiceFileBase64" if base64_coded else "UploadInvoiceFile"
        told = {"FileName": "x.BIF", "InvoiceFile": text.decode(), **parameters}
        return call(UPLOAD, operation, **told)

    return upload


def said(answer, name):
    """Return the text of the result's element, in whatever operation's answer it stands."""
    root = etree.fromstring(answer.data)
    return next((e.text for e in root.iter() if etree.QName(e).localname == name), None)


def test_the_page_lists_the_operations_and_the_wsdl(cloud):
    page = cloud.client.get(address(UPLOAD))
    assert (page.status_code, page.mimetype) == (200, "text/plain")
    assert "UploadInvoiceFileBase64" in page.text
    assert f"{cloud.world.base_url}{address(UPLOAD)}?WSDL" in page.text


@pytest.mark.parametrize("query", ["WSDL", "wsdl", "Wsdl"])
def test_the_wsdl_is_asked_for_in_any_case(cloud, query):
    answer = cloud.client.get(f"{address(UPLOAD)}?{query}")
    assert answer.mimetype == "text/xml"
    assert cloud.client.head(f"{address(UPLOAD)}?{query}").content_length == len(answer.data)
    assert cloud.world.journal.entries() == []


@pytest.mark.parametrize("name", ["accents", "crlf", "large-figures"])
def test_plain_and_base64_carry_the_same_file(upload, cloud, name):
    told = []
    for coded in (False, True):
        assert said(upload(CONTENT[name], base64_coded=coded), "Success") == "true"
        told.append([bill.invoice for bill in cloud.book.bills.values()])
    assert told[0] == told[1] == parse_bif(CONTENT[name]).invoices


@pytest.mark.parametrize("coded", [False, True])
def test_an_upload_without_a_file_is_a_refused_file_and_no_fault(upload, coded):
    answer = upload(base64_coded=coded, InvoiceFile=None)
    assert (answer.status_code, said(answer, "Success")) == (200, "false")
    assert "missing_record" in said(answer, "ErrorMessage")


@pytest.mark.parametrize(
    "wrong",
    [
        {"WebServiceKey": "x"},
        {"WebServiceKey": ""},
        {"WebServiceKey": None},
        {"BillerGUID": None},
        {"BillerGUID": "x"},
    ],
    ids=str,
)
def test_a_wrong_key_fails_the_upload_and_faults_the_report(call, upload, cloud, wrong):
    answer = upload(**wrong)
    assert (answer.status_code, said(answer, "Success")) == (200, "false")
    assert said(answer, "ErrorMessage") == "The BillerGUID or the WebServiceKey is not valid."
    assert not cloud.book.files
    fault = call(REPORT, "PaymentReportingDataSetFromGMT", **{**DAY, **wrong})
    assert fault.status_code == 500
    assert said(fault, "faultcode") == "soap:Server"
    assert "WebServiceKey is not valid" in said(fault, "faultstring")


def test_the_faults_code_of_soap_12_is_receiver(call):
    fault = call(
        REPORT, "PaymentReportingDataSetFromGMT", SOAP_12, **{**DAY, "WebServiceKey": "x"}
    )
    assert fault.status_code == 500
    assert fault.mimetype == "application/soap+xml"
    assert said(fault, "Value") == "soap:Receiver"


def test_one_billers_guid_with_anothers_key_opens_nothing(call, cloud):
    wrong = {"WebServiceKey": cloud.billers[1].web_service_key}
    assert call(REPORT, "PaymentReportingDataSetFromGMT", **{**DAY, **wrong}).status_code == 500


def test_keys_are_read_in_any_case_and_with_blanks_around(call, cloud):
    biller = cloud.billers[0]
    keys = {
        "BillerGUID": f" {biller.biller_guid.upper()} ",
        "WebServiceKey": biller.web_service_key.upper(),
    }
    assert call(REPORT, "PaymentReportingDataSetFromGMT", **keys, **DAY).status_code == 200


def test_a_moment_without_a_zone_is_gmt(call, cloud):
    cloud.pay_new()
    window = {"StartDateGMT": "2026-01-05T08:00:00", "EndDateGMT": "2026-01-05T03:00:01-05:00"}
    answer = call(REPORT, "PaymentReportingDataSetFromGMT", **window)
    assert said(answer, "InvoiceNumber") == "30254"


def test_the_journal_tells_the_call_and_never_the_key(upload, call, cloud):
    upload()
    upload(InvoiceFile="x")
    call(REPORT, "PaymentReportingDataSetFromGMT", **DAY)
    entries = cloud.world.journal.entries(target="invoice_cloud")
    assert [(e.operation, e.status, e.outcome) for e in entries] == [
        ("UploadInvoiceFile", 200, "1 invoice, 731.37 in all: taken"),
        ("UploadInvoiceFile", 200, "refused: 2 broken rules, nothing imported"),
        ("PaymentReportingDataSetFromGMT", 200, "0 payments reported"),
    ]
    assert all(entry.tags["biller"] == "camp-point-mutual" for entry in entries)
    assert entries[1].request["InvoiceFile"] == "(1 characters)"
    assert cloud.billers[0].web_service_key not in cloud.world.journal.as_lines()


def test_the_journal_tells_who_called(cloud):
    for agent in ("imt-adapter/1.0", "zeep"):
        cloud.client.put(address(REPORT), headers={"User-Agent": agent})
    assert [entry.source for entry in cloud.world.journal.entries()] == ["adapter", "client"]


@pytest.mark.parametrize(("moment", "taken"), [("before", 0), ("after", 1)])
def test_a_severed_upload_took_the_file_or_not_by_its_moment(upload, cloud, moment, taken):
    cloud.arm("sever", "UploadInvoiceFile", moment)
    with pytest.raises(ConnectionSevered):
        upload(base64_coded=True)
    assert len(cloud.book.bills) == taken
    assert said(upload(), "Success") == "true"


def test_a_faulty_answer_goes_out_in_place_of_the_report(call, cloud):
    cloud.arm("status", "PaymentReportingDataSetFromGMT", "before", status=503)
    with pytest.raises(FaultyAnswer):
        call(REPORT, "PaymentReportingDataSetFromGMT", **DAY)
    assert cloud.world.journal.open_calls == 0


def test_the_limit_is_a_behaviour(upload, cloud):
    cloud.world.behaviours.change({"upload_limit_bytes": 100})
    assert upload().status_code == 413
    assert cloud.world.journal.entries()[0].status == 413


def test_spyne_leaves_no_import_hook_behind():
    """Its copy of six's importer warns at every later import; a fresh interpreter tells."""
    code = (
        "import sys, sandbox.fakes.invoice_cloud.soap;"
        "assert not [f for f in sys.meta_path if type(f).__module__.startswith('spyne')];"
        "import wave"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)
