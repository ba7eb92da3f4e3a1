"""The fault `sever`: the connection dies before or after the partner acted on the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import ConnectionSevered
from sandbox.faults.parameters import refuse_unknown


@dataclass(frozen=True, kw_only=True)
class Sever:
    """Resets the caller's connection; takes no parameters."""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("sever", parameters)
        return cls()

    def strike(self) -> NoReturn:
        raise ConnectionSevered
