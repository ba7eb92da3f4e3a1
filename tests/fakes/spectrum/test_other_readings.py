"""Balances and receipts of another age, cash that moves nothing, and answers that were altered."""

import pytest

from sandbox.fakes.spectrum.feed import export_feed
from sandbox.faults import FAULTS

RECEIPTS = "/spectrum/extract/v1/receipts"
MINUTE = 60


def behave(spectrum, **wanted):
    spectrum.world.behaviours.change(wanted)


def later(spectrum, minutes):
    spectrum.world.clock.advance(minutes * MINUTE)


def test_a_balance_is_told_as_it_stood(spectrum):
    """Not before the invoice was there, and the extract stays what it is."""
    behave(spectrum, spectrum_balance_lag_minutes=5)
    later(spectrum, 10)
    spectrum.post(spectrum.receipt())
    assert spectrum.balance("30254") == "731.3700"
    later(spectrum, 3)
    spectrum.book.adjust_balance("30254", spectrum.book.invoices["30254"].billed, "fee")
    later(spectrum, 2)
    assert spectrum.balance("30254") == "721.3700"
    [row] = spectrum.get("/spectrum/extract/v1/invoices", since="2026-01-05T08:01:00Z").json[
        "invoices"
    ]
    assert row["balance_due"] == "1452.74"
    behave(spectrum, spectrum_balance_lag_minutes=1_000_000_000)
    assert spectrum.balance("30254") == "731.3700"


def test_receipts_lag_in_their_rows_and_say_so(spectrum):
    """A reversal that the feed does not know of yet is told as a receipt that stands."""
    spectrum.post(spectrum.receipt())
    later(spectrum, 8)
    spectrum.book.reverse_receipt("1001", "R01", reversal_id="r-1")
    behave(spectrum, spectrum_receipts_feed_lag_minutes=10)
    told = spectrum.get(RECEIPTS).json
    assert (told["as_of"], told["receipts"]) == ("2026-01-05T07:58:00Z", [])
    later(spectrum, 5)
    told = spectrum.get(RECEIPTS).json
    assert told["as_of"] == "2026-01-05T08:03:00Z"
    [row] = told["receipts"]
    assert (row["receipt_id"], row["reversed_at"], row["reversal_id"]) == ("1001", None, None)
    later(spectrum, 5)
    [row] = spectrum.get(RECEIPTS, since="2026-01-05T08:05:00Z").json["receipts"]
    assert row["reversed_at"] == "2026-01-05T08:08:00Z"


def test_a_lagging_folder_never_goes_back(spectrum, tmp_path):
    """It waits until it is past its last file, and then nothing is missing."""

    def export(minutes):
        later(spectrum, minutes)
        return [p.name for p in export_feed(spectrum.world, spectrum.biller(), tmp_path)]

    assert "receipts-20260105T081500Z.jsonl" in export(15)
    spectrum.post(spectrum.receipt())
    behave(spectrum, spectrum_receipts_feed_lag_minutes=20)
    assert export(15) == ["invoices-20260105T083000Z.jsonl"]
    [_, name] = export(15)
    assert name == "receipts-20260105T082500Z.jsonl"
    assert '"receipt_id": "1001"' in (tmp_path / name).read_text()


def test_unapplied_cash_is_a_receipt_that_moves_no_balance(spectrum):
    behave(spectrum, spectrum_unapplied_cash=True)
    assert spectrum.post(spectrum.receipt()).json["receiptID"] == "1001"
    assert spectrum.balance("30254") == "731.3700"
    [row] = spectrum.get(RECEIPTS).json["receipts"]
    assert row["receipt_id"] == "1001"
    [row] = spectrum.book.as_json()["receipts"]
    assert row["unapplied"]
    spectrum.book.reverse_receipt("1001", "R01")
    assert spectrum.balance("30254") == "731.3700"


@pytest.fixture
def alter(spectrum):
    def arm(operation, **parameters):
        spectrum.world.faults.arm(
            kind="alter",
            effect=FAULTS["alter"](parameters),
            partner="spectrum",
            operation=operation,
            moment="after",
            count=1,
            match={},
            parameters=parameters,
        )

    return arm


def test_an_altered_echo_is_the_answer_to_a_receipt_that_was_applied(spectrum, alter):
    """Whatever is not altered keeps its spelling: 10.00 is not 10.0."""
    alter("OnlineReceipt", set={"receiptID": "0"})
    body = spectrum.receipt()
    sent = str(body).replace("'10.00'", "10.00").replace("'", '"').replace("True", "true")
    answer = spectrum.post(sent)
    assert answer.json["receiptID"] == "0"
    assert b'"amount": 10.00,' in answer.data
    assert len(spectrum.book.receipts) == 1
    assert spectrum.post(spectrum.receipt()).json["message"]


def test_altered_headers_are_told_beside_the_balance(spectrum, alter):
    alter("InvoiceBalanceDue", headers={"Age": "290", "X-Cache": "HIT"})
    path = "/spectrum/wsSpectrumAPICore/api/Invoice/InvoiceBalanceDue"
    answer = spectrum.get(path, invoiceNumber="30254")
    assert (answer.headers["Age"], answer.headers["X-Cache"]) == ("290", "HIT")
    assert answer.json["data"]["attributes"]["balanceDue"] == "731.3700"
    assert "Age" not in spectrum.get(path, invoiceNumber="30254").headers


def test_an_empty_answer_takes_headers_and_no_values(spectrum, alter):
    alter("OnlineReceipt", set={"receiptID": "7"}, headers={"X-Cache": "MISS"})
    answer = spectrum.post(spectrum.receipt(approved=False))
    assert (answer.data, answer.headers["X-Cache"]) == (b"", "MISS")
