"""An adapter in a test's hands, over real sockets: settings in a file, doors on a port."""

import base64
import copy
import json
import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import pytest
from lxml import etree

from adapter.bootstrap import build
from adapter.domain.ledger_life import MARGIN
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.kinds import KINDS
from adapter.settings import FileSettings
from contracts.loader import openapi, schema
from sandbox.control.toml import toml_text
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.server import Sandbox
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

GUID = "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713"
API = "/spectrum/wsSpectrumAPICore/api"
SERVICES = "/invoicecloud/portal/webservices"
NAMESPACE = "https://www.invoicecloud.com/portal/webservices"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
UPLOAD, REPORT = "InvoiceFileUploadSOAP", "PaymentReportingSOAP"
CARD = "4111111111111111"


class Doors:
    """An adapter whose settings are a file, its doors on a port, and a client who calls them."""

    def __init__(self, world: World, folder: Path, ledger: str) -> None:
        self.world = world
        self.biller = world.billers[0]
        self.path = folder / "adapter.toml"
        self.settings = adapter_settings(
            world, ledger=ledger, listen="127.0.0.1:0", request_timeout_seconds=5
        )
        self.write(self.settings)
        self.adapter = build(
            FileSettings(self.path),
            clock=world.clock,
            timer=world.clock,
            make_ledger=True,
            begun=world.born_at - 2 * MARGIN,
        )
        self.server = DoorServer(create_app(self.adapter))
        self.server.start()
        self.adapter.start()
        # Loading certificates takes longer than a whole test, and nothing here is encrypted.
        self.client = httpx.Client(
            base_url=self.server.url,
            timeout=30,
            trust_env=False,
            verify=False,  # noqa: S501
        )

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
        return invoice.number, invoice.policy.policy_number, invoice.balance

    def balance(self, number: str) -> httpx.Response:
        return self.client.get(
            f"/billers/{self.biller.slug}/balance",
            params={"invoiceNumber": number},
            auth=self.credentials,
        )

    def pay(self, amount: str = "0.10", **changes: Any) -> httpx.Response:
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
            **changes,
        }
        return self.client.post(
            f"/billers/{self.biller.slug}/payments", json=notice, auth=self.credentials
        )

    def story(self) -> dict[str, Any]:
        number, _, _ = self.invoice()
        answer = self.client.get(f"/ops/deliveries/{self.biller.slug}/{GUID}/{number}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def kept(self) -> list[Any]:
        """Return every item in the ledger, of every kind."""
        ledger = self.adapter.ledger
        return [item for kind in KINDS for item in ledger.items(kind.item).page(limit=9)]

    def receipts(self) -> list[Any]:
        return list(self.world.book(SpectrumBook).receipts.values())


@pytest.fixture
def doors(world: World, tmp_path: Path, ledger_url: str) -> Iterator[Doors]:
    doors = Doors(world, tmp_path, ledger_url)
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def shared_doors(
    sandbox_server: Sandbox,
    world_names: Iterator[str],
    tmp_path_factory: pytest.TempPathFactory,
    new_ledger: Callable[[Path], str],
) -> Iterator[Doors]:
    """Open doors for all tests of a module; for those that leave nothing behind."""
    world = sandbox_server.create_world(next(world_names), start=DEMO_START)
    folder = tmp_path_factory.mktemp("shared")
    doors = Doors(world, folder, new_ledger(folder))
    yield doors
    doors.close()
    sandbox_server.delete_world(world.name)


class Answer:
    """One answer as it came off the socket."""

    def __init__(self, content: bytes) -> None:
        head, _, self.body = content.partition(b"\r\n\r\n")
        line, *headers = head.decode("latin-1").split("\r\n")
        self.status = int(line.split(" ")[1]) if line else None
        self.headers = dict(h.lower().split(": ", 1) for h in headers if ": " in h)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def speak(url: str, content: bytes) -> Answer:
    """Send bytes as they are, and read until the other side closes."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return Answer(received)


def request(method: str, path: str, body: bytes | None = None, **headers: str | bytes) -> bytes:
    """Write a request; header names with underscores, values also as raw bytes."""
    told = {"Host": "127.0.0.1", "Connection": "close"}
    if body is not None and "Transfer_Encoding" not in headers:
        told["Content-Length"] = str(len(body))
    told.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1")]
    for name, value in told.items():
        spelled = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(f"{name}: ".encode() + spelled)
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def is_problem(answer: Answer) -> None:
    """Find ASP.NET Core's problem+json, or no body at all."""
    if answer.body:
        assert answer.media_type == "application/problem+json"
        assert json.loads(answer.body)["status"] == answer.status
    else:
        assert "content-type" not in answer.headers
    if answer.status == 400:
        document = json.loads(answer.body)
        assert jsonschema_rs.validator_for(schema("spectrum", "ValidationProblem")).is_valid(
            document
        )


def is_asp_net(answer: Answer) -> None:
    """Find ASP.NET's fault with 500, and nothing but the status otherwise."""
    if answer.status != 500:
        assert answer.body == b""
        return
    fault = etree.fromstring(answer.body).find(f".//{{{SOAP_11}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") in {"soap:Client", "soap:Server"}
    assert "Internal error" not in fault.findtext("faultstring")


def is_control(answer: Answer) -> None:
    """Find the sandbox's own envelope."""
    reference = {"$ref": "#/components/schemas/Error"}
    components = {"components": openapi("sandbox")["components"]}
    jsonschema_rs.validate({**reference, **components}, json.loads(answer.body))


def is_door(answer: Answer) -> None:
    """Find the doors' envelope."""
    assert jsonschema_rs.validator_for(schema("adapter", "Error")).is_valid(
        json.loads(answer.body)
    )


def is_refused_by_the_server(answer: Answer) -> None:
    """Find plain text: what is no HTTP belongs to no partner yet."""
    assert answer.media_type == "text/plain"


# How each says no; an answer in another style fails the test.
STYLES = {
    "control": is_control,
    "doors": is_door,
    "server": is_refused_by_the_server,
    "SOAP": is_asp_net,
    "Spectrum": is_problem,
}


class Bench:
    """Everything there is to attack, in one world that all tests of this module share."""

    def __init__(self, doors) -> None:
        self.doors = doors
        self.world = doors.world
        self.biller = doors.biller
        self.sandbox_url = doors.world.base_url
        self.prefix = urlsplit(doors.world.base_url).path
        credentials = self.biller.payment_credentials
        self.token_values = {
            "token": credentials.token,
            "username": credentials.username,
            "password": credentials.password,
        }
        issued = self.spectrum("POST", f"{API}/Token", json.dumps(self.token_values).encode())
        self.bearer = "Bearer " + json.loads(issued.body)["data"]["attributes"]["token"]
        number, policy_number, _ = doors.invoice()
        self.receipt = {
            "invoiceNumber": number,
            "policyNumber": policy_number,
            "fullName": "Pat Payer",
            "datePaid": "2026-01-05T08:00:00Z",
            "referenceNumber": "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f",
            "amount": "1.00",
            "fee": "0.00",
            "transactionID": "T-1",
            "transactionMessage": "Approved",
            "paymentType": "ACH",
            "approved": True,
            "onlineVendor": "InvoiceCloud",
        }
        self.notice = {
            "BillerGUID": self.biller.biller_guid,
            "PaymentGUID": "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713",
            "InvoiceNumber": number,
            "AccountNumber": policy_number,
            "PaymentDate": "2026-01-05T03:04:05-05:00",
            "PaymentAmount": "1.00",
            "Approved": "True",
        }
        pair = ":".join(doors.credentials).encode()
        self.basic = "Basic " + base64.b64encode(pair).decode()
        self.secrets = (*self.biller.secrets, self.bearer.removeprefix("Bearer "))

    def at(self, url: str, method: str, path: str) -> Answer:
        return speak(url, request(method, path))

    def speak(self, url: str, content: bytes) -> Answer:
        return speak(url, content)

    def expect(self, style: str, answer: Answer) -> None:
        """Hold an answer to the style of whoever gave it."""
        STYLES[style](answer)

    def sandbox(self, method: str, path: str, body: bytes | None = None, **headers) -> Answer:
        return speak(self.sandbox_url, request(method, self.prefix + path, body, **headers))

    def spectrum(self, method: str, path: str, body: bytes | None = None, **headers) -> Answer:
        told = {"Authorization": getattr(self, "bearer", ""), "Content_Type": "application/json"}
        return self.sandbox(method, path, body, **{**told, **headers})

    def control(self, method: str, path: str, body: bytes | None = None, **headers) -> Answer:
        told = {"Content_Type": "application/json"}
        return self.sandbox(method, f"/_sandbox{path}", body, **{**told, **headers})

    def soap(self, service: str, operation: str, content: bytes, **headers) -> Answer:
        told = {
            "Content_Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{NAMESPACE}/{service}/{operation}"',
        }
        path = f"{SERVICES}/{service}.asmx"
        return self.sandbox("POST", path, content, **{**told, **headers})

    def door(self, method: str, path: str, body: bytes | None = None, **headers) -> Answer:
        told = {"Authorization": self.basic, "Content_Type": "application/json"}
        return speak(self.doors.server.url, request(method, path, body, **{**told, **headers}))

    def pay(self, body: bytes, **headers) -> Answer:
        return self.door("POST", f"/billers/{self.biller.slug}/payments", body, **headers)

    def envelope(self, operation: str = "", **values: str) -> str:
        """Return a right envelope, or one with some values in other places' stead."""
        if operation.startswith("Upload"):
            service, told = UPLOAD, {"FileName": "a.BIF", "InvoiceFile": "x"}
        else:
            operation, service = "PaymentReportingDataSetFromGMT", REPORT
            told = {"StartDateGMT": "2026-01-05T00:00:00Z", "EndDateGMT": "2026-01-06T00:00:00Z"}
        keys = {
            "BillerGUID": self.biller.biller_guid,
            "WebServiceKey": self.biller.web_service_key,
        }
        fields = {**keys, **told, **values}
        inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        return (
            f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body>'
            f'<{operation} xmlns="{NAMESPACE}/{service}/">{inside}</{operation}>'
            "</s:Body></s:Envelope>"
        )

    def report(self, content: str | bytes, **headers) -> Answer:
        sent = content if isinstance(content, bytes) else content.encode()
        return self.soap(REPORT, "PaymentReportingDataSetFromGMT", sent, **headers)

    def upload(self, file: bytes) -> str:
        """Send a file as base64 and return the ErrorMessage of a result that is no success."""
        operation = "UploadInvoiceFileBase64"
        content = self.envelope(operation, InvoiceFile=base64.b64encode(file).decode())
        answer = self.soap(UPLOAD, operation, content.encode())
        assert answer.status == 200
        result = etree.fromstring(answer.body)
        assert result.findtext(".//{*}Success") == "false"
        return result.findtext(".//{*}ErrorMessage")


@pytest.fixture(scope="module")
def bench(shared_doors):
    return Bench(shared_doors)


@pytest.fixture
def nothing_happened(bench):
    """Let no refused request leave a receipt, a bill, a payment or a secret behind."""
    before = len(bench.world.journal.entries())
    yield
    assert not bench.world.book(SpectrumBook).receipts
    assert not bench.world.book(InvoiceCloudBook).bills
    assert bench.doors.kept() == []
    entries = bench.world.journal.entries()[before:]
    told = "".join(entry.as_line() for entry in entries).lower()
    assert not [secret for secret in bench.secrets if secret.lower() in told]
    assert CARD not in told
