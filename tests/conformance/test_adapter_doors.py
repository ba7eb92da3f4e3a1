"""The adapter's doors over real sockets: their contract and vectors, and settings 8 to 13."""

import base64
import copy
import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from adapter.bootstrap import build
from adapter.doors.http import create_app
from adapter.doors.requests import BODY_BYTES_MAX
from adapter.doors.server import RECEIVED_BYTES_MAX, DoorServer
from adapter.settings import FileSettings
from contracts.loader import Vector, schema, vectors
from sandbox.control.toml import toml_text
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.world import World

# While a setting is wrong, a payment is looked at again after five minutes.
SETTINGS_RETRY_SECONDS = 330
GUID = "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713"


class Doors:
    """An adapter whose settings are a file, its doors on a port, and a client who calls them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.biller = world.billers[0]
        self.path = folder / "adapter.toml"
        self.settings = adapter_settings(
            world, ledger="sqlite:///adapter.db", listen="127.0.0.1:0", request_timeout_seconds=5
        )
        self.write(self.settings)
        self.adapter = build(FileSettings(self.path), clock=world.clock, timer=world.clock)
        self.server = DoorServer(create_app(self.adapter))
        self.server.start()
        self.adapter.start()
        self.client = httpx.Client(base_url=self.server.url, timeout=30, trust_env=False)

    def close(self) -> None:
        self.client.close()
        self.server.stop()
        self.adapter.stop()

    def write(self, settings: dict[str, Any]) -> None:
        """Put a new version of the settings file in the place of the old one."""
        beside = self.path.with_suffix(".new")
        beside.write_text(toml_text(settings))
        beside.replace(self.path)

    def change(self, **advanced: str) -> None:
        """Edit the biller's advanced settings by their numbers, as `_13="..."`."""
        settings = copy.deepcopy(self.settings)
        table = settings["billers"][self.biller.slug]["advanced_settings"]
        table.update({name.strip("_"): value for name, value in advanced.items()})
        self.write(settings)

    @property
    def credentials(self) -> tuple[str, str]:
        table = self.settings["billers"][self.biller.slug]
        return table["biller_guid"], table["door_key"]

    def invoice(self) -> tuple[str, str, Decimal]:
        """Return number, policy number and balance of an open invoice of Spectrum's book."""
        book = self.world.book(SpectrumBook)
        invoice = next(i for i in book.invoices.values() if i.balance > 0)
        return invoice.number, invoice.policy.number, invoice.balance

    def balance(self, number: str) -> httpx.Response:
        return self.client.get(
            f"/billers/{self.biller.slug}/balance",
            params={"invoiceNumber": number},
            auth=self.credentials,
        )

    def pay(self, amount: str = "0.10") -> httpx.Response:
        number, policy_number, _ = self.invoice()
        notice = {
            "BillerGUID": self.credentials[0],
            "PaymentGUID": GUID,
            "InvoiceNumber": number,
            "AccountNumber": policy_number,
            "CustomerName": "Dana Whitfield",
            "PaymentDate": "2026-01-05T03:04:05-05:00",
            "PaymentAmount": amount,
            "ConvenienceFee": "2.95",
            "PaymentReference": "IC-20260105-0001",
            "PaymentMessage": "Approved",
            "PaymentType": "ACH",
            "Approved": "True",
        }
        return self.client.post(
            f"/billers/{self.biller.slug}/payments", json=notice, auth=self.credentials
        )

    def story(self) -> dict[str, Any]:
        number, _, _ = self.invoice()
        answer = self.client.get(f"/ops/deliveries/{self.biller.slug}/{GUID}/{number}")
        assert fits("DeliveryStory", answer)
        return answer.json()

    def receipts(self) -> list[Any]:
        return list(self.world.book(SpectrumBook).receipts.values())


@pytest.fixture
def doors(world: World, tmp_path: Path) -> Iterator[Doors]:
    doors = Doors(world, tmp_path)
    yield doors
    doors.close()


def fits(name: str, answer: httpx.Response) -> bool:
    """Tell whether an answer's document is what the contract promises."""
    return jsonschema_rs.validator_for(schema("adapter", name)).is_valid(answer.json())


def send(doors: Doors, vector: Vector) -> httpx.Response:
    """Send a vector's request, with the door key of the vectors' biller in its place."""
    request = vector.document["request"]
    door = base64.b64encode(":".join(doors.credentials).encode()).decode()
    headers = {name: text.format(door=door) for name, text in request.get("headers", {}).items()}
    text = request.get("text") or (json.dumps(request["body"]) if "body" in request else "")
    return doors.client.request(
        request["method"], request["path"], headers=headers, content=text.encode()
    )


@pytest.fixture
def vector_doors(doors: Doors) -> Doors:
    """Let the biller be the one that the vectors speak of."""
    told = next(v for v in vectors("adapter/vectors") if v.name == "payment")
    table = doors.settings["billers"][doors.biller.slug]
    table["biller_guid"] = told.document["request"]["body"]["BillerGUID"]
    doors.write(doors.settings)
    return doors


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("vector", vectors("adapter/vectors"), ids=lambda vector: vector.name)
def test_doors_answer_the_vectors_as_the_contract_says(vector_doors, vector):
    answer = send(vector_doors, vector)
    expected = vector.document["response"]
    assert answer.status_code == expected["status"], answer.text
    if vector.valid:
        assert answer.json() == expected["body"]
        assert fits("PaymentAccepted", answer)
        return
    assert fits("Error", answer)
    field = vector.document["breaks"]["field"]
    assert answer.json()["error"]["field"] == field
    assert vector_doors.adapter.ledger.deliveries.page(limit=1) == ()


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


@pytest.mark.requirement("F1")
@pytest.mark.parametrize("key_first", [True, False])
def test_key_is_found_on_either_side_of_the_pipe(doors, key_first):
    """The technical design's text and its example disagree about the order."""

    def joined(credentials):
        parts = (credentials.token, credentials.password)
        return "|".join(parts if key_first else parts[::-1])

    biller = doors.biller
    doors.change(_10=joined(biller.rtdr_credentials), _13=joined(biller.payment_credentials))
    assert doors.balance(doors.invoice()[0]).status_code == 200
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert len(doors.receipts()) == 1


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    "value",
    [
        "9w!tbbKa!xxx",
        "9w!tbbKa!xxx|9w!tbbKa!yyy",
        "99A9999F-DCBC-9F9A-B999-999AD99999F9|99A9999F-DCBC-9F9A-B999-999AD99999F8",
    ],
)
def test_wrong_key_and_password_is_named_and_its_value_hidden(doors, value):
    doors.change(_13=value)
    answer = doors.client.get("/ops/configuration")
    (biller,) = answer.json()["billers"]
    (problem,) = biller["problems"]
    assert problem.startswith(f"billers.{doors.biller.slug}.advanced_settings.13: must")
    for part in value.split("|"):
        assert part not in answer.text


@pytest.mark.requirement("F1")
def test_two_purposes_are_two_credential_sets(doors):
    """Settings 8 to 10 answer the payer's balance, 11 to 13 bring the payment."""
    number = doors.invoice()[0]
    wrong = f"wrong-password|{doors.biller.payment_credentials.token}"
    doors.change(_13=wrong)
    assert doors.balance(number).status_code == 200
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert doors.receipts() == []
    assert "advanced_settings.11 to 13" in doors.story()["delivery"]["last_error"]


@pytest.mark.requirement("F1", "F2")
def test_wrong_setting_delays_payments_and_loses_none(doors):
    """Taken over while the setting is wrong, posted once it is right, without a restart."""
    doors.change(_13="no pipe at all")
    number = doors.invoice()[0]
    refused = doors.balance(number)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert doors.receipts() == []
    delivery = doors.story()["delivery"]
    assert delivery["attempts"] == 0
    doors.write(doors.settings)
    doors.world.clock.advance(SETTINGS_RETRY_SECONDS)
    assert len(doors.receipts()) == 1
    assert doors.story()["delivery"]["state"] == "applied"
    assert doors.balance(number).status_code == 200


@pytest.mark.requirement("F2")
def test_another_system_is_reached_by_configuration_alone(
    doors, sandbox_server, world_names, tmp_path
):
    """UAT and production differ in the settings file, and in nothing else."""
    production = sandbox_server.create_world(next(world_names), seed=2)
    try:
        elsewhere = adapter_settings(
            production, ledger="sqlite:///adapter.db", request_timeout_seconds=5
        )
        doors.write(elsewhere)
        book = production.book(SpectrumBook)
        invoice = next(i for i in book.invoices.values() if i.balance > 0)
        slug = production.billers[0].slug
        table = elsewhere["billers"][slug]
        answer = doors.client.get(
            f"/billers/{slug}/balance",
            params={"invoiceNumber": invoice.number},
            auth=(table["biller_guid"], table["door_key"]),
        )
        assert answer.json()["balanceDue"] == str(invoice.balance)
    finally:
        sandbox_server.delete_world(production.name)


@pytest.mark.requirement("F2")
def test_broken_settings_file_keeps_the_doors_open(doors):
    doors.path.write_text("[adapter")
    assert doors.balance(doors.invoice()[0]).status_code == 200
    answer = doors.client.get("/ops/ready")
    assert fits("Readiness", answer)
    assert "must be TOML" in answer.json()["problems"][0]


@pytest.mark.requirement("F2")
def test_changed_door_key_counts_at_once(doors):
    slug = doors.biller.slug
    former = doors.credentials
    doors.settings["billers"][slug]["door_key"] = "a-key-of-today"
    doors.write(doors.settings)
    number = doors.invoice()[0]
    assert doors.balance(number).status_code == 200
    answer = doors.client.get(
        f"/billers/{slug}/balance", params={"invoiceNumber": number}, auth=former
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("health", "Health"),
        ("ready", "Readiness"),
        ("deliveries", "Deliveries"),
        ("exceptions", "Exceptions"),
        ("uploads", "Uploads"),
        ("watermarks", "Watermarks"),
        ("configuration", "Configuration"),
    ],
)
def test_ops_views_keep_to_the_contract(doors, path, name):
    doors.pay()
    doors.world.clock.settle()
    answer = doors.client.get(f"/ops/{path}")
    assert answer.status_code == 200
    assert fits(name, answer)
    for secret in doors.adapter.source.current().secrets:
        assert secret not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_ops_door_only_reads(doors, method):
    answer = doors.client.request(method, "/ops/deliveries")
    assert answer.status_code == 405
    assert fits("Error", answer)
    assert "GET" in answer.headers["Allow"]


def test_oversized_bodies_are_refused_with_and_without_a_length(doors):
    url = f"/billers/{doors.biller.slug}/payments"
    headers = {"Content-Type": "application/json"}
    body = b" " * (BODY_BYTES_MAX + 1)
    chunks = (body[start : start + 8192] for start in range(0, len(body), 8192))
    for content in (body, chunks):
        answer = doors.client.post(url, content=content, headers=headers, auth=doors.credentials)
        assert answer.status_code == 413
        assert fits("Error", answer)


def test_announced_body_beyond_all_bounds_is_refused_before_it_is_read(doors):
    head = (
        f"POST /billers/{doors.biller.slug}/payments HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {RECEIVED_BYTES_MAX + 1}\r\n\r\n"
    )
    with socket.create_connection((doors.server.host, doors.server.port), 30) as connection:
        connection.sendall(head.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    status, _, body = answer.partition(b"\r\n\r\n")
    assert b" 413 " in status.splitlines()[0]
    assert jsonschema_rs.validator_for(schema("adapter", "Error")).is_valid(json.loads(body))
