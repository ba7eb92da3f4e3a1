"""How pages write money, moments and sentences."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sandbox.fakes.chrome import day, moment, money, sentence


@pytest.mark.parametrize(
    ("amount", "told"),
    [("1234.5", "$1,234.50"), ("0", "$0.00"), ("-20.00", "-$20.00"), ("731.3700", "$731.37")],
)
def test_money(amount, told):
    assert money(Decimal(amount)) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 1, 5, 8, tzinfo=UTC), "Jan 5, 2026, 3:00 AM EST"),
        (datetime(2026, 7, 5, 16, 7, tzinfo=UTC), "Jul 5, 2026, 12:07 PM EDT"),
        (datetime(2026, 1, 5, 5, tzinfo=UTC), "Jan 5, 2026, 12:00 AM EST"),
    ],
)
def test_moment(at, told):
    assert moment(at, ZoneInfo("America/New_York")) == told


def test_day():
    assert day(date(2026, 12, 25)) == "Dec 25, 2026"


@pytest.mark.parametrize(
    ("words", "told"), [("nothing is due", "Nothing is due."), ("Done!", "Done!"), ("", ".")]
)
def test_sentence(words, told):
    assert sentence(words) == told
