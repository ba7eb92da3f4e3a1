"""Whoever has paid is not asked again, by whatever way, while his money is under way (0036)."""

import pytest

from tests.e2e.under_way.carrier import DAY, HOUR, MINUTE, Carrier


@pytest.fixture(params=[True, False], ids=["receipts feed", "no receipts feed"])
def carrier(world, tmp_path, ledger_url, request):
    carrier = Carrier(world, receipts_feed=request.param, folder=tmp_path, ledger=ledger_url)
    yield carrier
    carrier.close()


@pytest.mark.requirement("A2", "A3", "E2")
def test_a_payer_who_looks_again_in_an_outage_has_nothing_to_pay(carrier):
    """OnlineReceipt answers 503 for two hours; he looks at 45 minutes, and at every file."""
    number = carrier.invoices()[0]
    carrier.break_down("spectrum", "OnlineReceipt")
    paid = carrier.pay(number)
    carrier.advance(45 * MINUTE)
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.is_refused(number)
    carrier.advance(75 * MINUTE)
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.standing(number) == paid["amount"]
    carrier.mend()
    carrier.advance(4 * HOUR)
    assert (carrier.standing(number), carrier.owed(number)) == ("0.00", "0.00")
    assert carrier.wrongs() == []


@pytest.mark.requirement("A2", "C1", "E2")
def test_a_fee_in_an_outage_is_all_that_is_asked_for(carrier):
    """It brings the invoice into the next file while its payment is under way."""
    number = carrier.invoices()[0]
    carrier.break_down("spectrum", "OnlineReceipt")
    carrier.advance(5 * MINUTE)
    carrier.pay(number)
    carrier.advance(15 * MINUTE)
    carrier.change("fee", invoice_number=number, amount="25.00")
    assert carrier.owed(number) == "25.00"
    carrier.advance(40 * MINUTE)
    assert carrier.bill(number) == "0.00"  # under way for less than an hour: it waits
    carrier.advance(HOUR)
    assert carrier.bill(number) == "25.00"
    assert carrier.pay(number)["amount"] == "25.00"
    carrier.mend()
    carrier.advance(4 * HOUR)
    # Without a receipts feed a balance that a fee moved says nothing: a person is asked.
    assert carrier.standing(number) == ("0.00" if carrier.receipts_feed else "756.37")
    assert (carrier.owed(number), carrier.bill(number)) == ("0.00", "0.00")
    assert carrier.wrongs() == []


@pytest.mark.parametrize("carrier", [False], ids=["no receipts feed"], indirect=True)
@pytest.mark.requirement("A2", "A3", "C1")
def test_a_payment_that_waits_for_a_person_is_not_drawn_again(carrier):
    """Spectrum refuses it, and a fee bills its invoice again: AutoPay draws the fee alone."""
    number = carrier.invoices()[0]
    carrier.break_down("spectrum", "OnlineReceipt", status=400, page="json")
    amount = carrier.pay(number)["amount"]
    carrier.enroll(number)
    carrier.advance(3 * HOUR)
    carrier.change("fee", invoice_number=number, amount="25.00")
    carrier.advance(DAY)
    assert carrier.taken(number) == [amount, "25.00"]


@pytest.mark.requirement("C1", "C2")
def test_a_file_that_crossed_a_payment_is_corrected_within_ten_minutes(carrier):
    """Paid before a file and told after it: that file opens the bill, the next one closes it."""
    number = carrier.invoices()[0]
    carrier.change("fee", invoice_number=number, amount="25.00")
    carrier.advance(HOUR - 4)
    carrier.pay(number)
    carrier.advance(10)
    assert carrier.bill(number) != "0.00"
    carrier.advance(10 * MINUTE)
    assert carrier.bill(number) == "0.00"
    carrier.advance(2 * HOUR)
    assert carrier.wrongs() == []
