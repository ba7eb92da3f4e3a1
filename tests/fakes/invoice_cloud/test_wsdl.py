"""The committed WSDLs: found by address, served with the world's, enforced on requests."""

import pytest
from lxml import etree

from contracts.loader import wsdl
from sandbox.fakes.invoice_cloud.wsdl import (
    SERVICES,
    find_service,
    first_violation,
    namespace_of,
    operations_of,
    parameters_of,
    served_wsdl,
)

REPORT = "PaymentReportingSOAP"
ROOT = "/invoicecloud/portal/webservices"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        (f"{ROOT}/PaymentReportingSOAP.asmx", REPORT),
        (f"{ROOT.upper()}/paymentreportingsoap.ASMX", REPORT),
        (f"{ROOT}/InvoiceFileUploadSOAP.asmx", "InvoiceFileUploadSOAP"),
        (f"{ROOT}/PaymentReportingSOAP", None),
        (f"{ROOT}/PaymentReportingSOAP.asmx/Op", None),
        (f"{ROOT}/Other.asmx", None),
        (f"{ROOT}/", None),
        ("/PaymentReportingSOAP.asmx", None),
    ],
)
def test_a_service_is_found_by_its_address_in_any_case(path, service):
    assert find_service(path) == service


@pytest.mark.parametrize("service", SERVICES)
def test_the_served_wsdl_differs_in_both_addresses_and_in_nothing_else(service):
    served = served_wsdl(service, "http://127.0.0.1:8100/w/one")
    ours = f"http://127.0.0.1:8100/w/one{ROOT}/{service}.asmx".encode()
    production = f"https://www.invoicecloud.com/portal/webservices/{service}.asmx".encode()
    assert served.count(b'location="' + ours) == 2
    assert served.replace(ours, production) == wsdl(service)


def test_the_operations_are_the_wsdls():
    assert operations_of("InvoiceFileUploadSOAP") == (
        "UploadInvoiceFile",
        "UploadInvoiceFileBase64",
    )
    assert operations_of(REPORT) == ("PaymentReportingDataSetFromGMT",)
    assert operations_of("BillerAutoPayCustomerReportSOAP") == (
        "BillerAutoPayCustomerReportDataSet",
        "BillerPaperlessCustomerReportDataSet",
    )


def test_the_parameters_are_the_wsdls_in_their_order():
    service = "BillerSettledBatchDetailSOAP"
    assert list(parameters_of(service, "BillerSettledBatchDetailDataSet").items()) == [
        ("BillerGUID", "s:string"),
        ("WebServiceKey", "s:string"),
        ("SettlementDate", "s:dateTime"),
    ]


def request(content, operation="PaymentReportingDataSetFromGMT", service=REPORT):
    name = f'{operation} xmlns="{namespace_of(service)}"'
    return etree.fromstring(f"<{name}>{content}</{operation}>")


def window(start="2026-01-05T08:00:00Z", end="2026-01-06T08:00:00Z"):
    return f"<StartDateGMT>{start}</StartDateGMT><EndDateGMT>{end}</EndDateGMT>"


@pytest.mark.parametrize(
    "start",
    [
        "2026-01-05T08:00:00Z",
        "2026-01-05T08:00:00",
        "2026-01-05T03:00:00.123456789-05:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.999Z",
    ],
)
def test_a_moment_is_taken_as_net_takes_it(start):
    assert first_violation(REPORT, request(window(start))) == ""


@pytest.mark.parametrize(
    "start",
    [
        *("", "yesterday", "2026-01-05", "2026-02-30T00:00:00", "01/05/2026 08:00:00"),
        *("12026-01-05T08:00:00Z", "-0044-03-15T12:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("9999-12-31T23:59:59-01:00", "2026-01-05T24:00:00"),
    ],
)
def test_a_moment_that_nobody_can_hold_is_a_violation(start):
    assert "StartDateGMT" in first_violation(REPORT, request(window(start)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "StartDateGMT"),
        (f"<WebServiceKey/><BillerGUID/>{window()}", "BillerGUID"),
        (f"<BillerGUID/><BillerGUID/>{window()}", "BillerGUID"),
        (f"<billerguid/>{window()}", "billerguid"),
        (f"{window()}<Extra/>", "Extra"),
        (f"words{window()}", "Character content"),
        (f'<BillerGUID xmlns=""/>{window()}', "BillerGUID"),
        (f"<BillerGUID><b/></BillerGUID>{window()}", "b"),
    ],
)
def test_what_the_schema_does_not_name_is_a_violation(content, told):
    assert told in first_violation(REPORT, request(content))
