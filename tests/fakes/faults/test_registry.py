"""The registry of faults, and that none of them can be mistaken for an ordinary error."""

import pytest

from sandbox.faults import FAULTS, FaultStruck


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_strikes_without_parameters(name):
    with pytest.raises(FaultStruck):
        FAULTS[name]({}).strike()


def test_no_handler_in_between_can_answer_a_struck_call():
    """`except Exception` in a framework must not turn a severed connection into a 500."""
    assert not issubclass(FaultStruck, Exception)
