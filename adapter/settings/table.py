"""A table of the settings file: frozen, checked, secrets out of sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adapter.settings.field_types import SecretText


def setting(description: str, default: Any = ..., **rules: Any) -> Any:
    """Declare a setting by what it is and its default; without one it must be given."""
    return Field(default=default, description=description, **rules)


class Settings(BaseModel):
    """One table of the settings file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret in this table and in the tables within."""
        return frozenset(_secrets_in(self.model_dump().values()))


def _secrets_in(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, SecretText):
            yield value
        elif isinstance(value, Mapping):
            yield from _secrets_in(value.values())
        elif isinstance(value, tuple):
            yield from _secrets_in(value)
