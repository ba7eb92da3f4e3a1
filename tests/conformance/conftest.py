"""An adapter in a test's hands, over real sockets: settings in a file, doors on a port."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.bootstrap import build
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.settings import FileSettings
from sandbox.control.toml import toml_text
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.server import Sandbox
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

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
        assert answer.status_code == 200, answer.text
        return answer.json()

    def receipts(self) -> list[Any]:
        return list(self.world.book(SpectrumBook).receipts.values())


@pytest.fixture
def doors(world: World, tmp_path: Path) -> Iterator[Doors]:
    doors = Doors(world, tmp_path)
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def shared_doors(
    sandbox_server: Sandbox,
    world_names: Iterator[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Doors]:
    """Open doors for all tests of a module; for those that leave nothing behind."""
    world = sandbox_server.create_world(next(world_names), start=DEMO_START)
    doors = Doors(world, tmp_path_factory.mktemp("shared"))
    yield doors
    doors.close()
    sandbox_server.delete_world(world.name)
