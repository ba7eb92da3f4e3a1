"""Clients that nobody here wrote: Mono's generated .NET proxies and PHP's SoapClient.

They need Debian's mono-devel, mono-mcs, php-cli, php-soap and php-xml. CI installs them, and
there a missing one fails these tests; elsewhere they are left out. Both say what to install.
"""

import base64
import io
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapter.bif.sample import write_sample
from contracts.loader import toml
from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.by_hand import enroll_account
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.operations import REPORTS as ANSWERS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.fakes.invoice_cloud.wsdl import SERVICES, operations_of
from sandbox.world.clock import DEMO_START

SOURCES = Path(__file__).with_name("foreign_clients")
PHP_CALLER = str(SOURCES / "caller.php")
UPLOAD = "InvoiceFileUploadSOAP"
RUN_SECONDS_MAX = 120
NET_TYPES = {
    "string": "System.String",
    "dateTime": "System.DateTime",
    "decimal": "System.Decimal",
    "boolean": "System.Boolean",
    "int": "System.Int32",
}
WINDOW = {
    "StartDateGMT": f"{DEMO_START - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    "EndDateGMT": f"{DEMO_START + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
}
REPORTS = {
    "PaymentReportingDataSetFromGMT": WINDOW,
    "ACHRejectReportingDataSetFromGMT": WINDOW,
    "BillerSettledBatchDetailDataSet": {"SettlementDate": "2026-01-07T00:00:00"},
    "BillerAutoPayCustomerReportDataSet": {},
    "BillerPaperlessCustomerReportDataSet": {},
}


NEEDS_MONO, NEEDS_PHP = map(pytest.mark.usefixtures, ("needs_mono", "needs_php"))


@pytest.fixture(scope="module")
def needs_mono():
    if not all(map(shutil.which, ("wsdl2", "mcs", "mono"))):
        do_without("no Mono here: apt-get install mono-devel mono-mcs")


@pytest.fixture(scope="module")
def needs_php(tmp_path_factory):
    """Debian packs PHP's classes apart, so that a PHP may have only some; the caller looks."""
    if not shutil.which("php"):
        do_without("no PHP here: apt-get install php-cli php-soap php-xml")
    looked = execute(tmp_path_factory.mktemp("php"), "php", PHP_CALLER)
    if looked.returncode:
        do_without(looked.stderr.strip())


def do_without(reason):
    """Leave a test out, but never in CI."""
    raise (pytest.fail if "CI" in os.environ else pytest.skip).Exception(reason)


def run(folder, *command, told=""):
    """Run a tool that has to succeed, and return what it says."""
    done = execute(folder, *command, told=told)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def execute(folder, *command, told=""):
    """Run a tool with nothing of our environment."""
    program = shutil.which(command[0])
    assert program, f"{command[0]} is not installed"
    return subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        input=told,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )


def wsdl_url(world, service):
    return f"{world.base_url}/invoicecloud/portal/webservices/{service}.asmx?WSDL"


def keys_of(world):
    biller = world.billers[0]
    return {"BillerGUID": biller.biller_guid, "WebServiceKey": biller.web_service_key}


def facts(output, first):
    """Return the lines that begin with a word, without it."""
    lines = (line.split("\t") for line in output.splitlines())
    return [words[1:] for words in lines if words[0] == first]


def net_types(operation):
    columns = toml("invoice_cloud/clauses.toml")["column"]
    return [
        [c["name"], c.get("data_type") or NET_TYPES[c["type"]]]
        for c in columns
        if c["operation"] == operation
    ]


@pytest.fixture
def busy_world(world):
    """Grow a world with something to tell in every report: paid, returned, settled, enrolled."""
    biller = world.billers[0].slug
    book = world.book(InvoiceCloudBook)
    [returned] = [a for a in BANK_ACCOUNTS if a.return_code and a.return_code.code == "R02"]
    for number, instrument in (("1", returned), ("2", BANK_ACCOUNTS[0]), ("3", CARDS[3])):
        invoice = BilledInvoice(
            invoice_number=number,
            account_number=f"100458{number}",
            customer_name="Zo\u00eb & <Sons>",
            email_address="zoe@example.com",
            invoice_date="12/20/2025",
            due_date="01/20/2026",
            autopay_date="",
            total_due=Decimal("731.37"),
            allow_partial=False,
            details=(("1004587", Decimal("731.37")),),
        )
        book.record(BillPosted(biller=biller, file_name="a.BIF", invoice=invoice))
        pay(world, PaymentOrder(biller=biller, invoice_number=number, instrument=instrument))
    autopay, paperless = EnrollmentKind.AUTOPAY, EnrollmentKind.PAPERLESS
    enroll_account(world, biller, "1004581", autopay, instrument=BANK_ACCOUNTS[0])
    enroll_account(world, biller, "1004582", paperless)
    world.clock.advance(3 * 24 * 3600)
    return world


@pytest.fixture
def dot_net(busy_world, tmp_path):
    """Generate a service's proxies for both SOAP versions, compile them, and call them."""

    def call(service, calls):
        for protocol in ("Soap", "Soap12"):
            told = (f"-protocol:{protocol}", f"-namespace:{protocol}", f"-out:{protocol}.cs")
            run(tmp_path, "wsdl2", "-nologo", *told, wsdl_url(busy_world, service))
        libraries = (f"-r:System.{name}" for name in ("Data", "Web.Services", "Xml"))
        sources = (str(SOURCES / "Caller.cs"), "Soap.cs", "Soap12.cs")
        run(tmp_path, "mcs", "-nologo", "-out:caller.exe", *libraries, *sources)
        lines = (
            "\t".join((protocol, service, operation, *arguments.values()))
            for protocol in ("Soap", "Soap12")
            for operation, arguments in calls
        )
        return run(tmp_path, "mono", "caller.exe", told="\n".join(lines)).split("call\t")[1:]

    return call


@pytest.fixture
def php(busy_world, tmp_path):
    def call(service, operation, arguments):
        lines = (
            "\t".join((version, wsdl_url(busy_world, service), operation, json.dumps(arguments)))
            for version in ("1.1", "1.2")
        )
        told = run(tmp_path, "php", PHP_CALLER, told="\n".join(lines))
        return told.split("call\t")[1:]

    return call


@pytest.mark.requirement("C2", "C3", "C4", "C5")
@NEEDS_MONO
@pytest.mark.parametrize("service", [service for service in SERVICES if service != UPLOAD])
def test_a_generated_net_proxy_reads_each_report_as_a_data_set(busy_world, dot_net, service):
    """It compiles, is Wrapped, and returns System.Data.DataSet with the contract's types."""
    operations = operations_of(service)
    keys = keys_of(busy_world)
    wrong = {**keys, "WebServiceKey": "x", **REPORTS[operations[0]]}
    calls = [(name, {**keys, **REPORTS[name]}) for name in operations]
    answers = dot_net(service, [*calls, (operations[0], wrong)])
    *right_11, refused_11 = answers[: len(calls) + 1]
    *right_12, refused_12 = answers[len(calls) + 1 :]
    for version, right in (("Default", right_11), ("Soap12", right_12)):
        for operation, told in zip(operations, right, strict=True):
            assert facts(told, "version") == [[version]]
            assert facts(told, "style") == [["Wrapped"]]
            assert facts(told, "returns") == [["System.Data.DataSet"]]
            assert facts(told, "url") == [[wsdl_url(busy_world, service).removesuffix("?WSDL")]]
            assert facts(told, "set") == [["NewDataSet", "1"]]
            assert facts(told, "column") == net_types(operation)
            assert facts(told, "row") == net_rows(busy_world, operation)
    for told in (refused_11, refused_12):
        [[message]] = facts(told, "fault")
        assert "WebServiceKey is not valid" in message


@pytest.mark.requirement("C1")
@NEEDS_MONO
def test_a_generated_net_proxy_uploads_a_file_both_ways(busy_world, dot_net):
    file = sample_file(busy_world)
    keys = {**keys_of(busy_world), "FileName": "a.BIF"}
    coded = base64.b64encode(file).decode()
    answers = dot_net(
        UPLOAD,
        [
            ("UploadInvoiceFile", {**keys, "InvoiceFile": file.decode().replace("\n", "\\n")}),
            ("UploadInvoiceFileBase64", {**keys, "InvoiceFile": coded}),
        ],
    )
    assert len(answers) == 4
    for told in answers:
        assert facts(told, "style") == [["Wrapped"]]
        assert ["Success", "True"] in facts(told, "result")
    assert len(busy_world.book(InvoiceCloudBook).files) == 4


@pytest.mark.requirement("C2", "C3", "C4", "C5")
@NEEDS_PHP
@pytest.mark.parametrize("operation", REPORTS)
def test_phps_soap_client_reads_each_report(busy_world, php, operation):
    [service] = (s for s in SERVICES if operation in operations_of(s))
    answers = php(service, operation, {**keys_of(busy_world), **REPORTS[operation]})
    assert len(answers) == 2
    for told in answers:
        rows = [dict(cell.split("=", 1) for cell in row) for row in facts(told, "row")]
        names = [list(row) for row in rows]
        expected = list(reported(busy_world, operation))
        assert names == [
            [name for name, value in row.items() if value is not None] for row in expected
        ]
        assert [row["AccountNumber"] for row in rows] == [r["AccountNumber"] for r in expected]
    wrong = {**keys_of(busy_world), **REPORTS[operation], "WebServiceKey": "x"}
    for told in php(service, operation, wrong):
        [[message]] = facts(told, "fault")
        assert "WebServiceKey is not valid" in message


@pytest.mark.requirement("C1")
@NEEDS_PHP
@pytest.mark.parametrize("operation", ["UploadInvoiceFile", "UploadInvoiceFileBase64"])
def test_phps_soap_client_uploads_a_file(busy_world, php, operation):
    """PHP codes base64Binary itself, so both take the same text."""
    told = {"FileName": "a.BIF", "InvoiceFile": sample_file(busy_world).decode()}
    for answer in php(UPLOAD, operation, {**keys_of(busy_world), **told}):
        assert ["Success", "true"] in facts(answer, "result")


def sample_file(world):
    out = io.BytesIO()
    write_sample(3, 1, out)
    own = f"|2~{world.billers[0].biller_guid}".encode()
    return re.sub(rb"\|2~[0-9a-f-]{36}", own, out.getvalue())


def reported(world, operation):
    """Return a report's rows before they are written; there are some in each report."""
    report, _ = ANSWERS[operation]
    moments = [datetime.fromisoformat(text) for text in REPORTS[operation].values()]
    rows = report(world, world.billers[0], *moments).rows
    assert rows, f"the world has nothing to tell in {operation}"
    return rows


def net_rows(world, operation):
    return [[net_text(value) for value in row.values()] for row in reported(world, operation)]


def net_text(value):
    """Spell a value as the .NET client does."""
    match value:
        case None:
            return "NULL"
        case Decimal():
            return f"{value:.4f}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return str(value)
