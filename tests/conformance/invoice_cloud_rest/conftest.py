"""A client of Invoice Cloud's REST services, which knows the world document and nothing else."""

import base64
import json
from decimal import Decimal
from typing import Any

import httpx
import jsonschema_rs
import pytest

from contracts.loader import schema
from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.sessions import session_of
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

AUTHENTICATION = "remoteauthentication"
PAT = "pat@example.com"
TOKEN = "tokenized-one"
# Each operation with the schema of its body and of its answer.
OPERATIONS = {
    "customer/RetrieveCustomerGuid": ("CustomerQuery", "CustomerFound"),
    "customer/CreateCustomerRecord": ("CustomerRecord", "CustomerFound"),
    f"{AUTHENTICATION}/RetrieveUsers": ("AccountQuery", "Users"),
    f"{AUTHENTICATION}/RegisterAccounts": ("Registration", "Registered"),
    f"{AUTHENTICATION}/UpdatePassword": ("PasswordUpdate", "PasswordUpdated"),
    f"{AUTHENTICATION}/RemoteAuthentication": ("RemoteAuthentication", "SignOnToken"),
}


class RestCaller:
    """A client that knows what the world document tells of Invoice Cloud, and nothing else."""

    def __init__(self, world: World, client: httpx.Client) -> None:
        self.world = world
        self.client = client
        document = client.get(f"{world.base_url}/_sandbox/worlds/{world.name}").json()
        self.keys = [biller["invoice_cloud"]["api_key"] for biller in document["billers"]]
        self.base = document["billers"][0]["invoice_cloud"]["rest_base_url"]
        self.root = self.base.removesuffix("/api/v1")
        self.slug = document["billers"][0]["slug"]

    def bill(self, number="101", account="1001", *, biller=0, **changes) -> None:
        """Have an invoice billed to an account, which then exists."""
        told = {
            "invoice_number": number,
            "account_number": account,
            "customer_name": f"Payer of {account}",
            "email_address": f"{account}@example.com",
            "invoice_date": "01/02/2026",
            "due_date": "01/20/2026",
            "autopay_date": "",
            "total_due": Decimal("50.00"),
            "allow_partial": False,
            "details": ((account, Decimal("50.00")),),
        }
        slug = self.world.billers[biller].slug
        invoice = BilledInvoice(**{**told, **changes})
        posted = BillPosted(biller=slug, file_name="a.BIF", invoice=invoice)
        self.world.book(InvoiceCloudBook).record(posted)

    def basic(self, key: str | None = None, *, colon: bool = True) -> dict[str, str]:
        told = f"{key or self.keys[0]}{':' if colon else ''}"
        return {"Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"}

    def post(self, path: str, body: Any, *, biller: int = 0, **headers: str) -> httpx.Response:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        told = {
            **self.basic(self.keys[biller]),
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        base = self.root if path.startswith("agentconnectapi") else self.base
        return self.client.post(f"{base}/{path}", content=content, headers=told)

    def get(self, path: str, *, biller: int = 0) -> httpx.Response:
        return self.client.get(f"{self.base}/{path}", headers=self.basic(self.keys[biller]))

    def call(self, path: str, body: Any) -> dict[str, Any]:
        """Make a call that has to succeed, as the contract says."""
        request, answered = OPERATIONS[path]
        assert self.fits(request, body)
        answer = self.post(path, body)
        assert answer.is_success, answer.text
        assert self.fits(answered, answer.json()), answer.text
        return answer.json()

    def users(self, account="1001") -> dict[str, Any]:
        return self.call(f"{AUTHENTICATION}/RetrieveUsers", {"AccountNumber": account})

    def register(self, email=PAT, token=TOKEN, accounts=("1001",)) -> dict[str, Any]:
        return self.call(
            f"{AUTHENTICATION}/RegisterAccounts",
            {
                "LoginTypeID": 1,
                "EmailAddress": email,
                "PasswordToken": token,
                "Accounts": [{"AccountNumber": number} for number in accounts],
            },
        )

    def authentication(self, email=PAT, token=TOKEN, account="1001") -> dict[str, str]:
        return {"AccountNumber": account, "EmailAddress": email, "PasswordToken": token}

    def authenticate(self, *values: str) -> str:
        told = self.authentication(*values)
        answer = self.call(f"{AUTHENTICATION}/RemoteAuthentication", told)
        return answer["RemoteAuthenticationToken"]

    def sign_on(self, token: str, method: str = "GET", **changes: Any) -> httpx.Response:
        """Follow CloudSSO's link; a change to None leaves a parameter out."""
        told = {"RemoteAuthenticationToken": token, "ViewMode": 0, "RedirectID": 1, **changes}
        query = {name: value for name, value in told.items() if value is not None}
        return self.client.request(method, f"{self.root}/portal/cloudsso.aspx", params=query)

    def session(self, answer: httpx.Response):
        return session_of(self.world, answer.cookies.get("ic_session"))

    def fits(self, name: str, document: Any) -> bool:
        return jsonschema_rs.validator_for(schema("invoice_cloud", name)).is_valid(document)

    def refuses(
        self, answer: httpx.Response, status: int, code: str, field: str | None = None
    ) -> None:
        """Hold a refusal to the contract's one envelope."""
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"].startswith("application/json")
        assert self.fits("Error", answer.json()), answer.text
        assert (answer.json()["ErrorCode"], answer.json()["Field"]) == (code, field)


@pytest.fixture
def rest(sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    with httpx.Client(timeout=30, trust_env=False, verify=False) as client:  # noqa: S501
        caller = RestCaller(world, client)
        caller.bill()
        yield caller
    sandbox_server.delete_world(world.name)
