"""The adapter's doors over real sockets: their contract and its vectors."""

import base64
import json
import socket
from decimal import Decimal

import httpx
import jsonschema_rs
import pytest

from adapter.doors.requests import BODY_BYTES_MAX
from adapter.doors.server import RECEIVED_BYTES_MAX
from contracts.loader import Vector, schema, vectors

GUID = "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713"
ACCEPTED = {
    "Payment": "PaymentAccepted",
    "Paperless": "EnrollmentAccepted",
    "AutoPay": "EnrollmentAccepted",
}
OPS_VIEWS = {
    "health": "Health",
    "ready": "Readiness",
    "deliveries": "Deliveries",
    "enrollments": "Enrollments",
    "reversals": "Reversals",
    "settlements": "Settlements",
    "exceptions": "Exceptions",
    "uploads": "Uploads",
    "watermarks": "Watermarks",
    "configuration": "Configuration",
}


def fits(name: str, answer: httpx.Response) -> bool:
    """Tell whether an answer's document is what the contract promises."""
    return jsonschema_rs.validator_for(schema("adapter", name)).is_valid(answer.json())


def send(doors, vector: Vector) -> httpx.Response:
    """Send a vector's request, with the door key of the vectors' biller in its place."""
    request = vector.document["request"]
    guid, key = doors.credentials
    keys = {"door": key, "sign_on": doors.biller.sign_on_key}
    told = {n: base64.b64encode(f"{guid}:{k}".encode()).decode() for n, k in keys.items()}
    headers = {name: text.format(**told) for name, text in request.get("headers", {}).items()}
    text = request.get("text") or (json.dumps(request["body"]) if "body" in request else "")
    return doors.client.request(
        request["method"], request["path"], headers=headers, content=text.encode()
    )


def speak_of_the_vectors_biller(doors):
    told = next(v for v in vectors("adapter/vectors") if v.name == "payment")
    table = doors.settings["billers"][doors.biller.slug]
    table["biller_guid"] = told.document["request"]["body"]["BillerGUID"]
    doors.write(doors.settings)


@pytest.fixture(scope="module")
def strict_doors(shared_doors):
    """Return doors that take nothing in, so that many tests can share them."""
    speak_of_the_vectors_biller(shared_doors)
    return shared_doors


VALID, INVALID = (
    [vector for vector in vectors("adapter/vectors") if vector.valid is valid]
    for valid in (True, False)
)
# A sign-on takes Invoice Cloud; test_sign_on.py has its valid ones.
VALID = [vector for vector in VALID if vector.document["operation"] in ACCEPTED]


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector.name)
def test_doors_take_the_valid_vectors(doors, vector):
    speak_of_the_vectors_biller(doors)
    answer = send(doors, vector)
    assert answer.status_code == vector.document["response"]["status"], answer.text
    assert answer.json() == vector.document["response"]["body"]
    assert fits(ACCEPTED[vector.document["operation"]], answer)


@pytest.mark.parametrize("vector", INVALID, ids=lambda vector: vector.name)
def test_doors_refuse_the_invalid_vectors_by_name(strict_doors, vector):
    answer = send(strict_doors, vector)
    assert answer.status_code == vector.document["response"]["status"], answer.text
    assert fits("Error", answer)
    assert answer.json()["error"]["field"] == vector.document["breaks"]["field"]
    assert strict_doors.kept() == []


@pytest.mark.requirement("A2")
def test_balance_is_spectrums_to_the_cent(doors):
    number, _, balance = doors.invoice()
    answer = doors.balance(number)
    assert fits("Balance", answer)
    assert answer.json() == {"invoiceNumber": number, "balanceDue": str(balance)}


@pytest.mark.requirement("A2")
def test_unknown_invoice_is_not_found(doors):
    answer = doors.balance("999999999")
    assert answer.status_code == 404
    assert fits("Error", answer)


@pytest.mark.requirement("A3")
def test_payment_becomes_a_receipt_with_every_field(doors):
    number, policy_number, balance = doors.invoice()
    assert doors.pay("0.10").status_code == 202
    doors.world.clock.settle()
    (receipt,) = doors.receipts()
    applied = receipt.applied
    assert (applied.invoice_number, applied.policy_number) == (number, policy_number)
    assert (applied.amount, applied.fee) == (Decimal("0.10"), Decimal("2.95"))
    assert (applied.reference_number, applied.online_vendor) == (GUID, "InvoiceCloud")
    assert (applied.transaction_id, applied.payment_type) == ("IC-20260105-0001", "ACH")
    delivery = doors.story()["delivery"]
    assert delivery["state"] == "applied"
    assert delivery["receipt_id"] == receipt.id
    assert delivery["balance_before"] == str(balance)
    assert doors.balance(number).json()["balanceDue"] == str(balance - Decimal("0.10"))


@pytest.mark.requirement("A3")
def test_payment_told_twice_is_one_receipt(doors):
    assert doors.pay().json()["repeated"] is False
    doors.world.clock.settle()
    again = doors.pay()
    assert (again.json()["repeated"], again.json()["state"]) == (True, "applied")
    assert doors.pay("0.11").status_code == 409
    doors.world.clock.settle()
    assert len(doors.receipts()) == 1


def test_ops_views_keep_to_the_contract(doors):
    doors.pay()
    doors.world.clock.settle()
    number, _, _ = doors.invoice()
    story = f"deliveries/{doors.biller.slug}/{GUID}/{number}"
    for path, name in {**OPS_VIEWS, story: "DeliveryStory"}.items():
        answer = doors.client.get(f"/ops/{path}")
        assert answer.status_code == 200
        assert fits(name, answer), path
        for secret in doors.adapter.source.current().secrets:
            assert secret not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_ops_door_only_reads(strict_doors, method):
    answer = strict_doors.client.request(method, "/ops/deliveries")
    assert answer.status_code == 405
    assert fits("Error", answer)
    assert "GET" in answer.headers["Allow"]


def test_oversized_bodies_are_refused_with_and_without_a_length(strict_doors):
    url = f"/billers/{strict_doors.biller.slug}/payments"
    headers = {"Content-Type": "application/json"}
    body = b" " * (BODY_BYTES_MAX + 1)
    chunks = (body[start : start + 8192] for start in range(0, len(body), 8192))
    for content in (body, chunks):
        answer = strict_doors.client.post(
            url, content=content, headers=headers, auth=strict_doors.credentials
        )
        assert answer.status_code == 413
        assert fits("Error", answer)


def test_announced_body_beyond_all_bounds_is_refused_before_it_is_read(strict_doors):
    head = (
        f"POST /billers/{strict_doors.biller.slug}/payments HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {RECEIVED_BYTES_MAX + 1}\r\n\r\n"
    )
    with socket.create_connection(
        (strict_doors.server.host, strict_doors.server.port), 30
    ) as connection:
        connection.sendall(head.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    status, _, body = answer.partition(b"\r\n\r\n")
    assert b" 413 " in status.splitlines()[0]
    assert jsonschema_rs.validator_for(schema("adapter", "Error")).is_valid(json.loads(body))


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("told", "posted"),
    [("PayPal", "CreditCard"), ("Venmo", "CreditCard"), ("eCheck", "ACH"), ("EFT", "ACH")],
)
def test_a_payment_of_another_kind_is_posted_and_its_kind_is_kept(doors, told, posted):
    """A3 takes CreditCard or ACH, and its default is Credit Card; nobody is asked."""
    assert doors.pay(PaymentType=told).status_code == 202
    doors.world.clock.settle()
    [call] = doors.world.journal.entries(operation="OnlineReceipt")
    assert call.request["paymentType"] == posted
    delivery = doors.story()["delivery"]
    assert (delivery["method"], delivery["method_reported"]) == (posted, told)
    assert doors.adapter.ledger.exceptions.page(limit=9) == ()
