"""The auditor finds what is planted: each invariant broken on purpose, with its story."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.audit import INVARIANTS, run_audit
from sandbox.audit.ledger_view import Report
from sandbox.audit.rows import BilledRow, FileRow, PaymentRow, ReceiptRow
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
    account_number="7",
    customer_name="A Payer",
    amount=Decimal("731.37"),
    fee=Decimal("3.00"),
    method="CreditCard",
    reference="IC1",
    approved=True,
    made_at=NOW - timedelta(hours=12),
)
RECEIPT = ReceiptRow(
    biller=CARRIER,
    receipt_id="1001",
    invoice_number="30254",
    policy_number="7",
    full_name="A Payer",
    reference_number=GUID.upper(),
    amount=Decimal("731.37"),
    fee=Decimal("3.00"),
    payment_type="CreditCard",
    transaction_id="IC1",
    date_paid="2026-01-05T06:00:00-06:00",
    vendor="InvoiceCloud",
    applied_at=NOW - timedelta(hours=12),
    reversed_at=None,
)
DELIVERY = {
    "biller": CARRIER,
    "payment_guid": GUID,
    "invoice_number": "30254",
    "account_number": "7",
    "amount": "731.37",
    "fee": "3.00",
    "method": "CreditCard",
    "paid_at": "2026-01-05T12:00:00Z",
    "state": "applied",
    "evidence": "answer",
    "receipt_id": "1001",
    "accepted_at": "2026-01-05T12:00:05Z",
    "next_at": None,
}
FILE = FileRow(
    biller=CARRIER,
    file_name="4500_01052026040000.BIF",
    file_guid="f-1",
    reference="BIF1",
    header_count=0,
    header_total=Decimal("0.00"),
    body_count=0,
    body_total=Decimal("0.00"),
    received_at=NOW,
)
UPLOAD = {
    "state": "accepted",
    "reference": "BIF1",
    "biller": CARRIER,
    "as_of": "2026-01-05T08:00:00Z",
    "file_name": FILE.file_name,
    "file_guid": "f-1",
    "invoice_count": 0,
    "total": "0.00",
}
ITEM = {
    "biller": CARRIER,
    "kind": "dead",
    "payment_guid": GUID,
    "invoice_number": "30254",
    "reference": f"{GUID}:30254",
    "detail": "a person has to look",
    "resolved_at": None,
}


@pytest.fixture
def sound(quiet):
    """Return evidence of one payment and its receipt, of all bills, and of a file without any."""
    invoices = quiet.world.book(SpectrumBook).invoices
    return replace(
        quiet,
        now=NOW,
        receipts=(RECEIPT,),
        payments=(PAYMENT,),
        files=(FILE,),
        deliveries=(DELIVERY,),
        billed=tuple(
            BilledRow(biller=CARRIER, invoice_number=number, total_due=invoice.billed)
            for number, invoice in invoices.items()
        ),
        uploads=(UPLOAD,),
        readable=frozenset({CARRIER}),
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
    numbers = [invariant["number"] for invariant in report.as_json()["invariants"]]
    assert numbers == [invariant.number for invariant in INVARIANTS]
    assert numbers == sorted(set(numbers))


def test_a_receipt_applied_twice_is_told_with_both_numbers(sound):
    twice = replace(RECEIPT, receipt_id="1002")
    found = broken(replace(sound, receipts=(RECEIPT, twice)))
    assert set(found) == {1, 12}
    assert "applied 2 times" in found[1][0]
    assert "1001, 1002" in found[1][0]


def test_a_lost_payment_is_told(sound):
    found = broken(replace(sound, receipts=(), deliveries=()))
    assert set(found) == {1, 15}
    assert "unknown to the adapter" in found[1][0]


def test_a_young_payment_is_not_lost_yet(sound):
    young = replace(PAYMENT, made_at=NOW - timedelta(hours=1))
    assert broken(replace(sound, payments=(young,), receipts=(), deliveries=())) == {}
    taken_over = replace(young, is_delivered=True)
    assert set(broken(replace(sound, payments=(taken_over,), receipts=(), deliveries=()))) == {15}


def test_without_a_ledger_to_read_no_row_is_missing(sound):
    """As where Invoice Cloud calls Spectrum itself (decision 0025)."""
    assert broken(replace(sound, deliveries=(), uploads=(), readable=frozenset())) == {}


@pytest.mark.parametrize("state", ["not_applied", "dead"])
def test_a_payment_before_a_person_is_visible_while_she_is_asked(sound, state):
    waiting = {**DELIVERY, "state": state, "receipt_id": None, "evidence": None}
    item = {**ITEM, "kind": state}
    books = replace(sound, receipts=(), deliveries=(waiting,), exceptions=(item,))
    assert broken(books) == {}
    resolved = {**item, "resolved_at": "2026-01-05T13:00:00Z"}
    for items in ((), (resolved,), ({**item, "invoice_number": "7"},)):
        assert set(broken(replace(books, exceptions=items))) == {16}


@pytest.mark.parametrize("state", ["accepted", "sending"])
def test_at_rest_nothing_is_merely_in_flight(sound, state):
    stuck = {**DELIVERY, "state": state, "receipt_id": None, "evidence": None}
    books = replace(sound, receipts=(), deliveries=(stuck,))
    assert set(broken(books)) == {1}
    assert broken(replace(books, at_rest=False)) == {}


def test_a_receipt_without_payment_is_told(sound):
    found = broken(replace(sound, payments=()))
    assert {2, 9} == set(found)


def test_another_vendors_receipt_may_exist(sound):
    lockbox = replace(RECEIPT, receipt_id="900", vendor="Lockbox", reference_number="L-1")
    assert broken(replace(sound, receipts=(RECEIPT, lockbox))) == {}


@pytest.mark.parametrize("spelled", ["Invoice Cloud", "INVOICECLOUD", "invoice-cloud"])
def test_the_vendor_and_the_guid_are_known_in_any_spelling(sound, spelled):
    braced = replace(RECEIPT, vendor=spelled, reference_number="{" + GUID.replace("-", "") + "}")
    assert broken(replace(sound, receipts=(braced,))) == {}
    assert set(broken(replace(sound, receipts=(RECEIPT, braced)))) == {1, 12}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"amount": Decimal("731.36")}, "amount is 731.36, and Invoice Cloud has 731.37"),
        ({"fee": Decimal("0.00")}, "fee is 0.00"),
        ({"policy_number": "8"}, "policy is 8"),
        ({"date_paid": "2026-01-05T06:00:01-06:00"}, "date is 2026-01-05 12:00:01"),
        ({"date_paid": "soon"}, "date is None"),
        ({"payment_type": "ACH"}, "kind is ach"),
        ({"transaction_id": "IC2"}, "transaction id is IC2"),
        ({"full_name": "Another"}, "name is another one"),
        ({"vendor": "Lockbox"}, "vendor is Lockbox"),
    ],
)
def test_a_receipt_that_differs_from_its_payment_is_told(sound, change, word):
    found = broken(replace(sound, receipts=(replace(RECEIPT, **change),)))
    assert word in found[13][0]


def test_a_receipts_fields_are_compared_by_value(sound):
    alike = {
        "date_paid": "2026-01-05T06:00:00",
        "full_name": " A  Payer",
        "amount": Decimal("731.370"),
    }
    alike["payment_type"] = "Credit Card"
    assert broken(replace(sound, receipts=(replace(RECEIPT, **alike),))) == {}


def test_more_paid_than_was_ever_billed_is_told_unless_a_person_is_asked(sound):
    """The second payment is open; the first has its receipt."""
    made = replace(PAYMENT, payment_guid=GUID.replace("5", "6"), made_at=NOW)
    books = replace(sound, payments=(PAYMENT, made))
    assert set(broken(books)) == {12}
    assert "731.37, and 1462.74 stands paid" in broken(books)[12][0]
    assert broken(replace(books, exceptions=(ITEM,))) == {}
    came_back = replace(PAYMENT, returned_at=NOW)
    assert 12 not in broken(replace(books, payments=(came_back, made)))


def test_a_balance_that_does_not_follow_is_told(sound):
    invoices = sound.world.book(SpectrumBook).invoices
    invoices["30254"] = replace(invoices["30254"], received=Decimal("1.00"))
    found = broken(sound)
    assert set(found) == {3}
    assert "shows 730.37 as due on invoice 30254" in found[3][0]
    assert "received 1.00, not 0.00" in found[3][1]


def test_a_header_that_differs_from_its_body_is_told(sound):
    found = broken(replace(sound, files=(replace(FILE, header_total=Decimal("731.38")),)))
    assert set(found) == {5}


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ({"receipt_id": "77"}, "receipt 77"),
        ({"amount": "731.36"}, "731.36"),
        ({"fee": "2.00"}, "fee is 2.00"),
        ({"account_number": "8"}, "account is 8"),
        ({"method": "ACH"}, "kind is ach"),
        ({"paid_at": "2026-01-05T11:59:59Z"}, "payment time"),
        ({"accepted_at": "2026-01-05T11:59:59Z"}, "before it was paid"),
        ({"state": "given_back"}, "given back"),
        ({"state": "in_doubt"}, "in_doubt, and Spectrum has receipt 1001"),
        ({"state": "posted"}, "posted, which nobody knows"),
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
    ("claim", "word"),
    [
        ({"total": "1.00"}, "with 0 invoices, 1.00 in all"),
        ({"invoice_count": 3}, "with 3 invoices"),
        ({"file_guid": "f-2"}, "f-2; Invoice Cloud has it"),
        ({"state": "refused"}, "Invoice Cloud has taken it"),
    ],
)
def test_an_upload_that_arrived_otherwise_is_told(sound, claim, word):
    found = broken(replace(sound, uploads=({**UPLOAD, **claim},)))
    assert word in found[9][0]


def test_a_file_that_was_sent_twice_is_one_upload(sound):
    """An answer was lost, and the same bytes went again: either answer may have been kept."""
    again = replace(FILE, file_guid="f-2", file_name="4500_01052026050000.BIF")
    assert broken(replace(sound, files=(FILE, again))) == {}
    assert broken(replace(sound, files=(again, FILE))) == {}


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
    monkeypatch.setattr("sandbox.audit.watched_files.SCAN_CHUNK_BYTES", 64)
    key = sound.world.billers[0].web_service_key
    path = tmp_path / "adapter.db"
    path.write_bytes(b"x" * 50 + key.encode() + b"y" * 100)
    sound.world.watched_files.append(path)
    found = broken(sound)
    assert set(found) == {10}
    assert key not in found[10][0]


def test_the_journal_is_looked_through_once_and_what_was_found_is_remembered(sound):
    """An entry changes until its call has ended."""
    journal = sound.world.journal
    with journal.call(source="a", target="b", operation="Call") as entry:
        assert broken(sound) == {}
        entry.outcome = "paid by 4012888888881881"
        assert set(broken(sound)) == {10}
    assert broken(sound) == {}  # the journal has hidden it
    journal.entries()[-1].outcome = "as if another journal had not"
    journal.event(target="b", operation="Event")
    journal.entries()[-1].outcome = "paid by 4012888888881881"
    for _ in range(2):
        assert broken(sound)[10] == ["the journal holds a number that passes a card's check"]
