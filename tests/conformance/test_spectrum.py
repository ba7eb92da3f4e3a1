"""Spectrum over real sockets: A1 to A4 and the extract, against the contract and its vectors."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import pytest

from contracts.loader import Vector, schema, vectors
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import FAULTS
from sandbox.world.billers import SpectrumCredentials
from sandbox.world.world import World

API = "/spectrum/wsSpectrumAPICore/api"
EXTRACT = "/spectrum/extract/v1"
# The vectors speak of this policy; the world's own is put in its place where it must match.
VECTORS_POLICY = "1004587"


class SpectrumCaller:
    """A client that knows a world's address and its biller's values, and nothing else."""

    def __init__(self, world: World, client: httpx.Client) -> None:
        self.world = world
        self.client = client
        self.biller = world.billers[0]

    def token_of(self, credentials: SpectrumCredentials) -> str:
        answer = self.client.post(f"{API}/Token", json=values_of(credentials))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]["token"]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token_of(self.biller.payment_credentials)}"}

    def balance(self, number: str) -> str:
        answer = self.client.get(
            f"{API}/Invoice/InvoiceBalanceDue",
            params={"invoiceNumber": number},
            headers=self.bearer,
        )
        assert fits("BalanceAnswer", answer)
        return answer.json()["data"]["attributes"]["balanceDue"]

    def post_receipt(self, body: Any) -> httpx.Response:
        return self.client.post(f"{API}/OnlineReceipt", json=body, headers=self.bearer)

    def extract(self, name: str, **query: str) -> httpx.Response:
        return self.client.get(f"{EXTRACT}/{name}", params=query, headers=self.bearer)

    def first_invoice(self) -> dict[str, Any]:
        return self.extract("invoices").json()["invoices"][0]

    def receipt(self, **changes: Any) -> dict[str, Any]:
        invoice = self.first_invoice()
        return {
            "invoiceNumber": invoice["invoice_number"],
            "policyNumber": invoice["policy_number"],
            "fullName": "Pat Payer",
            "datePaid": "2026-01-05T08:00:00Z",
            "referenceNumber": "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f",
            "amount": "100.00",
            "fee": "0.00",
            "transactionID": "T-1",
            "transactionMessage": "Approved",
            "paymentType": "ACH",
            "approved": True,
            "onlineVendor": "InvoiceCloud",
            **changes,
        }


@pytest.fixture
def spectrum(world: World) -> Iterator[SpectrumCaller]:
    with httpx.Client(base_url=world.base_url) as client:
        yield SpectrumCaller(world, client)


def values_of(credentials: SpectrumCredentials) -> dict[str, str]:
    return {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }


def fits(name: str, answer: httpx.Response) -> bool:
    """Tell whether an answer's document is what the contract promises."""
    return jsonschema_rs.validator_for(schema("spectrum", name)).is_valid(answer.json())


@pytest.mark.requirement("A1")
def test_token_is_signed_under_dotnets_algorithm_name(spectrum):
    answer = spectrum.client.post(
        f"{API}/Token", json=values_of(spectrum.biller.payment_credentials)
    )
    assert fits("TokenAnswer", answer)
    data = answer.json()["data"]
    head, payload, signature = data["attributes"]["token"].split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(f"{p}==")) for p in (head, payload))
    for name, document in (("TokenHeader", header), ("TokenClaims", claims)):
        jsonschema_rs.validate(schema("spectrum", name), document)
    assert len(base64.urlsafe_b64decode(f"{signature}==")) == 32
    base_url = f"{spectrum.world.base_url}/spectrum/wsSpectrumAPICore"
    assert claims["iss"] == claims["aud"] == base_url
    assert data["id"] in claims.values()


@pytest.mark.requirement("A1")
def test_both_credential_sets_get_tokens_of_their_own(spectrum):
    biller = spectrum.biller
    tokens = [spectrum.token_of(c) for c in (biller.rtdr_credentials, biller.payment_credentials)]
    assert len(set(tokens)) == 2
    for token in tokens:
        answer = spectrum.client.get(
            f"{EXTRACT}/invoices", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200


@pytest.mark.requirement("A1")
def test_token_expires_on_the_world_clock(spectrum):
    bearer = spectrum.bearer
    path = f"{EXTRACT}/invoices"
    spectrum.world.clock.advance(1199)
    assert spectrum.client.get(path, headers=bearer).status_code == 200
    spectrum.world.clock.advance(1)
    answer = spectrum.client.get(path, headers=bearer)
    assert (answer.status_code, answer.content) == (401, b"")
    assert "expired" in answer.headers["WWW-Authenticate"]


@pytest.mark.requirement("A1")
def test_tampered_token_is_refused(spectrum):
    head, _, signature = spectrum.bearer["Authorization"].split(".")
    claims = base64.urlsafe_b64encode(b'{"carrier": "Somebody Else"}').rstrip(b"=").decode()
    answer = spectrum.client.get(
        f"{EXTRACT}/invoices", headers={"Authorization": f"{head}.{claims}.{signature}"}
    )
    assert answer.status_code == 401
    assert "signature is invalid" in answer.headers["WWW-Authenticate"]


@pytest.mark.requirement("A2")
@pytest.mark.parametrize("name", ["invoiceNumber", "InvoiceNumber"])
def test_balance_is_text_with_four_decimals(spectrum, name):
    invoice = spectrum.first_invoice()
    answer = spectrum.client.get(
        f"{API}/Invoice/InvoiceBalanceDue",
        params={name: invoice["invoice_number"]},
        headers=spectrum.bearer,
    )
    assert fits("BalanceAnswer", answer)
    told = answer.json()["data"]
    assert told["id"] == invoice["invoice_number"]
    assert told["attributes"]["balanceDue"] == f"{invoice['balance_due']}00"


@pytest.mark.requirement("A3", "A4")
def test_receipt_moves_the_balance_to_the_cent(spectrum):
    receipt = spectrum.receipt(amount="0.10")
    before = Decimal(spectrum.balance(receipt["invoiceNumber"]))
    answer = spectrum.post_receipt(receipt)
    assert fits("OnlineReceiptAnswer", answer)
    assert answer.json() == {**receipt, "receiptID": "1001"}
    assert Decimal(spectrum.balance(receipt["invoiceNumber"])) == before - Decimal("0.10")


@pytest.mark.requirement("A3")
def test_numbers_come_back_as_they_were_spelled(spectrum):
    """`10.00` stays `10.00`: a float would have made 10.0 of it."""
    text = json.dumps(spectrum.receipt(amount=0)).replace('"amount": 0,', '"amount": 10.00,')
    answer = spectrum.client.post(
        f"{API}/OnlineReceipt",
        content=text,
        headers={**spectrum.bearer, "Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    assert '"amount": 10.00,' in answer.text


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("deduplicates", [True, False])
def test_repeated_receipt_follows_the_behaviour(spectrum, deduplicates):
    spectrum.world.behaviours.change({"spectrum_deduplicates": deduplicates})
    receipt = spectrum.receipt()
    first, second = (spectrum.post_receipt(receipt).json() for _ in range(2))
    assert first["receiptID"] == "1001"
    assert ("message" in second) is deduplicates
    assert second.get("receiptID") == (None if deduplicates else "1002")


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_severed_receipt_is_applied_or_not_and_nobody_is_told(spectrum, moment, applied):
    receipt = spectrum.receipt()
    arm(spectrum.world, "sever", moment, {"invoice_number": receipt["invoiceNumber"]})
    with pytest.raises(httpx.TransportError):
        spectrum.post_receipt(receipt)
    assert len(spectrum.extract("receipts").json()["receipts"]) == applied


def arm(world: World, kind: str, moment: str, match: dict[str, str], **parameters: Any) -> None:
    world.faults.arm(
        kind=kind,
        effect=FAULTS[kind](parameters),
        partner="spectrum",
        operation="OnlineReceipt",
        moment=moment,
        count=1,
        match=match,
        parameters=parameters,
    )


@pytest.mark.requirement("A2", "A4")
def test_extract_tells_what_changed_since_its_cursor(spectrum):
    """Decision 0001, and a receipt is found by its reference number."""
    everything = spectrum.extract("invoices")
    assert fits("InvoiceExtract", everything)
    spectrum.world.clock.advance(60)
    receipt = spectrum.receipt()
    spectrum.post_receipt(receipt)
    since = everything.json()["cursor"]
    changed = spectrum.extract("invoices", since=since).json()["invoices"]
    assert [row["invoice_number"] for row in changed] == [receipt["invoiceNumber"]]
    receipts = spectrum.extract("receipts", since=since)
    assert fits("ReceiptExtract", receipts)
    [row] = receipts.json()["receipts"]
    assert row["reference_number"] == receipt["referenceNumber"]


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("path", [f"{API}/Token", f"{API}/OnlineReceipt"])
def test_oversized_body_is_413(spectrum, path):
    headers = {**spectrum.bearer, "Content-Type": "application/json"}
    body = b'{"a": "%s"}' % (b"x" * 1024 * 1024)
    assert spectrum.client.post(path, content=body, headers=headers).status_code == 413


@pytest.mark.requirement("A4")
def test_chunked_body_is_read_like_any_other(spectrum):
    """.NET clients often send no Content-Length."""
    content = json.dumps(spectrum.receipt()).encode()
    headers = {**spectrum.bearer, "Content-Type": "application/json"}
    chunks = (content[at : at + 50] for at in range(0, len(content), 50))
    answer = spectrum.client.post(f"{API}/OnlineReceipt", content=chunks, headers=headers)
    assert answer.json()["receiptID"] == "1001"


@pytest.mark.requirement("A1", "A4")
@pytest.mark.parametrize(
    "request_line",
    [
        "GET {path} HTTP/1.1",
        "POST {path}?%zz HTTP/1.1",
        "BREW {path} HTTP/1.1",
        "POST {path}%00 HTTP/1.1",
    ],
)
def test_odd_requests_are_answered_and_never_with_a_500(spectrum, request_line):
    """Spoken by hand, below any HTTP library."""
    address = urlsplit(spectrum.world.base_url)
    line = request_line.format(path=f"{address.path}{API}/Token")
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").readline()
    assert re.match(rb"HTTP/1\.[01] 4[0-9]{2} ", answer), answer


def replayable(*, valid: bool) -> list[Any]:
    """Return the vectors of Spectrum, each under the requirements that it stands for."""
    marks = {
        "Token": pytest.mark.requirement("A1"),
        "InvoiceBalanceDue": pytest.mark.requirement("A2"),
        "OnlineReceipt": pytest.mark.requirement("A3", "A4"),
    }
    return [
        pytest.param(vector, id=vector.name, marks=marks[vector.document["operation"]])
        for vector in vectors("spectrum/vectors")
        if vector.valid is valid
    ]


def replay(spectrum: SpectrumCaller, vector: Vector) -> httpx.Response:
    """Send a vector's request as it stands, with a real token and values in their places."""
    request = vector.document["request"]
    bearer = spectrum.bearer["Authorization"]
    headers = {
        name: bearer if value == "Bearer {token}" else value
        for name, value in request.get("headers", {}).items()
    }
    content = request.get("text", "")
    if "body" in request:
        content = json.dumps(request["body"])
    return spectrum.client.request(
        request["method"],
        f"{API.removesuffix('/api')}{request['path']}",
        params=request.get("query", {}),
        headers=headers,
        content=content,
    )


@pytest.mark.parametrize("vector", replayable(valid=False))
def test_wrong_request_is_refused_as_its_vector_says(spectrum, vector):
    answer = replay(spectrum, vector)
    told = vector.document["breaks"]
    assert answer.status_code == told["status"]
    if answer.status_code == 400:
        assert fits("ValidationProblem", answer)
        if told["field"]:
            assert list(answer.json()["errors"]) == [told["field"]]
    assert len(spectrum.world.book(SpectrumBook).receipts) == 0


@pytest.mark.parametrize("vector", replayable(valid=True))
def test_right_request_is_answered_as_its_vector_says(spectrum, vector):
    """With the world arranged so that the vector's outcome is due."""
    body = arrange(spectrum, vector)
    told = vector.document["response"]
    if body is None:
        answer = replay(spectrum, vector)
    elif "policyNumber" in body:
        answer = spectrum.post_receipt(body)
    else:
        answer = spectrum.client.post(f"{API}/Token", json=body)
    assert answer.status_code == told["status"]
    if "body" not in told:
        assert answer.content == b""
    elif answer.is_success:
        assert shape(answer.json()) == shape(told["body"])


def arrange(spectrum: SpectrumCaller, vector: Vector) -> dict[str, Any] | None:
    """Bring about what the vector presumes; return the body to send in place of its own."""
    if vector.document["operation"] == "Token":
        return values_of(spectrum.biller.payment_credentials)
    if vector.document["operation"] == "InvoiceBalanceDue":
        due = Decimal(vector.document["response"]["body"]["data"]["attributes"]["balanceDue"])
        paid = Decimal("731.37") - due
        if paid:
            spectrum.post_receipt(spectrum.receipt(amount=str(paid)))
        return None
    body = dict(vector.document["request"]["body"])
    outcome = vector.document["outcome"]
    assert str(body["policyNumber"]) == VECTORS_POLICY
    if outcome != "not_applied":
        body["policyNumber"] = type(body["policyNumber"])(spectrum.receipt()["policyNumber"])
    if outcome == "pending":
        spectrum.post_receipt(body)
    if outcome == "refused":
        body["invoiceNumber"] = "999999999"
    if outcome == "unknown":
        arm(spectrum.world, "status", "after", {}, status=vector.document["response"]["status"])
    return body


def shape(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with what differs between worlds made alike."""
    told = dict(document)
    if "policyNumber" in told:
        told["policyNumber"] = type(told["policyNumber"])
    if told.get("receiptID") is None:
        told.pop("receiptID", None)
    else:
        told["receiptID"] = "a number of its own"
    if "token" in told.get("data", {}).get("attributes", {}):
        told["data"] = {**told["data"], "attributes": "a token of its own"}
    return told
