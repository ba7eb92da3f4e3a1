"""Settled batches end to end: every payment is matched to the cent, or reported (C4, C6, G)."""

import pytest

HOUR = 3600
DAY = 24 * HOUR


@pytest.mark.requirement("C4", "G")
def test_card_and_ach_payments_are_matched_to_the_cent(carrier):
    carrier.pay(card=True)
    carrier.pay(code=None)
    carrier.advance(4 * DAY)
    rows = carrier.ops("settlements")
    assert sorted(row["batch_id"].split("-")[1] for row in rows) == ["ACH", "CC"]
    assert all(row["matched_at"] for row in rows)
    assert carrier.exceptions() == []
    assert carrier.audit() == []


@pytest.mark.requirement("C4")
def test_a_return_is_taken_back_in_a_later_batch(carrier):
    _, amount = carrier.pay()
    carrier.advance(5 * DAY)
    rows = {row["transaction"]: row for row in carrier.ops("settlements")}
    assert rows["return"]["amount"] == f"-{amount:.2f}"
    assert rows["return"]["batch_id"] != rows["payment"]["batch_id"]
    assert all(row["matched_at"] for row in rows.values())
    assert carrier.exceptions() == []


@pytest.mark.requirement("C4", "C6")
def test_a_row_is_recorded_once_however_often_it_is_read(carrier):
    carrier.pay(card=True)
    carrier.advance(2 * DAY)
    assert len(carrier.ops("settlements")) == 1
    assert len(carrier.calls("BillerSettledBatchDetailDataSet")) > 30


@pytest.mark.requirement("C4", "C6")
def test_after_a_long_outage_every_day_is_read(carrier):
    carrier.pay(card=True)
    carrier.advance(HOUR)
    carrier.leave()
    carrier.advance(8 * DAY)
    carrier.rejoin()
    carrier.advance(5 * HOUR)
    assert [bool(row["matched_at"]) for row in carrier.ops("settlements")] == [True]
    assert carrier.audit() == []


@pytest.mark.requirement("C4")
def test_a_payment_that_no_batch_pays_out_is_reported_and_closes_by_itself(carrier):
    """Invoice Cloud's report fails for ten days; what it then tells closes the exception."""
    carrier.pay(card=True)
    operation = "BillerSettledBatchDetailDataSet"
    carrier.arm("status", "invoice_cloud", operation, "before", count=None, status=503)
    carrier.advance(10 * DAY)
    assert carrier.ops("settlements") == []
    carrier.control.delete("/faults").raise_for_status()
    carrier.advance(5 * HOUR)
    assert [bool(row["matched_at"]) for row in carrier.ops("settlements")] == [True]
    assert carrier.exceptions() == []
