"""Invoice Cloud's upload and payment report: what is sent, and what each answer means."""

from datetime import UTC, datetime

import httpx
import pytest
import structlog
from lxml import etree

from adapter.clock import GmtWindow
from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.upload import UploadAnswer
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.invoice_cloud import InvoiceCloudClient
from tests.unit.partners.conftest import Partner

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WINDOW = GmtWindow(
    start_gmt=datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
    end_gmt=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
)
ROW = {
    "PaymentGUID": "aaaaaaaa-0000-4000-8000-000000000001",
    "InvoiceNumber": "30254",
    "AccountNumber": "900100",
    "PaymentDate": "2026-01-05T03:30:00-05:00",
    "PaymentAmount": "731.3700",
    "PaymentType": "CreditCard",
    "CardType": "VISA",
    "Approved": "true",
}
NOT_SOAP = [
    httpx.Response(200, text="<html><body>Maintenance</body></html>"),
    httpx.Response(200, text="<html><br></html>"),
    httpx.Response(200),
    httpx.Response(500, text="<html><body>Runtime Error</body></html>"),
    httpx.Response(500),
    httpx.Response(503, text="Service Unavailable"),
    httpx.ReadTimeout("silence"),
    httpx.RemoteProtocolError("disconnected"),
]


def envelope(body: str) -> str:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


def fault(code: str, text: str, status: int = 500) -> httpx.Response:
    body = f"<s:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></s:Fault>"
    return httpx.Response(status, text=envelope(body))


TIMEOUT = fault("soap:Server", "Timeout expired")
TIMEOUT_AS_200 = fault("soap:Server", "Timeout expired", status=200)
UNREADABLE_REQUEST = fault("soap:Client", "Server was unable to read request.")


def uploaded(inner: str, operation: str = "UploadInvoiceFile") -> httpx.Response:
    result = f"<{operation}Result>{inner}</{operation}Result>"
    return httpx.Response(200, text=envelope(f'<R xmlns="urn:ic">{result}</R>'))


def report(*rows: dict[str, str]) -> httpx.Response:
    inner = "".join(
        f"<Table>{''.join(f'<{name}>{value}</{name}>' for name, value in row.items())}</Table>"
        for row in rows
    )
    diffgram = (
        '<d:diffgram xmlns:d="urn:schemas-microsoft-com:xml-diffgram-v1">'
        f'<NewDataSet xmlns="">{inner}</NewDataSet></d:diffgram>'
    )
    return httpx.Response(200, text=envelope(f'<R xmlns="urn:ic"><Q>{diffgram}</Q></R>'))


@pytest.fixture
def cloud(wire, biller):
    """Return a client whose calls get one answer, and the list of its requests."""

    def build(answer, settings=biller, **rest):
        partner = Partner()
        partner.answer = answer
        http = wire(partner, partner="invoice_cloud")
        return InvoiceCloudClient(http, settings, **rest), partner.requests

    return build


def parameters(request: httpx.Request) -> dict[str, str]:
    body = etree.fromstring(request.content).find(f"{{{SOAP}}}Body")
    return {etree.QName(child).localname: child.text for child in body[0]}


def keys_of(biller) -> dict[str, str]:
    return {"BillerGUID": biller.biller_guid, "WebServiceKey": biller.web_service_key}


def upload(client: InvoiceCloudClient) -> UploadAnswer:
    return client.upload(file_name="f.BIF", content=b"1~FH|2~\xc3\xa9\n")


# The upload


def test_upload_as_text(cloud, biller):
    client, asked = cloud(
        uploaded(
            "<Success>true</Success><FileName>4546_01052026030000.BIF</FileName>"
            "<FileGUID>bbbbbbbb-0000-4000-8000-000000000001</FileGUID>"
            "<Message>File Received, Validated, and Imported</Message>"
        )
    )
    assert upload(client) == UploadAnswer(
        accepted=True,
        file_name="4546_01052026030000.BIF",
        file_guid="bbbbbbbb-0000-4000-8000-000000000001",
        message="File Received, Validated, and Imported",
    )
    (request,) = asked
    assert request.method == "POST"
    assert str(request.url) == ("https://ic.example/portal/webservices/InvoiceFileUploadSOAP.asmx")
    assert request.headers["SOAPAction"].endswith('/InvoiceFileUploadSOAP/UploadInvoiceFile"')
    assert parameters(request) == {
        **keys_of(biller),
        "FileName": "f.BIF",
        "InvoiceFile": "1~FH|2~é\n",
    }


def test_upload_as_bytes(cloud):
    answer = uploaded("<Success>true</Success>", "UploadInvoiceFileBase64")
    client, asked = cloud(answer, base64_upload=True)
    assert client.upload(file_name="f.BIF", content=b"\xff").accepted
    assert parameters(asked[0])["InvoiceFile"] == "/w=="


def test_a_refused_file_is_an_answer_with_its_reason(cloud):
    client, _ = cloud(
        uploaded("<Success>false</Success><ErrorMessage>Row 1: BillerGuid</ErrorMessage>")
    )
    assert upload(client) == UploadAnswer(
        accepted=False, file_name="", file_guid="", message="Row 1: BillerGuid"
    )


@pytest.mark.parametrize(
    "answer",
    [
        uploaded(
            "<Success>false</Success><ErrorMessage>Invalid BillerGUID or WebServiceKey "
            "22222222-0000-4000-8000-000000000001</ErrorMessage>"
        ),
        fault("soap:Server", "---&gt; Invalid WebServiceKey"),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(405),
        httpx.Response(308, headers={"Location": "/x"}),
    ],
    ids=str,
)
def test_refused_credentials_and_wrong_addresses_name_the_settings(cloud, biller, answer):
    client, _ = cloud(answer)
    with pytest.raises(ConfigurationError, match=r"billers\.alpha: .*web_service_key") as caught:
        upload(client)
    assert biller.web_service_key not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        *((OutcomeUnknownError, answer) for answer in NOT_SOAP),
        (OutcomeUnknownError, uploaded("")),
        (OutcomeUnknownError, uploaded("<Success>perhaps</Success>")),
        (OutcomeUnknownError, uploaded("<Success>true</Success>", "Other")),
        (OutcomeUnknownError, TIMEOUT),
        (OutcomeUnknownError, TIMEOUT_AS_200),
        (RejectedError, UNREADABLE_REQUEST),
        (RejectedError, httpx.Response(400)),
        (RejectedError, httpx.Response(413)),
        (RejectedError, httpx.Response(415)),
        (RetryableError, httpx.ConnectError("refused")),
    ],
    ids=str,
)
def test_an_upload_is_in_doubt_where_its_answer_is_lost_and_is_sent_once(cloud, kind, answer):
    client, asked = cloud(answer)
    with pytest.raises(kind):
        upload(client)
    assert len(asked) == 1


@pytest.mark.parametrize("content", [b"\xff", b"1~FH|2~\x00"])
def test_what_is_no_text_is_not_sent_as_text(cloud, content):
    client, asked = cloud(uploaded("<Success>true</Success>"))
    with pytest.raises(RejectedError, match="InvoiceFile"):
        client.upload(file_name="f.BIF", content=content)
    assert asked == []


# The payment report


def test_report_is_asked_for_its_window_in_gmt(cloud, biller):
    client, asked = cloud(report(ROW))
    (payment,) = client.payments(WINDOW)
    assert payment.biller == "alpha"
    assert payment.paid_at == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    (request,) = asked
    assert str(request.url) == "https://ic.example/portal/webservices/PaymentReportingSOAP.asmx"
    assert parameters(request) == {
        **keys_of(biller),
        "StartDateGMT": "2026-01-05T08:00:00Z",
        "EndDateGMT": "2026-01-05T10:00:00Z",
    }


def test_report_without_payments(cloud):
    client, _ = cloud(report())
    assert list(client.payments(WINDOW)) == []


def test_report_keeps_the_order_and_the_declined(cloud):
    rows = [{**ROW, "InvoiceNumber": "2"}, {**ROW, "InvoiceNumber": "1", "Approved": "false"}]
    client, _ = cloud(report(*rows))
    told = [(payment.invoice_number, payment.approved) for payment in client.payments(WINDOW)]
    assert told == [("2", True), ("1", False)]


def test_report_with_renamed_columns(cloud, biller):
    renamed = biller.invoice_cloud.model_copy(update={"columns": {"amount": "Total"}})
    settings = biller.model_copy(update={"invoice_cloud": renamed})
    row = {**ROW, "Total": "1.0000"}
    del row["PaymentAmount"]
    client, _ = cloud(report(row), settings)
    assert str(next(client.payments(WINDOW)).amount) == "1.00"


def test_a_bad_row_holds_up_no_other_and_is_told_at_the_end(cloud):
    bad = [{**ROW, "Approved": "maybe"}, {**ROW, "PaymentAmount": "1.2345"}]
    client, _ = cloud(report(ROW, bad[0], {**ROW, "InvoiceNumber": "7"}, bad[1]))
    numbers = []
    with pytest.raises(BadInputError) as caught:
        numbers.extend(payment.invoice_number for payment in client.payments(WINDOW))
    payments = client.payments(WINDOW)
    assert [next(payments).invoice_number for _ in range(2)] == ["30254", "7"]
    payment = f"payment {ROW['PaymentGUID']} of {ROW['PaymentDate']}"
    assert caught.value.field == f"{payment}: Approved, {payment}: PaymentAmount"
    assert caught.value.value == "maybe, 1.2345"


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        (EnrollmentKind.PAPERLESS, "BillerPaperlessCustomerReportDataSet"),
        (EnrollmentKind.AUTOPAY, "BillerAutoPayCustomerReportDataSet"),
    ],
)
def test_customer_reports_are_asked_with_the_keys_alone(cloud, biller, kind, operation):
    rows = [
        {"AccountNumber": "7", "EnrollmentDate": "2026-01-05T03:30:00-05:00"},
        {"AccountNumber": "A-8", "EnrollmentDate": "2026-01-05T03:30:00-05:00"},
        {"AccountNumber": "9", "EmailAddress": "x@example.com", "EnrollmentDate": "2026-01-05"},
    ]
    client, asked = cloud(report(*rows))
    found = []
    with pytest.raises(BadInputError, match="account A-8: AccountNumber"):
        found.extend(client.enrolled(kind))
    assert [row.account_number for row in found] == ["7", "9"]
    (request,) = asked
    assert str(request.url).endswith("/BillerAutoPayCustomerReportSOAP.asmx")
    assert request.headers["SOAPAction"].endswith(f'/{operation}"')
    assert parameters(request) == keys_of(biller)


def test_unknown_columns_are_logged_once_and_disturb_nothing(cloud):
    client, _ = cloud(report({"Branch": "7", **ROW}))
    with structlog.testing.capture_logs() as lines:
        assert len(list(client.payments(WINDOW))) == 1
        assert len(list(client.payments(WINDOW))) == 1
    assert [(line["columns"], line["biller"]) for line in lines] == [(["Branch"], "alpha")]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        *((RetryableError, answer) for answer in NOT_SOAP),
        (RetryableError, httpx.Response(200, text=envelope("<R/>"))),
        (RetryableError, httpx.Response(200, text=report(ROW).text[:-9])),
        (RetryableError, httpx.Response(429)),
        (RetryableError, httpx.ConnectError("refused")),
        (RetryableError, TIMEOUT),
        (RetryableError, TIMEOUT_AS_200),
        (RejectedError, UNREADABLE_REQUEST),
        (RejectedError, httpx.Response(400)),
        (ConfigurationError, fault("soap:Server", "---&gt; Invalid WebServiceKey")),
        (ConfigurationError, fault("soap:Client", "Access denied", status=200)),
        (ConfigurationError, httpx.Response(404)),
    ],
    ids=str,
)
def test_a_report_that_does_not_come_whole_can_be_asked_again(cloud, kind, answer):
    client, _ = cloud(answer)
    with pytest.raises(kind):
        list(client.payments(WINDOW))


def test_payments_before_a_break_are_yielded(cloud):
    client, _ = cloud(httpx.Response(200, text=report(ROW).text[:-9]))
    payments = client.payments(WINDOW)
    assert next(payments).invoice_number == "30254"
    with pytest.raises(RetryableError):
        next(payments)


def test_what_stands_in_place_of_a_report_is_quoted(cloud):
    client, _ = cloud(httpx.Response(200, text="<html>Back at 8:00 EDT</html>"))
    with pytest.raises(RetryableError, match="Back at 8:00 EDT"):
        list(client.payments(WINDOW))


# How large a request is


@pytest.mark.parametrize("base64_upload", [False, True])
@pytest.mark.parametrize(
    "content",
    [b"", b"1~FH|2~a\n", "é & <b> 'c' \"d\"\n".encode() * 500, b"&" * 3001, b"x" * 100_001],
)
def test_a_request_is_never_larger_than_it_is_said_to_be(cloud, content, base64_upload):
    """The envelope, the keys and the name of the file are in the figure."""
    operation = "UploadInvoiceFileBase64" if base64_upload else "UploadInvoiceFile"
    client, asked = cloud(
        uploaded("<Success>true</Success>", operation), base64_upload=base64_upload
    )
    client.upload(file_name="BIF20260105080000-12.BIF", content=content)
    said = client.request_bytes(content)
    assert said - 2048 <= len(asked[0].content) <= said


def test_a_request_that_is_too_large_names_the_setting(cloud):
    client, _ = cloud(httpx.Response(413))
    with pytest.raises(
        RejectedError, match=r"alpha.*bif\.receiver_bytes_max must be less"
    ) as told:
        upload(client)
    assert told.value.status == 413
    assert client.request_bytes_max == 4 * 1024 * 1024
