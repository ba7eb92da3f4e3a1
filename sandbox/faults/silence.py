"""The fault `silence`: the partner never answers, and the caller has to give up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import AnswerWithheld
from sandbox.faults.parameters import refuse_unknown


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Leaves the caller's connection open without an answer; takes no parameters."""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("silence", parameters)
        return cls()

    def strike(self) -> NoReturn:
        raise AnswerWithheld
