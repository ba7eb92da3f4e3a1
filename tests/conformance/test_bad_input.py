"""Bad input over real sockets: JSON, credentials, paths, queries and what is no HTTP."""

import json

import pytest

from adapter.doors.server import HEADER_BYTES_MAX

API = "/spectrum/wsSpectrumAPICore/api"
EXTRACT = "/spectrum/extract/v1/invoices"
SERVICES = "/invoicecloud/portal/webservices"
REPORT = "PaymentReportingSOAP"
CARD = "4111111111111111"
MARKUP = "<script>alert(1)</script>"
NON_ASCII_BASIC = b"Basic \xff\xfe"
pytestmark = pytest.mark.usefixtures("nothing_happened")


# One matrix for all that takes JSON: the body's badness, and the status that is due.
JSON_BODIES = {
    "none": (b"", 400),
    "half": (b'{"a": ', 400),
    "list": (b"[]", 400),
    "null": (b"null", 400),
    "text": (b'"x"', 400),
    "xml": (b"<a/>", 400),
    "NaN": (b'{"amount": NaN}', 400),
    "Infinity": (b'{"amount": -Infinity}', 400),
    "exponent": (b'{"amount": 1e999999}', 400),
    "exponent beyond Decimal": (b'{"amount": 1e99999999999999999999}', 400),
    "digits": (b'{"amount": ' + b"9" * 50_000 + b"}", 400),
    "no UTF-8": (b'{"a": "\xff\xfe"}', 400),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 400),
    "NUL": (b'{"a": "\x00"}', 400),
    "half a surrogate pair": (b'{"\\ud800": "\\udfff"}', 400),
    "deep": (b"[" * 50_000, 400),
    "deep, yet parsed": (b'{"url":' + b"[" * 500 + b"]" * 500 + b"}", 400),
    "deep object": (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400),
    "unknown field": (b'{"no such field": 1}', 400),
    "many unknown fields": (json.dumps({f"k{n}": n for n in range(4_000)}).encode(), 400),
    "field named by markup": (json.dumps({MARKUP: MARKUP}).encode(), 400),
    "field named by a card": (json.dumps({CARD: int(CARD)}).encode(), 400),
    "name twice": (b'{"a": 1, "a": 2}', 400),
}
# What each takes at most, in the order of the contracts.
SPECTRUM_BYTES, CONTROL_BYTES, DOOR_BYTES = 1024 * 1024, 64 * 1024, 64 * 1024
MEDIA_TYPES = ("", "text/xml", "application/json; charset=utf-16", "multipart/form-data")
JSON_TAKERS = {
    "Token": (lambda b, body, **h: b.spectrum("POST", f"{API}/Token", body, **h), "Spectrum"),
    "OnlineReceipt": (
        lambda b, body, **h: b.spectrum("POST", f"{API}/OnlineReceipt", body, **h),
        "Spectrum",
    ),
    "NewWorld": (lambda b, body, **h: b.control("POST", "/worlds", body, **h), "control"),
    "Advance": (lambda b, body, **h: b.control("POST", "/clock/advance", body, **h), "control"),
    "NewFault": (lambda b, body, **h: b.control("POST", "/faults", body, **h), "control"),
    "Behaviours": (lambda b, body, **h: b.control("PATCH", "/behaviours", body, **h), "control"),
    "Connector": (lambda b, body, **h: b.control("PUT", "/connector", body, **h), "control"),
    "PaymentOrder": (
        lambda b, body, **h: b.control("POST", "/payers/payments", body, **h),
        "control",
    ),
    "Payment": (lambda b, body, **h: b.pay(body, **h), "doors"),
}


@pytest.mark.parametrize("taker", JSON_TAKERS)
@pytest.mark.parametrize("badness", JSON_BODIES)
def test_bad_json_is_refused_in_the_takers_style(bench, taker, badness):
    send, style = JSON_TAKERS[taker]
    body, status = JSON_BODIES[badness]
    answer = send(bench, body)
    assert answer.status == status, answer.body
    bench.expect(style, answer)
    assert CARD.encode() not in answer.body


@pytest.mark.parametrize("taker", JSON_TAKERS)
@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversized_body_is_413_with_and_without_a_length(bench, taker, chunked):
    send, style = JSON_TAKERS[taker]
    size = {"Spectrum": SPECTRUM_BYTES, "control": CONTROL_BYTES, "doors": DOOR_BYTES}
    body = b" " * (size[style] + 1)
    headers = {}
    if chunked:
        headers = {"Transfer_Encoding": "chunked"}
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answer = send(bench, body, **headers)
    assert answer.status == 413
    bench.expect(style, answer)


@pytest.mark.parametrize("taker", JSON_TAKERS)
@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_other_media_types_are_415(bench, taker, media_type):
    send, style = JSON_TAKERS[taker]
    answer = send(bench, b"{}", Content_Type=media_type)
    assert answer.status == 415, answer.body
    bench.expect(style, answer)


@pytest.mark.parametrize("field", ["invoiceNumber", "amount", "datePaid", "approved", "fullName"])
@pytest.mark.parametrize("value", [[], {}, "\ud800", 10**50, "x" * 5_000, "\u0661\u0662" * 300])
def test_a_receipt_of_the_wrong_type_names_its_field(bench, field, value):
    body = json.dumps({**bench.receipt, field: value}).encode()
    answer = bench.spectrum("POST", f"{API}/OnlineReceipt", body)
    assert answer.status == 400
    bench.expect("Spectrum", answer)
    assert list(json.loads(answer.body)["errors"]) in ([field], ["$"])


@pytest.mark.parametrize("figure", ["NaN", "1e999999", "-1", "0.001", "1e15", "01", "1."])
@pytest.mark.parametrize("taker", ["OnlineReceipt", "Payment"])
def test_a_figure_that_is_no_money_is_refused(bench, taker, figure):
    send, style = JSON_TAKERS[taker]
    document, field = (
        (bench.receipt, "amount") if taker == "OnlineReceipt" else (bench.notice, "PaymentAmount")
    )
    text = json.dumps({**document, field: "@"}).replace('"@"', figure)
    answer = send(bench, text.encode())
    assert answer.status == 400
    bench.expect(style, answer)


@pytest.mark.parametrize("field", ["PaymentGUID", "InvoiceNumber", "PaymentDate", "CustomerName"])
@pytest.mark.parametrize("value", [[], {}, 7, "\ud800", "x" * 5_000, f"{'x' * 45}{CARD}" * 5])
def test_a_payment_of_the_wrong_type_names_its_field(bench, field, value):
    answer = bench.pay(json.dumps({**bench.notice, field: value}).encode())
    assert answer.status == 400
    bench.expect("doors", answer)
    assert json.loads(answer.body)["error"]["field"] == field
    assert CARD.encode() not in answer.body


@pytest.mark.parametrize(
    "wanted",
    [
        {"bank_account": ["021000021", "9876543210"]},
        {"bank_account": {"routing_number": 9876543210, "account_number": 1}},
        {"card_number": {"digits": "9876543210"}},
        {"amount": f"{'x' * 52} {CARD}", "card_number": CARD},
    ],
)
def test_what_a_payer_paid_with_is_not_told_again(bench, wanted):
    answer = bench.control(
        "POST", "/payers/payments", json.dumps({"invoice_number": "1", **wanted}).encode()
    )
    assert answer.status == 400
    bench.expect("control", answer)
    assert b"9876543210" not in answer.body
    assert CARD[:6].encode() not in answer.body


# Who may not: no credentials, wrong ones, and what is none.
CREDENTIALS = {
    "none": "",
    "scheme only": "Basic",
    "no base64": "Basic !!!",
    "no ASCII": NON_ASCII_BASIC,
    "no colon": "Basic YWJj",
    "no UTF-8": "Basic //46/w==",
    "nothing in it": "Basic Og==",
    "digest": 'Digest username="x", realm="',
    "parameters": "Bearer a=b, c=d",
    "no token": "Bearer",
    "no JWT": "Bearer x.y.z",
    "JWT without an algorithm": "Bearer eyJhbGciOiJub25lIn0.e30.",
    "very long": "Bearer " + "a" * 10_000,
}
GUARDED = {
    "InvoiceBalanceDue": (
        lambda b, told: b.spectrum("GET", f"{API}/Invoice/InvoiceBalanceDue", Authorization=told),
        "Spectrum",
    ),
    "OnlineReceipt": (
        lambda b, told: b.spectrum("POST", f"{API}/OnlineReceipt", b"{", Authorization=told),
        "Spectrum",
    ),
    "extract": (lambda b, told: b.spectrum("GET", EXTRACT, Authorization=told), "Spectrum"),
    "balance": (
        lambda b, told: b.door("GET", f"/billers/{b.biller.slug}/balance", Authorization=told),
        "doors",
    ),
    "payment": (lambda b, told: b.pay(b"{", Authorization=told), "doors"),
    "unknown biller": (
        lambda b, told: b.door("GET", "/billers/nobody/balance", Authorization=told),
        "doors",
    ),
}


@pytest.mark.parametrize("guarded", GUARDED)
@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_without_right_credentials_it_is_401_before_anything_is_judged(
    bench, guarded, credentials
):
    send, style = GUARDED[guarded]
    answer = send(bench, CREDENTIALS[credentials])
    assert answer.status == 401, answer.body
    assert "www-authenticate" in answer.headers
    bench.expect(style, answer)


@pytest.mark.parametrize("told", ["", "Bearer wrong", NON_ASCII_BASIC])
def test_keys_of_operators_are_401_too(bench, told):
    """With an ops key and a control token in force."""
    bench.doors.settings["adapter"]["ops_key"] = "let-the-operator-in"
    bench.doors.write(bench.doors.settings)
    try:
        answer = bench.door("GET", "/ops/deliveries", Authorization=told)
    finally:
        del bench.doors.settings["adapter"]["ops_key"]
        bench.doors.write(bench.doors.settings)
    assert answer.status == 401
    bench.expect("doors", answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"Host": b"\xff\xfe"},
        {"X_Forwarded_For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
    ],
)
def test_the_ops_door_answers_no_proxy_and_no_rebound_name(bench, headers):
    assert bench.door("GET", "/ops/health").status == 200
    answer = bench.door("GET", "/ops/health", **headers)
    assert answer.status == 403
    bench.expect("doors", answer)


# Paths and verbs.
HOMES = {
    "Spectrum": ("spectrum", f"{API}/Token", "Spectrum"),
    "extract": ("spectrum", EXTRACT, "Spectrum"),
    "SOAP": ("sandbox", f"{SERVICES}/{REPORT}.asmx", "SOAP"),
    "control": ("sandbox", "/_sandbox/clock", "control"),
    "door": ("door", "/billers/x/balance", "doors"),
    "ops": ("door", "/ops/health", "doors"),
}


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("verb", ["TRACE", "BREW", "DELETE", "A" * 3_000])
def test_other_verbs_are_405_and_told_which_are_not(bench, home, verb):
    caller, path, style = HOMES[home]
    answer = getattr(bench, caller)(verb, path)
    assert answer.status == 405
    assert "allow" in answer.headers
    bench.expect(style, answer)


@pytest.mark.parametrize("home", [name for name in HOMES if name != "SOAP"])
@pytest.mark.parametrize(
    "tail",
    ["%00", "%ff%fe", "%zz", "/../../../etc/passwd", "/%2e%2e/%2e%2e", ";a=b", "/" + "a" * 8_000],
)
def test_odd_paths_are_404(bench, home, tail):
    caller, path, style = HOMES[home]
    answer = getattr(bench, caller)("GET", path + tail)
    assert answer.status == 404, answer.body
    bench.expect(style, answer)


@pytest.mark.parametrize("path", ["/_sandbox//clock", "/_sandbox/worlds//adapter.toml"])
def test_a_doubled_slash_leads_to_no_other_host(bench, path):
    answer = bench.sandbox("GET", path, Host="evil.example")
    assert answer.status == 404
    bench.expect("control", answer)


@pytest.mark.parametrize("name", ["nobody", "DEFAULT", "..", "%00", "%3Cscript%3E", "a" * 200])
@pytest.mark.parametrize("path", ["/", EXTRACT, f"{SERVICES}/{REPORT}.asmx", "/_sandbox/clock"])
def test_unknown_worlds_are_404_whoever_is_asked(bench, name, path):
    address = bench.sandbox_url.removesuffix(bench.prefix)
    answer = bench.at(address, "GET", f"/w/{name}{path}")
    assert answer.status == 404
    bench.expect("control", answer)


QUERIES = {
    "balance of nothing": ("spectrum", f"{API}/Invoice/InvoiceBalanceDue", "Spectrum"),
    "balance, no digits": (
        "spectrum",
        f"{API}/Invoice/InvoiceBalanceDue?invoiceNumber=%D9%A2",
        "Spectrum",
    ),
    "balance, twice": (
        "spectrum",
        f"{API}/Invoice/InvoiceBalanceDue?invoiceNumber=1&INVOICENUMBER=2",
        "Spectrum",
    ),
    "extract, no moment": ("spectrum", f"{EXTRACT}?since=2026-02-30T00:00:00Z", "Spectrum"),
    "extract, unknown": ("spectrum", f"{EXTRACT}?sinse=x", "Spectrum"),
    "journal, limit": ("sandbox", "/_sandbox/journal?limit=-1", "control"),
    "journal, after": ("sandbox", "/_sandbox/journal?after=%D9%A2", "control"),
    "journal, twice": ("sandbox", "/_sandbox/journal?limit=1&limit=2", "control"),
    "clock": ("sandbox", "/_sandbox/clock?a=1", "control"),
    "door, twice": (
        "door",
        "/billers/camp-point-mutual/balance?invoiceNumber=1&invoiceNumber=2",
        "doors",
    ),
    "door, NUL": ("door", "/billers/camp-point-mutual/balance?invoiceNumber=%00", "doors"),
    "door, name": ("door", f"/billers/camp-point-mutual/balance?{CARD}=1", "doors"),
    "ops, limit": ("door", "/ops/deliveries?limit=1001", "doors"),
    "ops, after": ("door", f"/ops/deliveries?after={2**63}", "doors"),
    "ops, state": ("door", "/ops/deliveries?state=%27%20OR%201=1--", "doors"),
}


@pytest.mark.parametrize("query", QUERIES)
def test_odd_queries_are_400(bench, query):
    caller, path, style = QUERIES[query]
    answer = getattr(bench, caller)("GET", path)
    assert answer.status == 400, answer.body
    bench.expect(style, answer)
    assert CARD.encode() not in answer.body


# What is no HTTP, or lies about its length.
BROKEN = {
    "binary": (b"\x00\x01\xff\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "small verb": (b"get / HTTP/1.1\r\n\r\n", 400),
    "raw bytes in the path": (b"GET /\xff\xe9 HTTP/1.1\r\n\r\n", 400),
    "no header": (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    "negative length": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "Arabic length": (b"POST / HTTP/1.1\r\nContent-Length: \xd9\xa2\r\n\r\n", 400),
    "length beyond all": (b"POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 40), 413),
    "length of 5,000 digits": (
        b"POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5_000),
        400,
    ),
    "no chunk": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
    "compressed transfer": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_http_is_refused_and_the_next_is_served(bench, broken):
    content, status = BROKEN[broken]
    at_sandbox = bench.speak(bench.sandbox_url, content)
    at_doors = bench.speak(bench.doors.server.url, content)
    assert (at_sandbox.status, at_doors.status) == (status, status)
    bench.expect("server", at_sandbox)
    bench.expect("doors", at_doors)
    assert bench.sandbox("GET", "/_sandbox/clock").status == 200
    assert bench.door("GET", "/ops/health").status == 200


def test_a_header_without_end_is_431(bench):
    """As soon as the bound is reached: waitress's own at the sandbox, ours at the doors."""
    for url, limit, style in (
        (bench.sandbox_url, 256 * 1024, "server"),
        (bench.doors.server.url, HEADER_BYTES_MAX, "doors"),
    ):
        answer = bench.speak(url, b"GET / HTTP/1.1\r\nX: ".ljust(limit, b"a"))
        assert answer.status == 431
        bench.expect(style, answer)
