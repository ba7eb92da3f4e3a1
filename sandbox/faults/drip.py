"""The fault `drip`: an answer that begins, goes on and never ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import AnswerDripped
from sandbox.faults.parameters import FaultParameterError, refuse_unknown

DEFAULT_INTERVAL_MS = 500
INTERVAL_MS_MAX = 10_000
DEFAULT_LINES, LINES_MAX = 60, 1_000
# A thread of the server is busy with it, on the machine's clock whatever the world's does.
TOTAL_MS_MAX = 120_000


@dataclass(frozen=True, kw_only=True)
class Drip:
    """Sends `lines` header lines (60), one every `interval_ms` (500), then resets the connection.

    The pauses are the machine's time, also where the world's is virtual: two minutes at most.
    """

    lines: int
    interval_ms: int

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("drip", parameters, ("interval_ms", "lines"))
        drip = cls(
            lines=_whole("lines", parameters.get("lines", DEFAULT_LINES), LINES_MAX),
            interval_ms=_whole(
                "interval_ms", parameters.get("interval_ms", DEFAULT_INTERVAL_MS), INTERVAL_MS_MAX
            ),
        )
        if drip.lines * drip.interval_ms > TOTAL_MS_MAX:
            raise FaultParameterError(
                f"lines times interval_ms is {TOTAL_MS_MAX} ms at most, got "
                f"{drip.lines * drip.interval_ms}"
            )
        return drip

    def strike(self) -> NoReturn:
        raise AnswerDripped(self.lines, self.interval_ms / 1000)


def _whole(name: str, value: Any, highest: int) -> int:
    if type(value) is not int or not 1 <= value <= highest:
        raise FaultParameterError(
            f"{name} is a whole number from 1 to {highest}, got {value!r:.40}"
        )
    return value
