"""Spectrum's answers that prove nothing, over sockets: applied first, then another answer (0033).

Every trouble is armed over the control API, as a rig of another language would.
"""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

API = "/spectrum/wsSpectrumAPICore/api"
EXTRACT = "/spectrum/extract/v1"
GUID = "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f"
PAGES = {"json": "application/problem+json", "html": "text/html", "empty": ""}


class Caller:
    """A client of Spectrum with a token, and of the control API."""

    def __init__(self, world, client):
        self.world = world
        self.client = client
        credentials = world.billers[0].payment_credentials
        values = {
            "token": credentials.token,
            "username": credentials.username,
            "password": credentials.password,
        }
        told = client.post(f"{API}/Token", json=values).json()
        self.bearer = {"Authorization": f"Bearer {told['data']['attributes']['token']}"}
        self.policy_number = self.state()["invoices"][0]["policy_number"]

    def state(self):
        return self.client.get("/_sandbox/state").json()["spectrum"]

    def arm(self, fault, operation="OnlineReceipt", moment="after", **parameters):
        wanted = {
            "fault": fault,
            "partner": "spectrum",
            "operation": operation,
            "moment": moment,
            "parameters": parameters,
        }
        self.client.post("/_sandbox/faults", json=wanted).raise_for_status()

    def behave(self, **wanted):
        self.client.patch("/_sandbox/behaviours", json=wanted).raise_for_status()

    def receipt(self):
        return {
            "invoiceNumber": "30254",
            "policyNumber": self.policy_number,
            "datePaid": "2026-01-05T08:00:00Z",
            "referenceNumber": GUID,
            "amount": "100.00",
            "approved": True,
            "onlineVendor": "InvoiceCloud",
        }

    def post(self):
        return self.client.post(f"{API}/OnlineReceipt", json=self.receipt(), headers=self.bearer)

    def balance(self):
        return self.client.get(
            f"{API}/Invoice/InvoiceBalanceDue",
            params={"invoiceNumber": "30254"},
            headers=self.bearer,
        )

    def due(self):
        return self.balance().json()["data"]["attributes"]["balanceDue"]

    def receipts(self):
        return self.client.get(f"{EXTRACT}/receipts", headers=self.bearer).json()


@pytest.fixture
def caller(world):
    with httpx.Client(base_url=world.base_url, timeout=30) as client:
        yield Caller(world, client)


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 408, 409, 422, 429, 500, 502])
@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_any_status_and_page_come_before_or_after_applying(caller, status, page, moment, applied):
    caller.arm("status", moment=moment, status=status, page=page)
    answer = caller.post()
    assert answer.status_code == status
    assert answer.headers.get("Content-Type", "").partition(";")[0] == PAGES[page]
    assert bool(answer.content) == (page != "empty")
    assert len(caller.state()["receipts"]) == applied
    assert caller.due() == ("631.3700" if applied else "731.3700")


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(
    "value",
    [
        {"amount": "99.00"},
        {"policyNumber": "1"},
        {"referenceNumber": "00000000-0000-4000-8000-000000000001"},
        {"receiptID": "0"},
        {"receiptID": "null"},
        {"receiptID": None},
        {"receiptID": "00000000-0000-0000-0000-000000000000"},
        {"receiptID": -1},
    ],
    ids=str,
)
def test_an_echo_may_say_what_spectrum_did_not_do(caller, value):
    """The receipt was applied as it was posted, and the rest of the echo is as it was."""
    caller.arm("alter", set=value)
    answer = caller.post()
    assert answer.status_code == 200
    assert answer.json() == {**caller.receipt(), "receiptID": "1001", **value}
    [receipt] = caller.state()["receipts"]
    assert (receipt["amount"], receipt["reference_number"]) == ("100.00", GUID)


@pytest.mark.requirement("A2")
@pytest.mark.parametrize(
    "headers", [{}, {"Age": "290"}, {"X-Cache": "HIT"}, {"Age": "290", "X-Cache": "HIT"}], ids=str
)
def test_a_balance_may_be_of_minutes_ago_and_say_so_or_not(caller, headers):
    caller.world.clock.advance(600)
    caller.post()
    caller.behave(spectrum_balance_lag_minutes=5)
    caller.arm("alter", "InvoiceBalanceDue", headers=headers)
    answer = caller.balance()
    assert answer.json()["data"]["attributes"]["balanceDue"] == "731.3700"
    assert {name: answer.headers[name] for name in headers} == headers
    caller.world.clock.advance(300)
    assert caller.due() == "631.3700"


@pytest.mark.requirement("A2")
def test_an_answer_may_bear_an_older_date(caller):
    """There is one Date, as a cache keeps it."""
    old = "Mon, 05 Jan 2026 07:55:00 GMT"
    caller.arm("alter", "InvoiceBalanceDue", headers={"Date": old})
    assert caller.balance().headers.get_list("Date") == [old]
    assert caller.balance().headers["Date"] == "Mon, 05 Jan 2026 08:00:00 GMT"


@pytest.mark.requirement("A4")
def test_the_receipts_feed_may_lag_and_says_as_of_when(caller):
    caller.post()
    caller.behave(spectrum_receipts_feed_lag_minutes=10)
    assert caller.receipts() == {
        "as_of": "2026-01-05T07:50:00Z",
        "cursor": "2026-01-05T07:50:00Z",
        "receipts": [],
    }
    caller.world.clock.advance(600)
    assert len(caller.receipts()["receipts"]) == 1


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("answered", [True, False])
def test_unapplied_cash_is_a_receipt_without_a_movement(caller, answered):
    """Also where the answer says that nothing was applied."""
    caller.behave(spectrum_unapplied_cash=True)
    if not answered:
        caller.arm("status", status=200, page="empty")
    assert bool(caller.post().content) == answered
    assert caller.due() == "731.3700"
    [row] = caller.receipts()["receipts"]
    assert (row["reference_number"], row["amount"]) == (GUID, "100.00")


@pytest.mark.requirement("A4")
def test_a_receipt_may_be_applied_long_after_its_caller_gave_up(caller):
    caller.arm("late", moment="before", seconds=600)
    with pytest.raises(httpx.TransportError):
        caller.post()
    caller.world.clock.advance(599)
    assert caller.due() == "731.3700"
    caller.world.clock.advance(1)
    assert caller.due() == "631.3700"
    [entry] = caller.world.journal.entries(kind="event", operation="OnlineReceipt")
    assert entry.outcome == "receipt 1001 for 100.00 applied, 600 s late"


@pytest.mark.requirement("A4")
def test_a_late_receipt_for_which_the_second_try_came_first_is_judged_then(caller):
    """With de-duplication it repeats; without, it is the second receipt."""
    caller.arm("late", moment="before", seconds=600)
    with pytest.raises(httpx.TransportError):
        caller.post()
    assert caller.post().json()["receiptID"] == "1001"
    caller.world.clock.advance(600)
    [entry] = caller.world.journal.entries(kind="event", operation="OnlineReceipt")
    assert entry.outcome == "repeats receipt 1001: okay, without its number, 600 s late"
    assert caller.due() == "631.3700"


@pytest.mark.requirement("A4")
def test_a_dripping_answer_has_no_end_of_its_header(caller):
    """Applied, and the caller reads a line at a time until the partner resets."""
    caller.arm("drip", lines=3, interval_ms=10)
    with pytest.raises(httpx.TransportError):
        caller.post()
    assert len(caller.state()["receipts"]) == 1


@pytest.mark.requirement("A2")
def test_a_drip_shows_no_interest_in_the_worlds_time(caller):
    """The bytes come although the virtual clock stands still."""
    caller.arm("drip", "InvoiceBalanceDue", lines=1000, interval_ms=100)
    url = urlsplit(caller.world.base_url)
    path = f"{url.path}{API}/Invoice/InvoiceBalanceDue?invoiceNumber=30254"
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.bearer['Authorization']}"
    with socket.create_connection((url.hostname, url.port), timeout=30) as client:
        client.sendall(f"{request}\r\n\r\n".encode())
        told = b""
        while b"X-Drip: 1" not in told:
            told += client.recv(1000)
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert caller.client.get("/_sandbox/clock").json()["now"] == "2026-01-05T08:00:00Z"
