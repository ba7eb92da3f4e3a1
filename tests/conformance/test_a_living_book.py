"""Spectrum's book changed over the control API, and told over its wire like any other (0033)."""

import httpx
import jsonschema_rs
import pytest

from contracts.loader import openapi, schema

API = "/spectrum/wsSpectrumAPICore/api"
EXTRACT = "/spectrum/extract/v1"
CONTROL = "/_sandbox/spectrum/changes"
KINDS = openapi("sandbox")["components"]["schemas"]["ChangeKind"]["enum"]
AMOUNTS = {"cancellation": None, "reinstatement": None, "reversal": None}


@pytest.fixture
def client(world):
    """Call Spectrum as a biller's client does; nothing but addresses and values is known."""
    credentials = world.billers[0].payment_credentials
    values = {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }
    with httpx.Client(base_url=world.base_url, timeout=30) as client:
        token = client.post(f"{API}/Token", json=values).json()["data"]["attributes"]["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def change(client, kind, **named):
    body = {"kind": kind, "amount": AMOUNTS.get(kind, "10.00"), "invoice_number": "30254", **named}
    sent = {name: value for name, value in body.items() if value is not None}
    answer = client.post(CONTROL, json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()


def extract(client, name, since=None):
    answer = client.get(f"{EXTRACT}/{name}", params={"since": since} if since else {})
    contract = schema("spectrum", "InvoiceExtract" if name == "invoices" else "ReceiptExtract")
    jsonschema_rs.validate(contract, answer.json())
    return answer.json()


def balance(client, number):
    answer = client.get(f"{API}/Invoice/InvoiceBalanceDue", params={"invoiceNumber": number})
    return answer.json()["data"]["attributes"]["balanceDue"]


@pytest.mark.requirement("A2", "C1")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change_is_told_by_balance_and_extract_alike(world, client, kind):
    """The invoice stands changed since the cursor, with the balance that RTDR tells."""
    if kind == "reinstatement":
        change(client, "cancellation")
    if kind == "reversal":
        change(client, "cheque", amount="31.37")
    cursor = extract(client, "invoices")["cursor"]
    world.clock.advance(60)
    named = {
        "new_business": {"invoice_number": None},
        "reversal": {"invoice_number": None, "receipt_id": "1001"},
    }
    made = change(client, kind, **named.get(kind, {}))
    told = extract(client, "invoices", "2026-01-05T08:01:00Z")
    [row] = told["invoices"]
    assert cursor < told["cursor"]
    assert row["invoice_number"] == made["invoice_number"]
    assert row["policy_number"] == made["policy_number"]
    assert row["balance_due"] == made["balance_due"]
    assert balance(client, row["invoice_number"]) == f"{row['balance_due']}00"


@pytest.mark.requirement("A3", "A4")
def test_others_money_stands_in_the_receipts_extract_under_its_vendor(client):
    change(client, "cheque", amount="31.37", reference_number="CHK-88")
    change(client, "agent_payment", amount="700.00", vendor="Agency 12")
    assert balance(client, "30254") == "0.0000"
    rows = extract(client, "receipts")["receipts"]
    assert [(r["online_vendor"], r["reference_number"]) for r in rows] == [
        ("Lockbox", "CHK-88"),
        ("Agency 12", "Agency 12-1002"),
    ]
    change(client, "reversal", invoice_number=None, receipt_id="1001")
    first, second = extract(client, "receipts")["receipts"]
    assert (first["reversed_at"], second["reversed_at"]) == ("2026-01-05T08:00:00Z", None)
    assert balance(client, "30254") == "31.3700"


@pytest.mark.requirement("A2", "C1", "E2")
def test_a_cancelled_invoice_stays_in_the_extract_with_nothing_due(client):
    assert change(client, "cancellation")["moved"] == "-731.37"
    rows = extract(client, "invoices")["invoices"]
    assert [r["balance_due"] for r in rows if r["invoice_number"] == "30254"] == ["0.00"]
    assert len(rows) == 25


@pytest.mark.requirement("B3")
def test_imt_knows_the_policy_of_new_business(client):
    made = change(client, "new_business", invoice_number=None)
    settings = client.get("/_sandbox/state").json()["imt"]["settings"]
    assert made["policy_number"] in {row["account_number"] for row in settings}
