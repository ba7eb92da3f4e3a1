"""What stands between us and Spectrum answers in its name, after Spectrum has applied the receipt.

Spectrum believes every repeat and tells no receipts: a second post would be a second receipt.
"""

import pytest

HOUR = 3600
PAGE = "<html><title>Request blocked</title></html>"
PROBLEM = '{"title": "Refused", "detail": "by a gateway"}'


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, ""),
        (403, PAGE),
        (403, PROBLEM),
        (404, PAGE),
        (408, PAGE),
        (409, PROBLEM),
        (429, PROBLEM),
        (307, ""),
        (503, PROBLEM),
    ],
    ids=str,
)
def test_an_answer_of_somebody_else_after_a_receipt_leads_to_no_second_one(operator, status, body):
    feed = {**operator.settings["billers"][operator.slug]["feed"], "receipts": False}
    operator.world.behaviours.change({"spectrum_deduplicates": False})
    operator.change_biller(feed=feed)
    operator.arm(
        "status", "spectrum", "OnlineReceipt", moment="after", count=1, status=status, body=body
    )
    invoice = operator.pay()
    operator.advance(2 * HOUR)
    assert operator.is_paid_once(invoice)
    assert operator.payment(invoice)["state"] == "applied"


@pytest.mark.requirement("A3")
def test_an_evening_s_payment_is_dated_by_the_carrier_s_calendar(operator):
    """In UTC it is tomorrow's, and on the last day of grace a lapsed policy."""
    operator.advance(19 * HOUR)
    invoice = operator.pay()
    operator.advance(HOUR / 6)
    (receipt,) = operator.receipts(invoice)
    assert f"{receipt.applied_at:%Y-%m-%d}" == "2026-01-06"
    assert receipt.applied.date_paid == "2026-01-05T22:00:00-06:00"
