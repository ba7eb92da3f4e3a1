"""Spectrum without a socket: one blueprint, one world, and a client that knows A1's values."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from sandbox.fakes.spectrum.api import blueprint
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.billers import Biller
from sandbox.world.binding import WORLD_KEY
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

API = "/spectrum/wsSpectrumAPICore/api"
EXTRACT = "/spectrum/extract/v1"


@dataclass(kw_only=True)
class Spectrum:
    """A caller of the fake: every request is answered by the blueprint itself."""

    world: World
    client: Client

    @property
    def book(self) -> SpectrumBook:
        return self.world.book(SpectrumBook)

    def biller(self, index: int = 0) -> Biller:
        return self.world.billers[index]

    def values(self, index: int = 0) -> dict[str, str]:
        credentials = self.biller(index).payment_credentials
        return {
            "token": credentials.token,
            "username": credentials.username,
            "password": credentials.password,
        }

    def token(self, index: int = 0) -> str:
        answer = self.client.post(f"{API}/Token", json=self.values(index))
        return answer.json["data"]["attributes"]["token"]

    def bearer(self, index: int = 0) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(index)}"}

    def get(self, path: str, *, biller: int = 0, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query, headers=self.bearer(biller))

    def post(self, body: Any, *, biller: int = 0, path: str = f"{API}/OnlineReceipt", **options):
        content = {"data": body} if isinstance(body, str | bytes) else {"json": body}
        options = {"content_type": "application/json", **options}
        return self.client.post(path, headers=self.bearer(biller), **content, **options)

    def balance(self, number: str, biller: int = 0) -> str:
        path = f"{API}/Invoice/InvoiceBalanceDue"
        answer = self.get(path, biller=biller, invoiceNumber=number)
        return answer.json["data"]["attributes"]["balanceDue"]

    def receipt(self, index: int = 0, **changes: Any) -> dict[str, Any]:
        """Return a receipt for the biller's invoice at `index`; a change to None drops a field."""
        invoice = self.book.invoices_of(self.biller())[index]
        receipt = {
            "invoiceNumber": invoice.number,
            "policyNumber": invoice.policy.policy_number,
            "fullName": "Pat Payer",
            "datePaid": "2026-01-05T02:30:00-06:00",
            "referenceNumber": "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f",
            "amount": "10.00",
            "fee": "0.50",
            "transactionID": "T-1",
            "transactionMessage": "Approved",
            "paymentType": "CreditCard",
            "approved": True,
            "onlineVendor": "InvoiceCloud",
            **changes,
        }
        return {name: value for name, value in receipt.items() if value is not None}


def make_spectrum(**options: Any) -> Spectrum:
    world = World(**{"seed": 1, "start": DEMO_START, "billers": 2, **options})
    app = Flask(__name__)
    app.register_blueprint(blueprint)

    def bound(environ, start_response):
        environ[WORLD_KEY] = world
        return app(environ, start_response)

    return Spectrum(world=world, client=Client(bound, TestResponse))


@pytest.fixture
def spectrum() -> Spectrum:
    return make_spectrum()


@pytest.fixture(name="make_spectrum")
def make_spectrum_fixture():
    """Return the maker itself, for tests that compare worlds."""
    return make_spectrum
