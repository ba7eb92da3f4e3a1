"""The fault `late`: the caller loses the connection, and the partner acts when nobody waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import ActionDelayed
from sandbox.faults.parameters import FaultParameterError, refuse_unknown

DEFAULT_SECONDS = 60
SECONDS_MAX = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Late:
    """Resets the connection, and lets the partner act `seconds` (60) later in the world's time."""

    seconds: int

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("late", parameters, ("seconds",))
        seconds = parameters.get("seconds", DEFAULT_SECONDS)
        if type(seconds) is not int or not 1 <= seconds <= SECONDS_MAX:
            raise FaultParameterError(
                f"seconds is a whole number from 1 to {SECONDS_MAX}, got {seconds!r:.40}"
            )
        return cls(seconds=seconds)

    def strike(self) -> NoReturn:
        raise ActionDelayed(self.seconds)
