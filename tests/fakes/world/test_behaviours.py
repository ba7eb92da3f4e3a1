"""Behaviours: all changed at once or none, each with a value of its own kind."""

import pytest

from sandbox.world.behaviours import Behaviours, UnknownBehaviourError


def test_several_change_at_once():
    behaviours = Behaviours()
    behaviours.change({"spectrum_deduplicates": False, "data_pump_delay_seconds": 0})
    assert behaviours.spectrum_deduplicates is False
    assert behaviours.data_pump_delay_seconds == 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"spectrum_dedupes": True}, "there are: .*spectrum_deduplicates"),
        ({"spectrum_deduplicates": 1}, "true or false"),
        ({"spectrum_deduplicates": "no"}, "true or false"),
        ({"data_pump_delay_seconds": -1}, "from 0"),
        ({"data_pump_delay_seconds": 1.5}, "whole number"),
        ({"data_pump_delay_seconds": True}, "whole number"),
        ({"spectrum_token_lifetime_seconds": 10**30}, "to 1000000000"),
        ({"upload_limit_bytes": None}, "upload_limit_bytes"),
    ],
)
def test_one_wrong_change_changes_nothing(wrong, named):
    behaviours = Behaviours()
    with pytest.raises(UnknownBehaviourError, match=named):
        behaviours.change({"rtdr_suppressed": False, **wrong})
    assert behaviours == Behaviours()
