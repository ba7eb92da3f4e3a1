"""Every fault that can be armed, by its name; one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.faults.effects import AnswerWithheld, ConnectionSevered, FaultStruck, FaultyAnswer
from sandbox.faults.parameters import FaultParameterError
from sandbox.faults.sever import Sever
from sandbox.faults.silence import Silence
from sandbox.faults.status import Status
from sandbox.world.fault_board import Fault

__all__ = [
    "FAULTS",
    "AnswerWithheld",
    "ConnectionSevered",
    "FaultParameterError",
    "FaultStruck",
    "FaultyAnswer",
]

FAULTS: dict[str, Callable[[Mapping[str, Any]], Fault]] = {
    "sever": Sever.from_parameters,
    "silence": Silence.from_parameters,
    "status": Status.from_parameters,
}
