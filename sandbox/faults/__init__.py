"""Every fault that can be armed, by its name; one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.faults.alter import Alter
from sandbox.faults.drip import Drip
from sandbox.faults.effects import (
    ALTERING_PARTNERS,
    DELAYED,
    ActionDelayed,
    AnswerAltered,
    AnswerDripped,
    AnswerWithheld,
    ConnectionSevered,
    FaultStruck,
    FaultyAnswer,
)
from sandbox.faults.late import Late
from sandbox.faults.parameters import FaultParameterError
from sandbox.faults.sever import Sever
from sandbox.faults.silence import Silence
from sandbox.faults.status import Status
from sandbox.world.fault_board import Fault

__all__ = [
    "ALTERING_PARTNERS",
    "DELAYED",
    "FAULTS",
    "ActionDelayed",
    "AnswerAltered",
    "AnswerDripped",
    "AnswerWithheld",
    "ConnectionSevered",
    "FaultParameterError",
    "FaultStruck",
    "FaultyAnswer",
]

FAULTS: dict[str, Callable[[Mapping[str, Any]], Fault]] = {
    "alter": Alter.from_parameters,
    "drip": Drip.from_parameters,
    "late": Late.from_parameters,
    "sever": Sever.from_parameters,
    "silence": Silence.from_parameters,
    "status": Status.from_parameters,
}
