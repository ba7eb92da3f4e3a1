"""Invoice Cloud's reports over real sockets: rejects (C3), settlement (C4), customers (C5)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import zeep
from lxml import etree

from contracts.loader import toml, wsdl
from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.by_hand import enroll_account, unenroll_account
from sandbox.fakes.invoice_cloud.customers.registration import create_customer
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.world.clock import DEMO_START

NAMESPACE = "https://www.invoicecloud.com/portal/webservices"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
REJECTS = ("ACHRejectReportingSOAP", "ACHRejectReportingDataSetFromGMT")
SETTLED = ("BillerSettledBatchDetailSOAP", "BillerSettledBatchDetailDataSet")
AUTOPAY = ("BillerAutoPayCustomerReportSOAP", "BillerAutoPayCustomerReportDataSet")
PAPERLESS = ("BillerAutoPayCustomerReportSOAP", "BillerPaperlessCustomerReportDataSet")
REPORTS = (REJECTS, SETTLED, AUTOPAY, PAPERLESS)
MONTH = {
    "StartDateGMT": DEMO_START,
    "EndDateGMT": DEMO_START + timedelta(days=30),
}
ARGUMENTS = {
    REJECTS: MONTH,
    SETTLED: {"SettlementDate": datetime(2026, 1, 7)},  # noqa: DTZ001  # a day of the server's
    AUTOPAY: {},
    PAPERLESS: {},
}
RETURNED = {a.return_code.code: a for a in BANK_ACCOUNTS if a.return_code}
DAY_SECONDS = 24 * 3600
BOTH_VERSIONS = pytest.mark.parametrize("version", ["", "12"], ids=["SOAP 1.1", "SOAP 1.2"])
EACH_REPORT = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report[1])


def address(world, service):
    return f"{world.base_url}/invoicecloud/portal/webservices/{service}.asmx"


def keys_of(world, biller=0):
    told = world.billers[biller]
    return {"BillerGUID": told.biller_guid, "WebServiceKey": told.web_service_key}


def call(world, report, version="", keys=None, **arguments):
    service, operation = report
    client = zeep.Client(f"{address(world, service)}?WSDL")
    port = client.bind(service, f"{service}Soap{version}")
    told = arguments or ARGUMENTS[report]
    return getattr(port, operation)(**(keys or keys_of(world)), **told)


def rows_of(answer):
    """Return a DataSet's rows as zeep reads them; of a bare diffgram it makes the element."""
    told = answer["_value_1"]
    return [] if etree.iselement(told) else [row["Table"] for row in told["_value_1"]]


def post(world, report, inside, **headers):
    """Send an operation's content in an envelope as it is written here."""
    service, operation = report
    keys = "".join(f"<{name}>{value}</{name}>" for name, value in keys_of(world).items())
    content = (
        f'<soap:Envelope xmlns:soap="{SOAP_11}"><soap:Body>'
        f'<{operation} xmlns="{NAMESPACE}/{service}/">{keys}{inside}</{operation}>'
        "</soap:Body></soap:Envelope>"
    )
    action = f'"{NAMESPACE}/{service}/{operation}"'
    told = {"SOAPAction": action, "Content-Type": "text/xml; charset=utf-8", **headers}
    return httpx.post(address(world, service), content=content, headers=told)


def pay_bill(world, number, instrument, *, due="731.37", further=()):
    """Post bills and pay them in one payment."""
    slug = world.billers[0].slug
    for one in (number, *further):
        invoice = BilledInvoice(
            invoice_number=one,
            account_number="1004587",
            customer_name="Dana Whitfield",
            email_address="",
            invoice_date="12/20/2025",
            due_date="01/20/2026",
            autopay_date="",
            total_due=Decimal(due),
            allow_partial=False,
            details=(("1004587", Decimal(due)),),
        )
        book = world.book(InvoiceCloudBook)
        book.record(BillPosted(biller=slug, file_name="a.BIF", invoice=invoice))
    order = PaymentOrder(
        biller=slug, invoice_number=number, instrument=instrument, further=further
    )
    return pay(world, order)


@pytest.mark.requirement("C3", "C4", "C5")
@pytest.mark.parametrize("service", sorted({service for service, _ in REPORTS}))
def test_the_served_wsdl_is_the_committed_one_but_for_its_address(world, service):
    served = httpx.get(f"{address(world, service)}?wsdl").content
    production = f'location="{NAMESPACE}/{service}.asmx"'.encode()
    assert wsdl(service).count(production) == 2
    assert served == wsdl(service).replace(
        production, f'location="{address(world, service)}"'.encode()
    )


@pytest.mark.requirement("C3", "C4", "C5")
@EACH_REPORT
@BOTH_VERSIONS
def test_a_report_without_rows_is_a_bare_diffgram(world, report, version):
    answer = call(world, report, version)
    assert etree.QName(answer["_value_1"]).localname == "diffgram"
    assert len(answer["_value_1"]) == 0


@pytest.mark.requirement("C3", "C4", "C5")
@EACH_REPORT
def test_the_inline_schema_names_the_contracts_columns(world, report):
    arguments = ARGUMENTS[report].items()
    inside = "".join(f"<{name}>{moment.isoformat()}</{name}>" for name, moment in arguments)
    sequence = etree.fromstring(post(world, report, inside).content).find(".//{*}sequence")
    told = [(e.get("name"), e.get("type").partition(":")[2]) for e in sequence]
    columns = toml("invoice_cloud/clauses.toml")["column"]
    assert told == [(c["name"], c["type"]) for c in columns if c["operation"] == report[1]]


@pytest.mark.requirement("C3", "C4", "C5")
@EACH_REPORT
@BOTH_VERSIONS
def test_a_bad_key_is_a_fault(world, report, version):
    wrong = {**keys_of(world), "WebServiceKey": "00000000-0000-4000-8000-000000000000"}
    with pytest.raises(zeep.exceptions.Fault, match="WebServiceKey") as caught:
        call(world, report, version, wrong)
    assert caught.value.code == ("soap:Receiver" if version else "soap:Server")


@pytest.mark.requirement("C3", "C4", "C5")
@EACH_REPORT
def test_another_billers_guid_does_not_open_with_ones_own_key(sandbox_server, world_names, report):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    wrong = {**keys_of(world), "BillerGUID": world.billers[1].biller_guid}
    with pytest.raises(zeep.exceptions.Fault, match="WebServiceKey"):
        call(world, report, keys=wrong)
    sandbox_server.delete_world(world.name)


@pytest.mark.requirement("C3", "C4")
@pytest.mark.parametrize(
    ("report", "inside", "named"),
    [
        (
            REJECTS,
            "<StartDateGMT>yesterday</StartDateGMT><EndDateGMT>2026-01-06T00:00:00Z</EndDateGMT>",
            "StartDateGMT",
        ),
        (REJECTS, "<StartDateGMT>2026-01-06T00:00:00Z</StartDateGMT>", "EndDateGMT"),
        (SETTLED, "<SettlementDate>01/07/2026</SettlementDate>", "SettlementDate"),
        (SETTLED, "<SettlementDate>2026-01-07</SettlementDate>", "SettlementDate"),
        (SETTLED, "", "SettlementDate"),
        (
            SETTLED,
            "<SettlementDate>2026-01-07T00:00:00</SettlementDate><BatchID>1</BatchID>",
            "BatchID",
        ),
    ],
)
def test_a_wrong_type_is_a_client_fault_that_names_it(world, report, inside, named):
    answer = post(world, report, inside)
    assert answer.status_code == 500
    assert "<faultcode>soap:Client</faultcode>" in answer.text
    assert named in answer.text


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("report", [AUTOPAY, PAPERLESS], ids=lambda report: report[1])
def test_a_snapshot_takes_no_window(world, report):
    answer = post(world, report, "<StartDateGMT>2026-01-06T00:00:00Z</StartDateGMT>")
    assert answer.status_code == 500
    assert "StartDateGMT" in answer.text


@pytest.mark.requirement("C3")
@BOTH_VERSIONS
def test_a_returned_payment_is_a_reject_with_its_code(world, version):
    made = pay_bill(world, "30254", RETURNED["R01"])
    pay_bill(world, "30255", BANK_ACCOUNTS[0])
    world.clock.advance(5 * DAY_SECONDS)
    [row] = rows_of(call(world, REJECTS, version))
    assert (row["PaymentGUID"], row["InvoiceNumber"]) == (made.payment_guid, "30254")
    assert (row["RejectCode"], row["RejectReason"]) == ("R01", "Insufficient Funds")
    assert row["RejectAmount"] == Decimal("731.37")
    assert row["PaymentDate"].isoformat() == "2026-01-05T03:00:00-05:00"
    assert row["RejectDate"].isoformat() == "2026-01-08T05:00:00-05:00"
    assert row["PaymentReference"] == made.reference
    assert row["RejectGUID"] != made.payment_guid


@pytest.mark.requirement("C3")
def test_a_returned_payment_of_several_invoices_has_a_row_for_each(world):
    pay_bill(world, "1", RETURNED["R02"], due="10.25", further=("2",))
    world.clock.advance(3 * DAY_SECONDS)
    rows = rows_of(call(world, REJECTS))
    assert [(row["InvoiceNumber"], row["RejectAmount"]) for row in rows] == [
        ("1", Decimal("10.25")),
        ("2", Decimal("10.25")),
    ]
    assert len({row["RejectGUID"] for row in rows}) == 1


@pytest.mark.requirement("C3", "C6")
def test_the_rejects_window_is_half_open(world):
    pay_bill(world, "30254", RETURNED["R02"])
    world.clock.advance(3 * DAY_SECONDS)
    posted, second = datetime(2026, 1, 7, 10, tzinfo=UTC), timedelta(seconds=1)
    ends = {"StartDateGMT": posted - second, "EndDateGMT": posted}
    begins = {"StartDateGMT": posted, "EndDateGMT": posted + second}
    assert rows_of(call(world, REJECTS, **ends)) == []
    assert len(rows_of(call(world, REJECTS, **begins))) == 1


@pytest.mark.requirement("C3", "C4")
def test_a_foreign_biller_sees_neither_rejects_nor_batches(sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    pay_bill(world, "30254", RETURNED["R02"])
    world.clock.advance(5 * DAY_SECONDS)
    for report in (REJECTS, SETTLED):
        assert rows_of(call(world, report))
        assert rows_of(call(world, report, keys=keys_of(world, 1))) == []
    sandbox_server.delete_world(world.name)


@pytest.mark.requirement("C4")
@BOTH_VERSIONS
def test_a_days_batches_total_to_the_cent(world, version):
    """Cards of Tuesday and ACH of Monday settle on Wednesday, with a return among the ACH."""
    pay_bill(world, "1", BANK_ACCOUNTS[0], due="100.10")
    returned = pay_bill(world, "2", RETURNED["R02"], due="20.20")
    world.clock.advance(DAY_SECONDS)
    pay_bill(world, "3", CARDS[0], due="0.07")
    pay_bill(world, "4", CARDS[1], due="5.55", further=("5",))
    world.clock.advance(3 * DAY_SECONDS)
    rows = rows_of(call(world, SETTLED, version))
    told = {}
    for row in rows:
        told.setdefault(row["BatchID"], []).append(row)
    assert sorted(told) == ["4500-ACH-20260107", "4500-CC-20260107"]
    for batch in told.values():
        assert {row["BatchTotal"] for row in batch} == {sum(r["PaymentAmount"] for r in batch)}
        assert {row["BatchCount"] for row in batch} == {len(batch)}
        assert len({row["DepositReference"] for row in batch}) == 1
        days = {row["SettlementDate"].isoformat() for row in batch}
        assert days == {"2026-01-07T00:00:00-05:00"}
    ach, cards = told["4500-ACH-20260107"], told["4500-CC-20260107"]
    assert {row["BatchTotal"] for row in ach} == {Decimal("100.10")}
    assert {row["BatchTotal"] for row in cards} == {Decimal("11.17")}  # without the fees
    assert [row["ConvenienceFee"] for row in cards] == [3, 3, 0]
    [back] = [row for row in rows if row["TransactionType"] == "Return"]
    assert (back["PaymentGUID"], back["PaymentAmount"]) == (
        returned.payment_guid,
        Decimal("-20.20"),
    )


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(
    ("spelled", "found"),
    [
        ("2026-01-06T00:00:00", True),
        ("2026-01-06T23:59:59.999", True),
        ("2026-01-06T00:00:00Z", True),
        ("2026-01-06T00:00:00-05:00", True),
        ("2026-01-05T23:00:00-06:00", True),  # midnight in New York
        ("2026-01-06T23:30:00-06:00", False),
        ("2026-01-05T23:59:59", False),
        ("2026-01-07T00:00:00", False),
    ],
)
def test_of_the_settlement_date_only_the_servers_day_counts(world, spelled, found):
    pay_bill(world, "30254", CARDS[0])
    world.clock.advance(3 * DAY_SECONDS)
    answer = post(world, SETTLED, f"<SettlementDate>{spelled}</SettlementDate>")
    assert answer.status_code == 200
    assert ("<InvoiceNumber>30254</InvoiceNumber>" in answer.text) is found


@pytest.mark.requirement("C4")
def test_a_payment_is_in_one_batch_only(world):
    pay_bill(world, "30254", CARDS[0])
    world.clock.advance(10 * DAY_SECONDS)
    found = [
        row
        for day in range(1, 15)
        for row in rows_of(call(world, SETTLED, SettlementDate=datetime(2026, 1, day)))  # noqa: DTZ001
    ]
    assert [row["TransactionType"] for row in found] == ["Payment"]


@pytest.mark.requirement("C5")
@BOTH_VERSIONS
def test_a_snapshot_tells_who_is_enrolled_now_and_since_when(world, version):
    """An account that has left is gone from it; paperless has no PaymentType."""
    biller = world.billers[0].slug
    pay_bill(world, "30254", CARDS[0])
    autopay = EnrollmentKind.AUTOPAY
    enroll_account(world, biller, "1004587", autopay, instrument=BANK_ACCOUNTS[0])
    enroll_account(world, biller, "1004587", EnrollmentKind.PAPERLESS)
    world.clock.advance(3600)
    create_customer(world, biller, "1004999", name="Ned Later")
    enroll_account(world, biller, "1004999", autopay)
    common = {
        "AccountNumber": "1004587",
        "CustomerName": "Dana Whitfield",
        "EmailAddress": "payer-1004587@example.com",
        "EnrollmentDate": DEMO_START,
    }
    [paperless] = rows_of(call(world, PAPERLESS, version))
    assert {name: paperless[name] for name in paperless} == common
    first, second = rows_of(call(world, AUTOPAY, version))
    assert {name: first[name] for name in first} == {**common, "PaymentType": "ACH"}
    assert (second["AccountNumber"], second["PaymentType"]) == ("1004999", "CreditCard")
    assert second["EnrollmentDate"].isoformat() == "2026-01-05T04:00:00-05:00"
    unenroll_account(world, biller, "1004587", EnrollmentKind.AUTOPAY)
    [left] = rows_of(call(world, AUTOPAY, version))
    assert left["AccountNumber"] == "1004999"
    assert len(rows_of(call(world, PAPERLESS, version))) == 1


@pytest.mark.requirement("C5")
def test_a_foreign_biller_sees_no_enrolment(sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    create_customer(world, world.billers[0].slug, "1004587", name="Dana Whitfield")
    for kind in EnrollmentKind:
        enroll_account(world, world.billers[0].slug, "1004587", kind)
    for report in (AUTOPAY, PAPERLESS):
        assert len(rows_of(call(world, report))) == 1
        assert rows_of(call(world, report, keys=keys_of(world, 1))) == []
    sandbox_server.delete_world(world.name)
