"""The fault `silence`: it withholds the answer, and takes no parameters."""

import pytest

from sandbox.faults import AnswerWithheld, FaultParameterError
from sandbox.faults.silence import Silence


def test_withholds():
    with pytest.raises(AnswerWithheld):
        Silence.from_parameters({}).strike()


def test_takes_no_parameters():
    with pytest.raises(FaultParameterError, match="it takes none"):
        Silence.from_parameters({"seconds": 3})
