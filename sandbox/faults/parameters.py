"""Reading a fault's parameters as they come over the control API: known names, right types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class FaultParameterError(ValueError):
    """A fault does not take this parameter, or not this value of it."""


def refuse_unknown(fault: str, parameters: Mapping[str, Any], known: tuple[str, ...] = ()) -> None:
    """Raise FaultParameterError for the first parameter that the fault does not know."""
    for name in parameters:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise FaultParameterError(f"the fault {fault} has no parameter {name!r}; {takes}")
