"""Spectrum's wire: routing, balances, refusals in ASP.NET's manner, the journal, the faults."""

import json

import pytest

from contracts.loader import openapi
from sandbox.fakes.spectrum.api import ROUTES
from sandbox.fakes.spectrum.body import BODY_BYTES_MAX
from sandbox.faults import FAULTS, ConnectionSevered, FaultyAnswer

API = "/spectrum/wsSpectrumAPICore/api"
BALANCE = f"{API}/Invoice/InvoiceBalanceDue"
RECEIPT = f"{API}/OnlineReceipt"
PATHS = {
    "Token": ("POST", f"{API}/Token"),
    "InvoiceBalanceDue": ("GET", BALANCE),
    "OnlineReceipt": ("POST", RECEIPT),
    "ExtractInvoices": ("GET", "/spectrum/extract/v1/invoices"),
    "ExtractReceipts": ("GET", "/spectrum/extract/v1/receipts"),
}
BEHIND_A_TOKEN = {name: PATHS[name] for name in PATHS if name != "Token"}


def arm(spectrum, kind, operation, moment, match=None, **parameters):
    spectrum.world.faults.arm(
        kind=kind,
        effect=FAULTS[kind](parameters),
        partner="spectrum",
        operation=operation,
        moment=moment,
        count=1,
        match=match or {},
        parameters=parameters,
    )


def test_every_operation_of_the_contract_is_served():
    promised = {
        (operation["operationId"], method.upper())
        for path in openapi("spectrum")["paths"].values()
        for method, operation in path.items()
        if isinstance(operation, dict) and "operationId" in operation
    }
    assert {(route.operation, route.method) for route in ROUTES.values()} == promised


@pytest.mark.parametrize("name", ["invoiceNumber", "InvoiceNumber", "INVOICENUMBER"])
def test_balance_has_four_decimals_and_its_query_any_case(spectrum, name):
    answer = spectrum.get(BALANCE, **{name: "30254"})
    assert answer.status_code == 200
    assert answer.json == {
        "data": {
            "id": "30254",
            "type": "invoiceNumber",
            "attributes": {"balanceDue": "731.3700"},
        }
    }


def test_overpaid_invoice_shows_a_credit(spectrum):
    spectrum.post(spectrum.receipt(amount="731.38"))
    assert spectrum.balance("30254") == "-0.0100"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "invoiceNumber=",
        "invoiceNumber=abc",
        "invoiceNumber=30254.0",
        "invoiceNumber=-30254",
        "invoiceNumber=030254",
        "invoiceNumber=30254%0A",
        "invoiceNumber=%FF%FE",
        "invoiceNumber=%D9%A3%D9%A0",
        "invoiceNumber=" + "9" * 19,
        "invoiceNumber=30254&invoiceNumber=30254",
        "invoiceNumber=30254&InvoiceNumber=30259",
        "invoiceNumber=30254&colour=red",
    ],
)
def test_wrong_query_is_a_validation_problem(spectrum, query):
    answer = spectrum.client.get(f"{BALANCE}?{query}", headers=spectrum.bearer())
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"]


def test_unknown_and_foreign_invoices_are_not_found(spectrum):
    own = spectrum.book.invoices_of(spectrum.biller())[0].number
    for number, biller in (("999999", 0), (own, 1)):
        answer = spectrum.get(BALANCE, biller=biller, invoiceNumber=number)
        assert answer.status_code == 404
        assert answer.json["title"] == "Not Found"


@pytest.mark.parametrize("operation", BEHIND_A_TOKEN)
def test_token_is_judged_before_anything_else(spectrum, operation):
    """However wrong the rest of the request is."""
    method, path = BEHIND_A_TOKEN[operation]
    for headers in ({}, {"Authorization": "Bearer garbage"}):
        answer = spectrum.client.open(
            path, method=method, headers=headers, data=b"{", content_type="text/plain"
        )
        assert answer.status_code == 401
        assert answer.data == b""
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation", PATHS)
@pytest.mark.parametrize(
    "wrong", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
)
def test_wrong_method_is_405_and_names_the_right_one(spectrum, operation, wrong):
    method, path = PATHS[operation]
    if wrong != method:
        answer = spectrum.client.open(path, method=wrong)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == method
        assert answer.data == b""


@pytest.mark.parametrize(
    "path",
    [
        "/spectrum/",
        "/spectrum/api/Token",
        f"{API}/Tokens",
        f"{API}/Invoice",
        f"{API}/",
        f"{API}//Token",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_path_is_404_without_a_body(spectrum, path, method):
    answer = spectrum.client.open(path, method=method)
    assert answer.status_code == 404
    assert answer.data == b""
    assert "Content-Type" not in answer.headers


def test_paths_are_routed_in_any_case(spectrum):
    answer = spectrum.client.post(f"{API}/Token".upper().lower(), json=spectrum.values())
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [f"{API}/Token", RECEIPT])
@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", None, 415),
        (b'{"a":"%s"}' % (b"x" * BODY_BYTES_MAX), "application/json", 413),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"amount": NaN}', "application/json", 400),
        (b'{"token": "a", "TOKEN": "b"}', "application/json", 400),
    ],
)
def test_unreadable_body_is_refused(spectrum, path, body, media_type, status):
    answer = spectrum.post(body, path=path, content_type=media_type)
    assert answer.status_code == status


def test_journal_tells_each_call_and_hides_its_secrets(spectrum):
    receipt = spectrum.receipt()
    spectrum.post(receipt)
    spectrum.balance("30254")
    spectrum.post(b'{"token": "half a body', path=f"{API}/Token")
    lines = spectrum.world.journal.as_lines()
    for secret in (*spectrum.values().values(), "half a body"):
        assert secret not in lines
    told = [(entry.operation, entry.status, entry.outcome) for entry in journal(spectrum)]
    assert ("Token", 200, "a token for Camp Point Mutual") in told
    assert ("OnlineReceipt", 200, "receipt 1001 for 10.00 applied") in told
    assert ("InvoiceBalanceDue", 200, "721.37 is due") in told
    assert told[-1] == ("Token", 400, "refused: $: The body is not valid JSON.")
    [entry] = journal(spectrum, operation="OnlineReceipt")
    assert entry.request == receipt
    assert entry.response == {**receipt, "receiptID": "1001"}
    assert entry.tags == {
        "biller": "camp-point-mutual",
        "invoice_number": "30254",
        "payment_guid": receipt["referenceNumber"],
    }


def journal(spectrum, **wanted):
    return spectrum.world.journal.entries(kind="call", **wanted)


def test_journal_names_the_adapter_by_its_user_agent(spectrum):
    for agent, source in (("imt-adapter/0.1.0", "adapter"), ("curl/8", "client")):
        spectrum.client.get(BALANCE, headers={"User-Agent": agent})
        assert journal(spectrum)[-1].source == source


def test_long_answers_are_shortened_in_the_journal(spectrum):
    spectrum.get("/spectrum/extract/v1/invoices")
    [entry] = journal(spectrum, operation="ExtractInvoices")
    assert entry.outcome == "invoices: 25"
    assert isinstance(entry.response, str)
    assert len(entry.response) < 2100


@pytest.mark.parametrize(("moment", "balance"), [("before", "731.3700"), ("after", "721.3700")])
def test_fault_strikes_before_or_after_spectrum_acts(spectrum, moment, balance):
    arm(spectrum, "sever", "OnlineReceipt", moment, {"invoice_number": "30254"})
    with pytest.raises(ConnectionSevered):
        spectrum.post(spectrum.receipt())
    assert spectrum.balance("30254") == balance
    [entry] = journal(spectrum, operation="OnlineReceipt")
    assert entry.status is None
    assert entry.outcome == (
        "cut off before Spectrum acted" if moment == "before" else "receipt 1001 for 10.00 applied"
    )
    assert spectrum.world.journal.open_calls == 0


def test_fault_waits_for_its_own_call(spectrum):
    reference = spectrum.receipt()["referenceNumber"]
    arm(spectrum, "sever", "OnlineReceipt", "before", {"reference_number": "another"})
    arm(spectrum, "sever", "OnlineReceipt", "before", {"invoice_number": "1"})
    assert spectrum.post(spectrum.receipt()).status_code == 200
    arm(spectrum, "sever", "OnlineReceipt", "before", {"reference_number": reference})
    with pytest.raises(ConnectionSevered):
        spectrum.post(spectrum.receipt())


@pytest.mark.parametrize("operation", PATHS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_operation_can_be_struck(spectrum, operation, moment):
    receipt, bearer = spectrum.receipt(), spectrum.bearer()
    arm(spectrum, "status", operation, moment, {"biller": "camp-point-mutual"}, status=503)
    method, path = PATHS[operation]
    body = {"Token": spectrum.values(), "OnlineReceipt": receipt}.get(operation)
    query = {"invoiceNumber": "30254"} if operation == "InvoiceBalanceDue" else {}
    with pytest.raises(FaultyAnswer):
        spectrum.client.open(path, method=method, json=body, query_string=query, headers=bearer)
    assert journal(spectrum)[-1].status == 503


@pytest.mark.parametrize("first", ["Token", "OnlineReceipt"])
def test_scalar_and_odd_documents_are_never_a_500(spectrum, first):
    """A quick look over many shapes of wrong bodies."""
    path = PATHS[first][1]
    odd = [None, 1, "x", [], {}, {"": ""}, {"amount": {}}, {"\u0000": "\u0000"}, {"K": None}]
    statuses = {spectrum.post(json.dumps(body), path=path).status_code for body in odd}
    assert statuses == {400}
