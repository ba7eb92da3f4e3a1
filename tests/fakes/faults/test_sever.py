"""The fault `sever`: it resets, and takes no parameters."""

import pytest

from sandbox.faults import ConnectionSevered, FaultParameterError
from sandbox.faults.sever import Sever


def test_severs():
    with pytest.raises(ConnectionSevered):
        Sever.from_parameters({}).strike()


def test_takes_no_parameters():
    with pytest.raises(FaultParameterError, match="no parameter 'after_bytes'; it takes none"):
        Sever.from_parameters({"after_bytes": 3})
