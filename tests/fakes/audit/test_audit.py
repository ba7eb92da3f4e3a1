"""The auditor finds what is planted: each invariant broken on purpose, with its story."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.audit import INVARIANTS, run_audit
from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Report
from sandbox.audit.rows import BilledRow, FileRow, InvoiceRow, PaymentRow, ReceiptRow
from sandbox.fakes.imt.sessions import open_session
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.adapter_settings import password_seed
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"
NOW = datetime(2026, 1, 6, tzinfo=UTC)
CARRIER = "camp-point-mutual"

PAYMENT = PaymentRow(
    biller=CARRIER,
    payment_guid=GUID,
    invoice_number="30254",
    amount=Decimal("731.37"),
    approved=True,
    made_at=NOW - timedelta(hours=12),
)
RECEIPT = ReceiptRow(
    biller=CARRIER,
    receipt_id="1001",
    invoice_number="30254",
    reference_number=GUID.upper(),
    amount=Decimal("731.37"),
    vendor="InvoiceCloud",
    applied_at=NOW - timedelta(hours=12),
    reversed_at=None,
)
INVOICE = InvoiceRow(
    biller=CARRIER,
    invoice_number="30254",
    billed=Decimal("731.37"),
    adjusted=Decimal("0.00"),
    reversed=Decimal("0.00"),
    balance=Decimal("0.00"),
)
DELIVERY = {
    "biller": CARRIER,
    "payment_guid": GUID,
    "invoice_number": "30254",
    "amount": "731.37",
    "state": "applied",
    "evidence": "answer",
    "receipt_id": "1001",
    "accepted_at": "2026-01-05T12:00:05Z",
    "next_at": None,
}
FILE = FileRow(
    file_name="4500_01052026040000.BIF",
    reference="BIF1",
    header_count=1,
    header_total=Decimal("731.37"),
    body_count=1,
    body_total=Decimal("731.37"),
    received_at=NOW,
)


@pytest.fixture
def sound():
    world = World(start=DEMO_START)
    return Evidence(
        world=world,
        now=NOW,
        at_rest=True,
        receipts=(RECEIPT,),
        invoices=(INVOICE,),
        payments=(PAYMENT,),
        files=(FILE,),
        deliveries=(DELIVERY,),
        exceptions=(),
        billed=tuple(
            BilledRow(biller=CARRIER, invoice_number=number, total_due=invoice.billed)
            for number, invoice in world.book(SpectrumBook).invoices.items()
        ),
        rejects=(),
        batch_entries=(),
        enrollments=(),
        settings={},
        uploads=(
            {
                "state": "accepted",
                "reference": "BIF1",
                "biller": CARRIER,
                "as_of": "2026-01-05T08:00:00Z",
            },
        ),
        reversals=(),
        settlements=(),
        pushes=(),
        unreachable=(),
        reports=(),
    )


def broken(evidence):
    """Return the numbers of the broken invariants and every story."""
    found = {i.number: [v.story for v in i.check(evidence)] for i in INVARIANTS}
    return {number: stories for number, stories in found.items() if stories}


def test_sound_books_break_nothing(sound):
    assert broken(sound) == {}


def test_an_empty_world_is_clean():
    report = run_audit(World(start=DEMO_START))
    assert report.clean
    assert [i["number"] for i in report.as_json()["invariants"]] == list(range(1, 11))


def test_a_receipt_applied_twice_is_told_with_both_numbers(sound):
    twice = replace(RECEIPT, receipt_id="1002")
    settled = replace(INVOICE, balance=Decimal("-731.37"))
    found = broken(replace(sound, receipts=(RECEIPT, twice), invoices=(settled,)))
    assert set(found) == {1}
    assert "applied 2 times" in found[1][0]
    assert "1001, 1002" in found[1][0]


def test_a_lost_payment_is_told(sound):
    owed = replace(INVOICE, balance=Decimal("731.37"))
    found = broken(replace(sound, receipts=(), deliveries=(), invoices=(owed,)))
    assert set(found) == {1}
    assert "unknown to the adapter" in found[1][0]


def test_a_young_payment_is_not_lost_yet(sound):
    young = replace(PAYMENT, made_at=NOW - timedelta(hours=1))
    owed = replace(INVOICE, balance=Decimal("731.37"))
    books = replace(sound, payments=(young,), receipts=(), deliveries=(), invoices=(owed,))
    assert broken(books) == {}


@pytest.mark.parametrize("state", ["not_applied", "dead"])
def test_a_payment_before_a_person_is_visible(sound, state):
    owed = replace(INVOICE, balance=Decimal("731.37"))
    waiting = {**DELIVERY, "state": state, "receipt_id": None, "evidence": None}
    assert broken(replace(sound, receipts=(), deliveries=(waiting,), invoices=(owed,))) == {}


@pytest.mark.parametrize("state", ["accepted", "sending"])
def test_at_rest_nothing_is_merely_in_flight(sound, state):
    owed = replace(INVOICE, balance=Decimal("731.37"))
    stuck = {**DELIVERY, "state": state, "receipt_id": None, "evidence": None}
    books = replace(sound, receipts=(), deliveries=(stuck,), invoices=(owed,))
    assert set(broken(books)) == {1}
    assert broken(replace(books, at_rest=False)) == {}


def test_a_receipt_without_payment_is_told(sound):
    found = broken(replace(sound, payments=()))
    assert {2, 9} == set(found)


def test_another_vendors_receipt_may_exist(sound):
    lockbox = replace(RECEIPT, receipt_id="900", vendor="Lockbox", reference_number="L-1")
    overpaid = replace(INVOICE, balance=Decimal("-731.37"))
    assert broken(replace(sound, receipts=(RECEIPT, lockbox), invoices=(overpaid,))) == {}


def test_a_balance_that_does_not_follow_is_told(sound):
    found = broken(replace(sound, invoices=(replace(INVOICE, balance=Decimal("1.00")),)))
    assert set(found) == {3}


def test_a_header_that_differs_from_its_body_is_told(sound):
    found = broken(replace(sound, files=(replace(FILE, header_total=Decimal("731.38")),)))
    assert set(found) == {5}


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ({"receipt_id": "77"}, "receipt 77"),
        ({"amount": "731.36"}, "731.36"),
    ],
)
def test_a_ledger_that_claims_too_much_is_told(sound, claim, word):
    found = broken(replace(sound, deliveries=({**DELIVERY, **claim},)))
    assert set(found) == {9}
    assert word in found[9][0]


def test_an_upload_that_never_arrived_is_told(sound):
    found = broken(replace(sound, files=()))
    assert set(found) == {9}


@pytest.mark.parametrize(
    "text",
    [
        "paid with 4111111111111111",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3Njc2MDAwMDB9.c2ln",
        "paid with 5555555555554444 in all",
    ],
)
def test_a_secret_in_a_report_is_told(sound, text):
    found = broken(replace(sound, reports=(Report(name="a log", text=text),)))
    assert set(found) == {10}


def test_a_cookie_in_a_report_is_told(sound):
    """IMT keeps only a fingerprint of it, and the auditor knows it by that."""
    world = sound.world
    biller = world.billers[0]
    credentials = {"username": biller.imt.username, "password": biller.imt.password}
    _, cookies = open_session(world, biller, credentials)
    for cookie, numbers in ((cookies["authorization"], {10}), ("ab" * 32, set())):
        report = Report(name="a log", text=f"Cookie: authorization={cookie};")
        assert set(broken(replace(sound, reports=(report,)))) == numbers


def test_every_secret_of_a_biller_is_known(sound):
    biller = sound.world.billers[0]
    secrets = (biller.imt.password, biller.sign_on_key, password_seed(sound.world, biller))
    for secret in (*secrets, *biller.secrets):
        report = Report(name="a log", text=f"with {secret}")
        assert set(broken(replace(sound, reports=(report,)))) == {10}


def test_a_secret_in_a_file_is_told_even_across_pieces(sound, tmp_path, monkeypatch):
    """A key that lies across two read pieces is found all the same."""
    monkeypatch.setattr("sandbox.audit.secrets.SCAN_CHUNK_BYTES", 64)
    key = sound.world.billers[0].web_service_key
    path = tmp_path / "adapter.db"
    path.write_bytes(b"x" * 50 + key.encode() + b"y" * 100)
    sound.world.watched_files.append(path)
    found = broken(sound)
    assert set(found) == {10}
    assert key not in found[10][0]
