"""Invoice Cloud's services over real sockets, by zeep and by hand, against the contract."""

import io
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
import zeep
from lxml import etree

from adapter.bif.rows import FileHeader
from adapter.bif.sample import sample_invoices
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifProfile
from contracts.loader import vectors, wsdl
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.world.clock import DEMO_START

UPLOAD, REPORT = "InvoiceFileUploadSOAP", "PaymentReportingSOAP"
NAMESPACE = "https://www.invoicecloud.com/portal/webservices"
DAY = {"StartDateGMT": DEMO_START, "EndDateGMT": DEMO_START + timedelta(days=1)}
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


def address(world, service):
    return f"{world.base_url}/invoicecloud/portal/webservices/{service}.asmx"


def keys_of(world):
    biller = world.billers[0]
    return {"BillerGUID": biller.biller_guid, "WebServiceKey": biller.web_service_key}


def connect(world, service, version=""):
    client = zeep.Client(f"{address(world, service)}?WSDL")
    return client.bind(service, f"{service}Soap{version}")


def bif(world, count=3):
    biller = world.billers[0]
    profile = BifProfile(
        biller_guid=biller.biller_guid,
        invoice_format_guid=biller.invoice_format_guid,
        time_zone=biller.time_zone,
        replacement=None,
    )
    header = FileHeader(profile=profile, reference="BIF1", created_on=DEMO_START.date())
    out = io.BytesIO()
    write_bif(sample_invoices(count, 1), header, out)
    return out.getvalue().decode()


def upload(world, content):
    service = connect(world, UPLOAD)
    return service.UploadInvoiceFile(**keys_of(world), FileName="x.BIF", InvoiceFile=content)


def bills(world):
    return world.book(InvoiceCloudBook).bills


def report(world, **window):
    service = connect(world, REPORT)
    answer = service.PaymentReportingDataSetFromGMT(**keys_of(world), **(window or DAY))
    rows = answer["_value_1"]
    # Of a bare diffgram zeep makes the raw element.
    return [] if etree.iselement(rows) else [row["Table"] for row in rows["_value_1"]]


def pay_first(world, instrument):
    biller, number = next(key for key, bill in bills(world).items() if bill.balance > 0)
    order = PaymentOrder(biller=biller, invoice_number=number, instrument=instrument)
    return pay(world, order)


@pytest.mark.requirement("C1", "C2")
@pytest.mark.parametrize("service", [UPLOAD, REPORT])
def test_the_served_wsdl_is_the_committed_one_but_for_its_address(world, service):
    served = httpx.get(f"{address(world, service)}?wsdl").content
    committed = wsdl(service).replace(
        f'location="{NAMESPACE}/{service}.asmx"'.encode(),
        f'location="{address(world, service)}"'.encode(),
    )
    assert served == committed


@pytest.mark.requirement("C1", "E1")
@pytest.mark.parametrize("version", ["", "12"])
def test_a_file_becomes_bills_in_both_soap_versions(world, version):
    service = connect(world, UPLOAD, version)
    answer = service.UploadInvoiceFile(
        **keys_of(world), FileName="x.BIF", InvoiceFile=bif(world, 3)
    )
    assert answer.Success
    assert answer.Message == "File Received, Validated, and Imported"
    assert answer.FileName == "4500_01052026030000.BIF"  # the server's clock is New York's
    assert len(bills(world)) == 3


@pytest.mark.requirement("C1")
def test_a_file_in_base64_is_the_same_file(world):
    content = bif(world).encode()
    answer = connect(world, UPLOAD).UploadInvoiceFileBase64(
        **keys_of(world), FileName="x.BIF", InvoiceFile=content
    )
    assert answer.Success
    assert len(bills(world)) == 3


@pytest.mark.requirement("C1", "E1", "E2", "E3")
@pytest.mark.parametrize(
    "vector",
    [v for v in vectors("bif/golden") if not v.valid and v.name.startswith(("f", "c", "r", "t"))],
    ids=lambda vector: vector.name,
)
def test_a_file_that_breaks_a_rule_is_refused_by_name_and_changes_nothing(world, vector):
    """Row, FileSpecID, field, value and rule stand in the answer."""
    content = vector.path.with_suffix(".BIF").read_bytes()
    answer = connect(world, UPLOAD).UploadInvoiceFileBase64(
        **keys_of(world), FileName="x.BIF", InvoiceFile=content
    )
    assert not answer.Success
    problem = vector.document["problems"][0]
    assert f"row {problem['row']}" in answer.ErrorMessage
    assert f": {problem['rule']}: " in answer.ErrorMessage
    if problem["field"]:
        named = f"FileSpecID {problem['file_spec_id']} {problem['field']}"
        assert named in answer.ErrorMessage
    assert not bills(world)


@pytest.mark.requirement("E3")
def test_a_header_that_says_more_than_its_body_is_refused(world):
    wrong = bif(world).replace("|5~3|", "|5~4|")
    answer = upload(world, wrong)
    assert not answer.Success
    assert "FileSpecID 5 InvoiceCount '4': count" in answer.ErrorMessage


@pytest.mark.requirement("E2")
def test_the_bill_is_what_the_file_carried(world):
    assert upload(world, bif(world, 1)).Success
    invoice = next(iter(sample_invoices(1, 1)))
    bill = next(iter(bills(world).values())).invoice
    assert bill.account_number == invoice.policy_number
    assert bill.customer_name == invoice.customer_name
    assert bill.total_due == invoice.balance_due
    assert bill.details == ((invoice.policy_number, invoice.balance_due),)
    assert not bill.allow_partial


@pytest.mark.requirement("C1")
def test_a_newer_file_replaces_the_bill(world):
    first = bif(world, 1)
    assert upload(world, first).Success
    due = f"{next(iter(bills(world).values())).balance:.2f}"
    assert upload(world, first.replace(due, "1.00")).Success
    assert next(iter(bills(world).values())).balance == Decimal("1.00")


@pytest.mark.requirement("C1", "C2")
def test_a_bad_key_is_refused_in_each_operations_own_way(world):
    wrong = {**keys_of(world), "WebServiceKey": "00000000-0000-4000-8000-000000000000"}
    answer = connect(world, UPLOAD).UploadInvoiceFile(
        **wrong, FileName="x.BIF", InvoiceFile=bif(world)
    )
    assert not answer.Success
    assert "WebServiceKey" in answer.ErrorMessage
    with pytest.raises(zeep.exceptions.Fault, match="WebServiceKey") as caught:
        connect(world, REPORT).PaymentReportingDataSetFromGMT(**wrong, **DAY)
    assert caught.value.code == "soap:Server"


@pytest.mark.requirement("C2", "C6")
@pytest.mark.parametrize("version", ["", "12"])
def test_the_report_tells_every_payment_of_the_window(world, version):
    """Approved and declined; CardType is NULL for ACH; moments carry the server's offset."""
    upload(world, bif(world))
    made = [pay_first(world, how) for how in (CARDS[0], BANK_ACCOUNTS[0], CARDS[3])]
    service = connect(world, REPORT, version)
    answer = service.PaymentReportingDataSetFromGMT(**keys_of(world), **DAY)
    rows = [row["Table"] for row in answer["_value_1"]["_value_1"]]
    assert [row["PaymentGUID"] for row in rows] == [m.payment_guid for m in made]
    assert [row["PaymentAmount"] for row in rows] == [m.amount for m in made]
    assert [row["Approved"] for row in rows] == [True, True, False]
    assert [row["CardType"] for row in rows] == ["VISA", None, "VISA"]
    assert [row["PaymentType"] for row in rows] == ["CreditCard", "ACH", "CreditCard"]
    assert {row["PaymentDate"].isoformat() for row in rows} == {"2026-01-05T03:00:00-05:00"}


@pytest.mark.requirement("C2", "C6")
def test_the_window_is_half_open(world):
    upload(world, bif(world))
    pay_first(world, CARDS[0])
    second = timedelta(seconds=1)
    ends = {"StartDateGMT": DEMO_START - second, "EndDateGMT": DEMO_START}
    begins = {"StartDateGMT": DEMO_START, "EndDateGMT": DEMO_START + second}
    assert report(world, **ends) == []
    assert len(report(world, **begins)) == 1


@pytest.mark.requirement("C2")
def test_a_report_without_rows_is_a_bare_diffgram(world):
    answer = post(world, REPORT, envelope(world, "2026-01-05T00:00:00Z"))
    assert answer.status_code == 200
    assert "<diffgr:diffgram" in answer.text
    assert "<NewDataSet" not in answer.text
    assert report(world) == []


@pytest.mark.requirement("C2")
def test_another_worlds_key_opens_nothing(world, sandbox_server, world_names):
    other = sandbox_server.create_world(next(world_names), seed=99, start=DEMO_START)
    with pytest.raises(zeep.exceptions.Fault, match="WebServiceKey"):
        connect(world, REPORT).PaymentReportingDataSetFromGMT(**keys_of(other), **DAY)
    sandbox_server.delete_world(other.name)


def envelope(world, start, extra=""):
    keys = "".join(f"<{name}>{value}</{name}>" for name, value in keys_of(world).items())
    return (
        f'<soap:Envelope xmlns:soap="{SOAP_11}"><soap:Body>'
        f'<PaymentReportingDataSetFromGMT xmlns="{NAMESPACE}/{REPORT}/">{keys}'
        f"<StartDateGMT>{start}</StartDateGMT>"
        f"<EndDateGMT>2026-01-06T00:00:00Z</EndDateGMT>{extra}"
        "</PaymentReportingDataSetFromGMT></soap:Body></soap:Envelope>"
    )


def post(world, service, content, **headers):
    action = f'"{NAMESPACE}/{REPORT}/PaymentReportingDataSetFromGMT"'
    told = {"SOAPAction": action, "Content-Type": "text/xml; charset=utf-8", **headers}
    return httpx.post(address(world, service), content=content, headers=told)


@pytest.mark.requirement("C2")
@pytest.mark.parametrize(
    ("start", "extra", "words"),
    [
        ("yesterday", "", "StartDateGMT"),
        ("2026-01-05T00:00:00Z", "<Surprise>1</Surprise>", "Surprise"),
    ],
)
def test_what_the_schema_forbids_is_a_client_fault(world, start, extra, words):
    answer = post(world, REPORT, envelope(world, start, extra))
    assert answer.status_code == 500
    assert "<faultcode>soap:Client</faultcode>" in answer.text
    assert words in answer.text


@pytest.mark.requirement("C2")
def test_an_unknown_action_is_a_client_fault(world):
    answer = post(world, REPORT, envelope(world, "2026-01-05T00:00:00Z"), SOAPAction="x")
    assert answer.status_code == 500
    assert "Server did not recognize the value of HTTP Header SOAPAction: x." in answer.text


@pytest.mark.requirement("C1", "C2")
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("<not xml", {}, 400),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {}, 400),
        ("{}", {"Content-Type": "application/json"}, 415),
        (b"x" * (4 * 1024 * 1024 + 1), {}, 413),
    ],
    ids=["malformed", "entities", "media type", "oversized"],
)
def test_what_is_no_soap_is_refused_without_a_word(world, content, headers, status):
    answer = post(world, UPLOAD, content, **headers)
    assert (answer.status_code, answer.content) == (status, b"")


def test_other_verbs_and_services_are_refused(world):
    wrong_verb = httpx.put(address(world, REPORT))
    assert (wrong_verb.status_code, wrong_verb.headers["allow"]) == (405, "GET, POST")
    assert httpx.get(address(world, "NoSuchSOAP")).status_code == 404


@pytest.mark.requirement("C1", "E2")
def test_a_refused_file_names_the_value_and_leaves_the_bills_as_they_were(world):
    assert upload(world, bif(world)).Success
    before = dict(bills(world))
    answer = upload(world, bif(world).replace("|183~Spectrum|", "|183~MIPS|", 1))
    assert not answer.Success
    assert "row 2, FileSpecID 183 LocationReference 'MIPS': constant: " in answer.ErrorMessage
    assert bills(world) == before


@pytest.mark.requirement("C1")
def test_the_plain_file_comes_back_in_any_letters(world):
    """Accents, apostrophes and ampersands pass the envelope, and so do CR LF line ends."""
    told = bif(world, 25).replace("60~", "60~Zo\u00eb & <Sons> ", 1).replace("\n", "\r\n")
    assert upload(world, told).Success
    assert next(iter(bills(world).values())).invoice.customer_name.startswith("Zo\u00eb & <Sons> ")


@pytest.mark.requirement("C2")
def test_the_fault_of_soap_12_has_the_codes_of_soap_12(world):
    service = connect(world, REPORT, "12")
    with pytest.raises(zeep.exceptions.Fault, match="WebServiceKey") as caught:
        service.PaymentReportingDataSetFromGMT(**{**keys_of(world), "WebServiceKey": "x"}, **DAY)
    assert caught.value.code == "soap:Receiver"
    wrong = envelope(world, "yesterday").replace(
        SOAP_11, "http://www.w3.org/2003/05/soap-envelope"
    )
    answer = post(world, REPORT, wrong, **{"Content-Type": "application/soap+xml"})
    assert answer.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert "<soap:Value>soap:Sender</soap:Value>" in answer.text


@pytest.mark.requirement("C2")
def test_a_document_type_is_refused_in_an_envelope_that_is_right_but_for_it(world):
    right = envelope(world, "2026-01-05T00:00:00Z")
    assert post(world, REPORT, right).status_code == 200
    answer = post(world, REPORT, f"<!DOCTYPE a>{right}")
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.requirement("C1", "C2")
def test_two_worlds_of_one_seed_share_keys_and_nothing_else(world, sandbox_server, world_names):
    other = sandbox_server.create_world(next(world_names), start=DEMO_START)
    assert keys_of(other) == keys_of(world)
    assert upload(other, bif(other)).Success
    pay_first(other, CARDS[0])
    assert len(report(other)) == 1
    assert (bills(world), report(world)) == ({}, [])
    sandbox_server.delete_world(other.name)
