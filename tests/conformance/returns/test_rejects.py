"""ACH rejects end to end: a returned payment is reversed once, and billed again (C3, C6, G)."""

import pytest

from adapter.kinds import REVERSALS
from sandbox.fakes.spectrum.book import SpectrumBook

HOUR = 3600
DAY = 24 * HOUR
# Paid on a Monday; R01 comes back three banking days later, at 10:00 UTC on Thursday.
UNTIL_REVERSED = 3 * DAY + 5 * HOUR


@pytest.mark.requirement("C3", "G")
def test_a_returned_payment_is_reversed_and_billed_again(carrier):
    number, amount = carrier.pay()
    carrier.advance(HOUR)
    assert carrier.balance(number) == 0
    carrier.advance(UNTIL_REVERSED)
    assert carrier.balance(number) == amount
    [reversal] = carrier.ops("reversals")
    assert (reversal["state"], reversal["code"]) == ("reversed", "R01")
    assert reversal["amount"] == f"{amount:.2f}"
    [bill] = [bill for bill in carrier.bills() if bill["invoice_number"] == number]
    assert bill["balance_due"] == f"{amount:.2f}"
    last_file = carrier.world.journal.entries(operation="UploadInvoiceFile")[-1]
    assert last_file.at > "2026-01-08T12:15"
    assert carrier.exceptions() == []
    assert carrier.audit() == []


@pytest.mark.requirement("C3", "C6")
def test_twice_seen_is_once_applied(carrier):
    """Every window overlaps the one before, and a day of polls sees the reject again."""
    carrier.pay()
    carrier.advance(UNTIL_REVERSED + 6 * HOUR)
    assert len(carrier.calls("ReceiveReversal")) == 1
    assert len(carrier.ops("reversals")) == 1


@pytest.mark.requirement("C3", "C6")
def test_a_poll_that_dies_loses_nothing(carrier):
    number, amount = carrier.pay()
    carrier.advance(HOUR)
    operation = "ACHRejectReportingDataSetFromGMT"
    carrier.arm("sever", "invoice_cloud", operation, "after", count=26)
    carrier.advance(UNTIL_REVERSED)
    assert carrier.balance(number) == 0
    carrier.advance(6 * HOUR)
    assert carrier.balance(number) == amount
    assert carrier.audit() == []


@pytest.mark.requirement("C3", "C6")
def test_after_a_long_outage_the_reject_is_found(carrier):
    number, amount = carrier.pay()
    carrier.advance(HOUR)
    carrier.leave()
    carrier.advance(5 * DAY)
    carrier.rejoin()
    carrier.advance(4 * HOUR)
    assert carrier.balance(number) == amount
    assert carrier.audit() == []


@pytest.mark.requirement("C3")
def test_the_payer_pays_again_after_the_return(carrier):
    """The same amount on the same invoice: neither payment nor reversal is taken for the other."""
    number, amount = carrier.pay()
    carrier.advance(UNTIL_REVERSED)
    assert carrier.pay(card=True) == (number, amount)
    carrier.advance(3 * HOUR)
    assert carrier.balance(number) == 0
    assert [row["state"] for row in carrier.ops("deliveries")] == ["applied", "applied"]
    assert carrier.audit() == []


@pytest.mark.requirement("C3")
@pytest.mark.parametrize("receipts_feed", [True, False])
def test_a_reversal_is_a_file_where_the_feed_is_a_folder(carrier_with, receipts_feed):
    carrier = carrier_with(feed="folder", receipts_feed=receipts_feed)
    number, amount = carrier.pay()
    carrier.advance(UNTIL_REVERSED + HOUR)
    assert carrier.balance(number) == amount
    [done] = (carrier.folder / "feed" / carrier.slug / "inbox" / "done").iterdir()
    assert done.name.startswith("reversal-")
    [reversal] = carrier.ops("reversals")
    assert (reversal["state"], reversal["receipt_id"]) == ("reversed", None)
    assert carrier.audit() == []


@pytest.mark.requirement("C3")
def test_a_file_that_spectrum_refuses_waits_for_a_person(carrier_with):
    """Its receipt was reversed by another id: nothing but the inbox tells the adapter."""
    carrier = carrier_with(feed="folder")
    carrier.pay()
    carrier.advance(HOUR)
    book = carrier.world.book(SpectrumBook)
    [receipt] = book.receipts.values()
    book.reverse_receipt(receipt.id, "a person's correction", reversal_id="by-hand")
    carrier.advance(UNTIL_REVERSED)
    [item] = carrier.exceptions()
    assert item["kind"] == "reversal_refused"
    assert "inbox/refused/reversal-" in item["detail"]
    assert [row["state"] for row in carrier.ops("reversals")] == ["refused"]


@pytest.mark.requirement("C3")
def test_what_spectrum_refuses_waits_for_a_person_and_is_sent_again(carrier):
    carrier.pay()
    body = '{"title": "Conflict", "status": 409, "detail": "not today"}'
    carrier.arm("status", "spectrum", "ReceiveReversal", "before", status=409, body=body)
    carrier.advance(UNTIL_REVERSED)
    [item] = carrier.exceptions()
    assert item["kind"] == "reversal_refused"
    assert "not today" in item["detail"]
    [reversal] = carrier.ops("reversals")
    assert item["reference"] == f"{reversal['payment_guid']}:{reversal['invoice_number']}"
    ledger = carrier.joined.adapter.ledger
    ledger.redrive(REVERSALS.item, REVERSALS.redrive_rules).retry_all(
        by="ada", now=carrier.world.clock.now()
    )
    carrier.advance(HOUR)
    assert carrier.exceptions() == []
    assert [row["state"] for row in carrier.ops("reversals")] == ["reversed"]
    assert carrier.audit() == []


@pytest.mark.requirement("C3")
def test_a_reject_waits_for_its_payment_to_be_known_and_applied(carrier):
    """Neither pump nor report brings the payment for days; reversing would find no receipt."""
    carrier.arm("sever", "invoice_cloud", "DataPump", "before", count=None)
    operation = "PaymentReportingDataSetFromGMT"
    carrier.arm("status", "invoice_cloud", operation, "before", count=None, status=503)
    number, amount = carrier.pay()
    carrier.advance(UNTIL_REVERSED)
    [waiting] = carrier.ops("reversals")
    assert waiting["state"] == "waiting"
    assert "not known here yet" in waiting["last_error"]
    carrier.control.delete("/faults").raise_for_status()
    carrier.advance(6 * HOUR)
    assert [row["state"] for row in carrier.ops("reversals")] == ["reversed"]
    assert carrier.balance(number) == amount
    assert carrier.audit() == []


@pytest.mark.requirement("C3")
def test_what_is_not_applied_yet_is_not_reversed(carrier):
    """Spectrum is down for days: the reversal waits for its payment, which is tried on."""
    number, amount = carrier.pay()
    carrier.arm("status", "spectrum", "InvoiceBalanceDue", "before", count=None, status=503)
    carrier.advance(UNTIL_REVERSED)
    assert carrier.balance(number) == amount
    assert [row["state"] for row in carrier.ops("reversals")] == ["waiting"]
    assert carrier.calls("ReceiveReversal") == []
    carrier.disarm()
    carrier.advance(6 * HOUR)
    assert carrier.balance(number) == amount
    assert [row["state"] for row in carrier.ops("reversals")] == ["reversed"]
    assert carrier.exceptions() == []


@pytest.mark.requirement("C3")
def test_a_setting_that_is_wrong_stops_and_loses_nothing(carrier):
    number, amount = carrier.pay()
    carrier.advance(HOUR)
    carrier.arm(
        "status", "invoice_cloud", "ACHRejectReportingDataSetFromGMT", "before", 26, status=404
    )
    carrier.advance(UNTIL_REVERSED + 6 * HOUR)
    assert carrier.balance(number) == amount
