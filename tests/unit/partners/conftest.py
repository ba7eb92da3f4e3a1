"""What the partners' tests share: a standing clock, settings, a payment, a mock wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx
import pytest

from adapter.domain.payment import Payment, PaymentMethod
from adapter.partners.http import PartnerHttp, open_client
from adapter.partners.spectrum import SpectrumClient, receipt_json
from adapter.settings import BillerSettings, FeedSettings, SpectrumAccess

SETTINGS = "billers.alpha.advanced_settings.11, 12 and 13"
UTC_ZONE = ZoneInfo("UTC")
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass
class StandingClock:
    """Tells the moment it was set to."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> None:
        self.moment += timedelta(**span)


def echo(payment: Payment, **more) -> httpx.Response:
    """Return Spectrum's answer with the original JSON (A4)."""
    document = json.loads(receipt_json(payment, UTC_ZONE))
    return httpx.Response(200, json={**document, **more})


class Partner:
    """A partner that answers as it is set to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests = []
        self.answer = httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(request) if callable(self.answer) else self.answer


class Spectrum(Partner):
    """A Spectrum that issues tokens, some of which it refuses later."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0
        self.tokens_max = 9
        self.refused = set()
        self.token_answer = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/api/Token"):
            self.requests.append(request)
            return self._issue()
        if request.headers["Authorization"].removeprefix("Bearer ") in self.refused:
            self.requests.append(request)
            return httpx.Response(401, headers={"WWW-Authenticate": "Bearer"})
        return super().__call__(request)

    def _issue(self) -> httpx.Response:
        if self.token_answer is not None:
            return self.token_answer
        if self.tokens == self.tokens_max:
            return httpx.Response(503)
        self.tokens += 1
        attributes = {"token": f"token-{self.tokens}"}
        document = {"data": {"id": "58", "type": "jwtToken", "attributes": attributes}}
        return httpx.Response(200, json=document)

    def paths(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.requests]


ADVANCED = {
    **dict.fromkeys(("8", "11"), "https://spectrum.example/wsSpectrumAPICore"),
    **dict.fromkeys(("9", "12"), "alpha-payments"),
    **dict.fromkeys(("10", "13"), "0A1B2C3D-0000-4000-8000-00000000000B|p4ss!word"),
}
INVOICE = {
    "invoice_number": "30254",
    "policy_number": "900100",
    "organization_name": None,
    "first_name": " Dana ",
    "last_name": "Smith",
    "address1": "1 Main St",
    "address2": "",
    "city": "Peoria",
    "state": "IL",
    "zip_code": "61602",
    "email_address": "",
    "invoice_date": "2026-01-02",
    "due_date": "2026-02-01",
    "balance_due": "731.37",
    "autopay_date": None,
}
RECEIPT = {
    "receipt_id": "1001",
    "invoice_number": "30254",
    "policy_number": "900100",
    "reference_number": "AAAAAAAA-0000-4000-8000-000000000001",
    "amount": "731.37",
    "fee": "2.50",
    "online_vendor": "InvoiceCloud",
    "date_paid": "2026-01-05T14:30:00Z",
    "applied_at": "2026-01-05T14:30:07Z",
}


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def access(biller) -> SpectrumAccess:
    return biller.payments


@pytest.fixture
def biller() -> BillerSettings:
    return BillerSettings(
        slug="alpha",
        name="Alpha Mutual",
        time_zone="America/Chicago",
        biller_guid="11111111-0000-4000-8000-000000000001",
        web_service_key="22222222-0000-4000-8000-000000000001",
        invoice_format_guid="33333333-0000-4000-8000-000000000001",
        door_key="door-secret",
        advanced_settings=ADVANCED,
        invoice_cloud={"web_services_url": "https://ic.example/portal/webservices"},
        feed=FeedSettings(kind="http", location="https://spectrum.example/extract", receipts=True),
    )


@pytest.fixture
def payment() -> Payment:
    return Payment(
        biller="alpha",
        payment_guid="aaaaaaaa-0000-4000-8000-000000000001",
        invoice_number="30254",
        account_number="900100",
        customer_name="Dana Smith",
        paid_at=datetime(2026, 1, 5, 14, 30, tzinfo=UTC),
        amount=Decimal("731.37"),
        fee=Decimal("2.50"),
        payment_reference="ref-1",
        payment_message="approved",
        method=PaymentMethod.CREDIT_CARD,
        approved=True,
    )


@pytest.fixture
def changed(payment) -> Callable[..., Payment]:
    """Return the payment with some fields changed."""
    return lambda **fields: replace(payment, **fields)


@pytest.fixture
def wire():
    """Return a PartnerHttp whose requests are answered by a function."""
    clients = []

    def build(handler, *, partner="spectrum", **rest) -> PartnerHttp:
        client = open_client(timeout_seconds=30, transport=httpx.MockTransport(handler))
        clients.append(client)
        return PartnerHttp(partner, client, **rest)

    yield build
    for client in clients:
        client.close()


@pytest.fixture
def spectrum() -> Spectrum:
    return Spectrum()


@pytest.fixture
def client(spectrum, wire, access, clock) -> SpectrumClient:
    return SpectrumClient(wire(spectrum), access, clock, settings=SETTINGS)
