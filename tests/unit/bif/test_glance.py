"""The quick look at a row."""

import pytest

from adapter.bif.glance import glance, looks
from adapter.domain.invoice import BifDialect

DETAIL = {BifDialect.TAGGED: "70~ID|72~x|79~1.00", BifDialect.POSITIONAL: "ID|x|1.00"}
HEADER = "1~FH|2~5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70|3~r|4~{day}|5~1|6~1.00"


@pytest.mark.parametrize("dialect", BifDialect)
def test_a_faultless_row_hands_on_what_is_watched(dialect):
    """Without advice a detail is compared with nothing."""
    announced = "ID" if dialect is BifDialect.POSITIONAL else "70"
    assert glance(looks(dialect, advise=True)[announced], DETAIL[dialect]) == ("1.00",)
    assert glance(looks(dialect, advise=False)[announced], DETAIL[dialect]) == ()


def test_a_row_that_does_not_fit_gets_a_closer_look():
    look = looks(BifDialect.TAGGED, advise=True)["70"]
    assert glance(look, "70~ID|79~1.00") is None
    assert glance(look, "70~ID|72~x|79~1.0") is None


def test_a_day_that_is_in_no_calendar_gets_a_closer_look():
    look = looks(BifDialect.TAGGED, advise=True)["1"]
    assert glance(look, HEADER.format(day="01/05/2026")) == ("1", "1.00", "r")
    assert glance(look, HEADER.format(day="02/30/2026")) is None
