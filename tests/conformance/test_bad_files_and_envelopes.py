"""Bad SOAP, bad invoice files, bad settings over real sockets; markup and secrets in them."""

import json
import re

import pytest

API = "/spectrum/wsSpectrumAPICore/api"
NAMESPACE = "https://www.invoicecloud.com/portal/webservices"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
UPLOAD, REPORT = "InvoiceFileUploadSOAP", "PaymentReportingSOAP"
MARKUP = "<script>alert(1)</script>"
pytestmark = pytest.mark.usefixtures("nothing_happened")


# SOAP: what is no SOAP is refused without a word, the rest by a fault of ASP.NET's.
def right(bench, **values: str) -> str:
    return bench.envelope(**values)


NO_SOAP = {
    "empty": lambda _: b"",
    "no XML": lambda _: b"{}",
    "NUL": lambda b: right(b, BillerGUID="\x00"),
    "NUL by reference": lambda b: right(b, BillerGUID="&#0;"),
    "no UTF-8": lambda b: right(b, BillerGUID="@").encode().replace(b"@", b"\xff\xfe"),
    "deep": lambda b: right(b, BillerGUID="<a>" * 50_000 + "</a>" * 50_000),
    "deep header": lambda b: right(b).replace(
        "<s:Body>", f"<s:Header>{'<a>' * 50_000}{'</a>' * 50_000}</s:Header><s:Body>"
    ),
    "entity bomb": lambda b: (
        '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + "]>"
        + right(b, BillerGUID="&j;")
    ),
    "external entity": lambda b: (
        '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + right(b, BillerGUID="&x;")
    ),
    "external subset": lambda b: '<!DOCTYPE l SYSTEM "file:///dev/zero">' + right(b),
    "no envelope": lambda _: "<a/>",
    "no body": lambda _: f'<s:Envelope xmlns:s="{SOAP_11}"/>',
    "attribute twice": lambda b: right(b).replace("<s:Body>", '<s:Body a="1" a="2">'),
}
FAULTS = {
    "unknown field": (lambda b: right(b, Surprise="1"), "Surprise"),
    "field twice": (
        lambda b: right(b).replace("</PaymentReporting", "<BillerGUID/></PaymentReporting"),
        "BillerGUID",
    ),
    "no moment": (lambda b: right(b, StartDateGMT="yesterday"), "StartDateGMT"),
    "no such day": (lambda b: right(b, StartDateGMT="2026-02-30T00:00:00Z"), "StartDateGMT"),
    "before all years": (
        lambda b: right(b, StartDateGMT="0001-01-01T00:00:00+14:00"),
        "StartDateGMT",
    ),
    "Arabic digits": (
        lambda b: right(b, StartDateGMT="\u0662026-01-05T00:00:00Z"),
        "StartDateGMT",
    ),
    "nested": (lambda b: right(b, BillerGUID="<a/>"), "BillerGUID"),
    "XInclude": (
        lambda b: right(
            b,
            BillerGUID='<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>',
        ),
        "BillerGUID",
    ),
    "markup": (lambda b: right(b, StartDateGMT="&lt;script&gt;"), "StartDateGMT"),
    "megabytes": (lambda b: right(b, StartDateGMT="eyJ" * 1_000_000), "StartDateGMT"),
    "secret in another's place": (
        lambda b: right(b, StartDateGMT=b.biller.web_service_key),
        "StartDateGMT",
    ),
    "other namespace": (
        lambda b: right(b).replace(f"{NAMESPACE}/{REPORT}/", "urn:other"),
        "PaymentReportingDataSetFromGMT",
    ),
    "two operations": (
        lambda b: re.sub("<s:Body>(.*)</s:Body>", r"<s:Body>\1\1</s:Body>", right(b)),
        "more than",
    ),
    "none": (lambda _: f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body/></s:Envelope>', "SOAPAction"),
    "other version": (
        lambda b: right(b).replace(SOAP_11, "http://www.w3.org/2003/05/soap-envelope"),
        "version mismatch",
    ),
    "wrong key": (lambda b: right(b, WebServiceKey="x"), "WebServiceKey"),
    "no key": (lambda b: right(b, WebServiceKey=""), "WebServiceKey"),
    "quotes": (lambda b: right(b, BillerGUID="' OR '1'='1"), "BillerGUID"),
}


@pytest.mark.parametrize("badness", NO_SOAP)
def test_what_is_no_soap_is_400_without_a_word(bench, badness):
    answer = bench.report(NO_SOAP[badness](bench))
    assert (answer.status, answer.body) == (400, b"")
    bench.expect("SOAP", answer)


@pytest.mark.parametrize("badness", FAULTS)
def test_bad_soap_is_a_fault_that_says_what_is_wrong(bench, badness):
    write, words = FAULTS[badness]
    answer = bench.report(write(bench))
    assert answer.status == 500
    bench.expect("SOAP", answer)
    assert words in answer.body.decode()
    assert len(answer.body) < 2_000


@pytest.mark.parametrize("action", ["", '"', "x" * 5_000, MARKUP, b"\xe9\xff"])
def test_an_unknown_action_is_a_fault(bench, action):
    answer = bench.report(right(bench), SOAPAction=action)
    assert answer.status == 500
    bench.expect("SOAP", answer)


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("", 415),
        ("application/json", 415),
        ("text/xml, text/xml", 415),
        ("text/xml; charset=bogus", 400),
        ("text/xml; charset=utf-16", 400),
        ("text/xml; charset*=a'b", 400),
    ],
)
def test_other_media_types_and_charsets_are_no_soap(bench, media_type, status):
    answer = bench.report(right(bench), Content_Type=media_type)
    assert (answer.status, answer.body) == (status, b"")


def test_a_soap_request_beyond_the_limit_is_413(bench):
    answer = bench.report(b" " * (4 * 1024 * 1024 + 1))
    assert (answer.status, answer.body) == (413, b"")


# Invoice files: the file as it is broken, and what must be said of it.
def header(bench, **changes: str) -> bytes:
    fields = {
        "1": "FH",
        "2": bench.biller.biller_guid,
        "3": "R1",
        "4": "01/05/2026",
        "5": "0",
        "6": "0.00",
        **{name.strip("_"): value for name, value in changes.items()},
    }
    return "|".join(f"{name}~{value}" for name, value in fields.items()).encode() + b"\n"


BIFS = {
    "empty": (lambda _: b"", "row 1, FileSpecID 1 RowType '': missing_record: "),
    "no BIF": (lambda _: b"hello", "row 1 'hello': unknown_record: "),
    "binary": (lambda _: b"PK\x03\x04\x00", r"row 1 'PK\x03\x04\x00': unknown_record: "),
    "no UTF-8": (lambda _: b"1~FH|3~\xff\n", "row 1 '1~FH|3~\ufffd': encoding: "),
    "UTF-16": (lambda b: header(b).decode().encode("utf-16"), "encoding: "),
    "BOM": (lambda b: b"\xef\xbb\xbf" + header(b), "row 1 'byte order mark': encoding: "),
    "control": (
        lambda b: header(b, _3="\x1b[2J"),
        r"row 1, FileSpecID 3 ThirdPartyFileReference '\x1b[2J': reserved_character: ",
    ),
    "date": (
        lambda b: header(b, _4="02/30/2026"),
        "row 1, FileSpecID 4 FileCreationDate '02/30/2026': format: ",
    ),
    "count": (
        lambda b: header(b, _5="\u0661"),
        "row 1, FileSpecID 5 InvoiceCount '\u0661': format: ",
    ),
    "wrong count": (lambda b: header(b, _5="1"), "row 1, FileSpecID 5 InvoiceCount '1': count: "),
    "wrong total": (
        lambda b: header(b, _6="1.00"),
        "row 1, FileSpecID 6 TotalInvoiceAmount '1.00': total: ",
    ),
    "money": (
        lambda b: header(b, _6="-1.00"),
        "row 1, FileSpecID 6 TotalInvoiceAmount '-1.00': format: ",
    ),
    "another's": (
        lambda b: header(b, _2="00000000-0000-4000-8000-000000000000"),
        "row 1, FileSpecID 2 BillerGuid '00000000-0000-4000-8000-000000000000': constant: ",
    ),
    "markup": (
        lambda b: header(b, _4=MARKUP),
        f"row 1, FileSpecID 4 FileCreationDate '{MARKUP}': format: ",
    ),
    "unknown field": (lambda b: header(b, _9999="x"), "'9999~x': unknown_field: "),
    "field twice": (
        lambda b: header(b).replace(b"|3~R1", b"|3~R1|3~R1"),
        "row 1, FileSpecID 3 ThirdPartyFileReference 'R1': duplicate_field: ",
    ),
    "no customer": (
        lambda b: header(b) + b"7~IH\n",
        "row 2, FileSpecID 10 InvoiceNumber '': required: ",
    ),
    "one long row": (lambda b: header(b) + b"7~" + b"x" * 2_000_000, "row 2 '7~xx"),
    "separators": (lambda b: header(b) + b"7~IH" + b"|" * 2_000_000, "row 2 '7~IH|||"),
    "a million rows": (lambda _: b"\n" * 1_000_000, "row 1 '': unknown_record: "),
}


@pytest.mark.parametrize("badness", BIFS)
def test_a_broken_invoice_file_is_refused_with_row_field_value_and_rule(bench, badness):
    write, words = BIFS[badness]
    message = bench.upload(write(bench))
    assert words in message
    assert len(message) < 5_000


def test_the_console_shows_markup_as_text(bench):
    """After this module's attacks, and one more for each text that reaches the timeline."""
    bench.sandbox("GET", f"/spectrum/{MARKUP}".replace("/script", "script"))
    bench.spectrum("GET", f"{API}/Invoice/InvoiceBalanceDue?invoiceNumber=%3Cscript%3E")
    bench.soap(UPLOAD, MARKUP, b"<a/>")
    bench.upload(header(bench, _3=MARKUP))
    match = {"fault": "sever", "partner": "spectrum", "operation": "Token"}
    fault = json.dumps({**match, "match": {MARKUP: MARKUP}}).encode()
    assert bench.control("POST", "/faults", fault).status == 201
    page = bench.sandbox("GET", "/")
    assert page.status == 200
    assert b"<script" not in page.body
    assert b"&lt;script&gt;" in page.body
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert bench.control("DELETE", "/faults").status == 200


def test_an_endless_token_does_not_hold_the_world_up(bench):
    """Searching a path for tokens takes time in proportion to its length."""
    answer = bench.sandbox("GET", "/spectrum/" + "eyJ" * 60_000)
    assert answer.status == 404


def test_a_secret_under_a_wrong_name_stays_out_of_the_journal(bench):
    """What the sender mistook is looked for after every test."""
    values = {"tokem": bench.token_values["token"], "pass": [bench.token_values["password"]]}
    assert bench.spectrum("POST", f"{API}/Token", json.dumps(values).encode()).status == 400
    path = f"{API}/Invoice/InvoiceBalanceDue?invoiceNumber={bench.biller.door_key}"
    assert bench.spectrum("GET", path).status == 400
    assert bench.sandbox("GET", f"/spectrum/{bench.biller.web_service_key}").status == 404
    name = right(bench, BillerGUID=bench.biller.web_service_key)
    assert bench.report(name).status == 500


def test_a_wrong_settings_file_names_every_setting_and_shows_no_secret(bench):
    """All at once, while the doors stay open."""
    wrong = json.loads(json.dumps(bench.doors.settings))
    table = wrong["billers"][bench.biller.slug]
    table["biller_guid"] = table["web_service_key"] + "x"
    table["time_zone"] = "Mars/Base"
    table["surprise"] = table["door_key"]
    table["door_key"] = "short"
    table["advanced_settings"]["10"] = "a-secret-without-a-pipe"
    table["advanced_settings"]["11"] = "ftp://user:a-secret-in-a-url@127.0.0.1"
    bench.doors.write(wrong)
    try:
        answer = bench.door("GET", "/ops/configuration")
    finally:
        bench.doors.write(bench.doors.settings)
    [biller] = json.loads(answer.body)["billers"]
    named = {problem.partition(": ")[0].split(".", 2)[2] for problem in biller["problems"]}
    assert named == {
        "biller_guid",
        "time_zone",
        "surprise",
        "door_key",
        "advanced_settings.10",
        "advanced_settings.11",
    }
    for secret in (*bench.secrets, "a-secret"):
        assert secret not in answer.body.decode()
