"""A payment comes back once, whatever tells of it, and by codes that say so alone (C3, 0032)."""

import pytest

from sandbox.fakes.spectrum.book import SpectrumBook

HOUR = 3600
POLL = 4 * HOUR


def returned(carrier, *codes):
    """Pay by a good account, have it applied, and have rows of these codes told of it."""
    number, amount = carrier.pay(code=None)
    carrier.advance(HOUR)
    assert carrier.balance(number) == 0
    told = [tell(carrier, code) for code in codes]
    return number, amount, told


def tell(carrier, code):
    """Put a row into the reject report, and return its GUID."""
    [payment] = carrier.control.get("/state").json()["invoice_cloud"]["payments"]
    order = {"payment_guid": payment["payment_guid"], "code": code}
    answer = carrier.control.post("/payers/returns", json=order)
    answer.raise_for_status()
    return answer.json()["reject_guid"]


def reversed_receipts(carrier):
    receipts = carrier.world.book(SpectrumBook).receipts.values()
    return [receipt for receipt in receipts if receipt.reversed_at is not None]


def asserts_once(carrier, number, amount, first, second):
    """One receipt is reversed, by the first reject; a person is asked once, about both."""
    assert carrier.balance(number) == amount
    assert len(reversed_receipts(carrier)) == 1
    [reversal] = carrier.ops("reversals")
    assert (reversal["state"], reversal["reject_guid"]) == ("reversed", first)
    [item] = carrier.exceptions()
    assert item["kind"] == "reject_repeated"
    assert first in item["detail"]
    assert second in item["detail"]
    assert carrier.audit() == []


@pytest.mark.requirement("C3", "C6")
@pytest.mark.parametrize("code", ["R01", "R02"])
def test_two_rejects_of_one_payment_in_one_report_reverse_it_once(carrier, code):
    number, amount, told = returned(carrier, "R01", code)
    carrier.advance(3 * POLL)
    assert len(carrier.calls("ReceiveReversal")) == 1
    asserts_once(carrier, number, amount, *told)


@pytest.mark.requirement("C3", "C6")
def test_a_second_reject_of_a_payment_that_came_back_reverses_nothing(carrier):
    number, amount, [first] = returned(carrier, "R01")
    carrier.advance(POLL)
    assert carrier.balance(number) == amount
    second = tell(carrier, "R01")
    carrier.advance(2 * POLL)
    assert len(carrier.calls("ReceiveReversal")) == 1
    asserts_once(carrier, number, amount, first, second)


@pytest.mark.requirement("C3")
@pytest.mark.parametrize("receipts_feed", [True, False])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_second_reject_while_the_first_is_in_doubt_reverses_nothing(
    carrier_with, moment, receipts_feed
):
    carrier = carrier_with(receipts_feed=receipts_feed)
    number, amount, [first] = returned(carrier, "R01")
    carrier.arm("sever", "spectrum", "ReceiveReversal", moment, count=3)
    carrier.advance(POLL)
    second = tell(carrier, "R03")
    carrier.advance(2 * POLL)
    assert len(carrier.calls("ReceiveReversal")) == (4 if moment == "before" else 1)
    asserts_once(carrier, number, amount, first, second)


@pytest.mark.requirement("C3")
def test_a_second_reject_of_one_that_spectrum_refused_reverses_nothing(carrier):
    number, _, _ = returned(carrier, "R01")
    body = '{"title": "Not Found", "status": 404, "detail": "no such receipt"}'
    carrier.arm("status", "spectrum", "ReceiveReversal", "before", status=404, body=body)
    carrier.advance(POLL)
    tell(carrier, "R02")
    carrier.advance(2 * POLL)
    assert carrier.balance(number) == 0
    assert len(carrier.calls("ReceiveReversal")) == 1
    assert {item["kind"] for item in carrier.exceptions()} == {
        "reversal_refused",
        "reject_repeated",
    }


@pytest.mark.requirement("C3")
@pytest.mark.parametrize("code", ["C01", "R61", "R99"])
def test_a_code_that_takes_no_money_back_moves_none_and_is_a_persons(carrier, code):
    number, amount, [told] = returned(carrier, code)
    carrier.advance(2 * POLL)
    assert carrier.balance(number) == 0
    assert carrier.calls("ReceiveReversal") == []
    assert carrier.ops("reversals") == []
    [item] = carrier.exceptions()
    assert item["kind"] == "reject_code"
    assert told in item["detail"]
    # The payment may still come back.
    tell(carrier, "R01")
    carrier.advance(POLL)
    assert carrier.balance(number) == amount
    assert len(reversed_receipts(carrier)) == 1
    assert carrier.audit() == []


@pytest.mark.requirement("C3", "C6")
@pytest.mark.parametrize("receipts_feed", [True, False])
@pytest.mark.parametrize(("moment", "calls"), [("before", 2), ("after", 1)])
def test_a_lost_answer_is_judged_by_spectrums_book(carrier_with, receipts_feed, moment, calls):
    carrier = carrier_with(receipts_feed=receipts_feed)
    number, amount, _ = returned(carrier, "R01")
    carrier.arm("sever", "spectrum", "ReceiveReversal", moment)
    carrier.advance(POLL)
    assert carrier.balance(number) == amount
    [reversal] = carrier.ops("reversals")
    evidence = {True: "receipts_feed", False: "balance"}[receipts_feed]
    expected = "answer" if moment == "before" else evidence
    assert (reversal["state"], reversal["evidence"]) == ("reversed", expected)
    assert len(carrier.calls("ReceiveReversal")) == calls
    assert carrier.exceptions() == []
    assert carrier.audit() == []
