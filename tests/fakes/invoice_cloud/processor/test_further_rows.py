"""Rows of the report of returns that are no return: no bill, no batch and no money move."""

from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook
from sandbox.fakes.invoice_cloud.processor.returns import NotReturnableError, post_return

KEPT = next(account for account in BANK_ACCOUNTS if account.return_code is None)
DAY = 24 * 3600
HOUR = 3600
SLUG = "camp-point-mutual"


def due(cloud):
    return cloud.book.bill(SLUG, "30254").balance


def returned_rows(cloud):
    """Return the amounts of returns in every batch, settled or open."""
    cloud.world.clock.advance(9 * DAY)
    batches = cloud.world.book(ProcessorBook).batches.values()
    return [e.amount for b in batches for e in b.entries if e.amount < 0]


@pytest.fixture
def paid(cloud):
    """Return the GUID of a payment by a bank account that is good."""
    return cloud.pay_new(instrument=KEPT).payment_guid


@pytest.mark.parametrize("code", ["R01", "R17", "R39", "R50", "R53"])
def test_these_codes_take_the_payment_back(cloud, paid, code):
    assert post_return(cloud.world, paid, code=code, reason="why").event.goes_back
    assert due(cloud) == Decimal("731.37")
    assert returned_rows(cloud) == [Decimal("-731.37")]


@pytest.mark.parametrize("code", ["C01", "R61", "R67", "R40", "R54", "R00", "X01"])
def test_no_other_code_moves_money(cloud, paid, code):
    assert not post_return(cloud.world, paid, code=code, reason="why").event.goes_back
    assert due(cloud) == 0
    assert returned_rows(cloud) == []


def test_a_payment_goes_back_once_however_often_it_is_told(cloud, paid):
    rows = [post_return(cloud.world, paid, code=c, reason="") for c in ("C01", "R01", "R01")]
    assert [row.event.goes_back for row in rows] == [False, True, False]
    assert len({row.event.reject_guid for row in rows}) == 3
    assert due(cloud) == Decimal("731.37")
    assert returned_rows(cloud) == [Decimal("-731.37")]


@pytest.mark.parametrize(("hour", "day"), [(10, "2026-01-05"), (11, "2026-01-06")])
def test_a_return_settles_with_the_next_batch_to_come(cloud, paid, hour, day):
    """Batches settle at 06:00 in New York, which is 11:00 in UTC."""
    cloud.world.clock.advance((hour - 8) * HOUR + 60 * (hour == 11))
    reject = post_return(cloud.world, paid, code="R01", reason="")
    assert reject.event.settles_on.isoformat() == day


def test_a_card_payment_is_not_returned(cloud):
    made = cloud.pay_new(instrument=CARDS[0])
    for guid in (made.payment_guid, "unknown"):
        with pytest.raises(NotReturnableError):
            post_return(cloud.world, guid, code="R01", reason="")
