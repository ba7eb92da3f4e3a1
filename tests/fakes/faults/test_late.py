"""The fault `late`: how many seconds, of a week at most, and a reset for the caller."""

import pytest

from sandbox.faults import ActionDelayed, ConnectionSevered, FaultParameterError
from sandbox.faults.late import Late


@pytest.mark.parametrize(("parameters", "seconds"), [({}, 60), ({"seconds": 900}, 900)])
def test_severs_and_says_how_much_later(parameters, seconds):
    with pytest.raises(ConnectionSevered) as caught:
        Late.from_parameters(parameters).strike()
    assert isinstance(caught.value, ActionDelayed)
    assert caught.value.seconds == seconds


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"minutes": 1}, "minutes"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seconds": 604801}, "seconds"),
    ],
)
def test_what_it_does_not_take_is_named(parameters, named):
    with pytest.raises(FaultParameterError, match=named):
        Late.from_parameters(parameters)
