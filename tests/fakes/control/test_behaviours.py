"""The resource `behaviours`: telling and changing them."""

import pytest

from sandbox.world.behaviours import Behaviours


def test_tells_every_behaviour(control):
    assert control("GET", "behaviours").json() == Behaviours().as_json()


def test_changes_what_is_named_and_tells_all(control):
    told = control("PATCH", "behaviours", {"spectrum_deduplicates": False}).json()
    assert told == {**Behaviours().as_json(), "spectrum_deduplicates": False}
    assert control("GET", "behaviours").json() == told


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, "no behaviour is named"),
        ({"speed": 1}, "there are: data_pump_delay_seconds"),
        ({"spectrum_deduplicates": "false"}, "true or false"),
        ({"upload_limit_bytes": -1}, "from 0"),
    ],
)
def test_wrong_change_is_named_and_changes_nothing(refusal, control, wanted, told):
    beside = {"rtdr_suppressed": False} if wanted else {}
    error = refusal(400, "PATCH", "behaviours", {**beside, **wanted})
    assert told in error["message"]
    assert control("GET", "behaviours").json() == Behaviours().as_json()
