"""The fault `alter`: the partner's own answer with other values in it, or other headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from sandbox.faults.effects import AnswerAltered
from sandbox.faults.parameters import FaultParameterError, read_headers, refuse_unknown

VALUES_MAX = 20
NAME_LENGTH_MAX = 100
VALUE_LENGTH_MAX = 1_000


@dataclass(frozen=True, kw_only=True)
class Alter:
    """Puts each of `set` into the answer, `data.id` inside an object, and adds `headers`.

    A value is a text, a number, true, false or null.
    """

    values: dict[str, Any]
    headers: dict[str, str]

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        refuse_unknown("alter", parameters, ("headers", "set"))
        return cls(
            values=_values(parameters.get("set", {})),
            headers=read_headers(parameters.get("headers", {})),
        )

    def strike(self) -> NoReturn:
        raise AnswerAltered(self.values, self.headers)


def _values(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict) or len(told) > VALUES_MAX:
        raise FaultParameterError(f"set is an object of at most {VALUES_MAX} values")
    for name, value in told.items():
        if not 0 < len(name) <= NAME_LENGTH_MAX or not all(name.split(".")):
            raise FaultParameterError(f"set cannot name {name!r:.40}")
        simple = value is None or isinstance(value, str | int | float)
        if not simple or len(str(value)) > VALUE_LENGTH_MAX:
            raise FaultParameterError(f"set {name} takes a text, a number, true, false or null")
    return dict(told)
