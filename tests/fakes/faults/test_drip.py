"""The fault `drip`: how many lines, how far apart, and never longer than two minutes."""

import pytest

from sandbox.faults import AnswerDripped, FaultParameterError
from sandbox.faults.drip import Drip


def struck(parameters):
    with pytest.raises(AnswerDripped) as caught:
        Drip.from_parameters(parameters).strike()
    return caught.value.lines, caught.value.interval_seconds


def test_a_line_each_half_second_for_half_a_minute_unless_told_otherwise():
    assert struck({}) == (60, 0.5)
    assert struck({"lines": 1000, "interval_ms": 100}) == (1000, 0.1)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"seconds": 3}, "seconds"),
        ({"lines": 0}, "lines"),
        ({"lines": True}, "lines"),
        ({"interval_ms": "500"}, "interval_ms"),
        ({"lines": 241}, "120000"),
    ],
)
def test_what_it_does_not_take_is_named(parameters, named):
    with pytest.raises(FaultParameterError, match=named):
        Drip.from_parameters(parameters)
