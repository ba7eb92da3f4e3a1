"""A form as a page shows it: what was typed, and what is wrong with it, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VALUE_LENGTH_MAX = 254


@dataclass(kw_only=True)
class Form:
    """`values` are shown again; `problems` are sentences by field, under "" for the whole form."""

    name: str = "form"
    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def id(self, field_name: str) -> str:
        """Return an element's id, which no other form of the page has."""
        return f"{self.name}-{field_name}"

    def refuse(self, field_name: str, message: str, remedy: str = "") -> None:
        """Say what is wrong with a field, and what to do."""
        from sandbox.fakes.chrome import sentence

        told = [sentence(words) for words in (message, remedy) if words]
        self.problems.setdefault(field_name, " ".join(told))


def read_form(
    told: Mapping[str, str],
    fields: tuple[str, ...],
    *,
    name: str = "form",
    secret: tuple[str, ...] = (),
) -> tuple[Form, dict[str, str]]:
    """Return the form to show again, without its `secret` fields, and all that was typed."""
    typed = {one: told.get(one, "").strip()[:VALUE_LENGTH_MAX] for one in (*fields, *secret)}
    return Form(name=name, values={one: typed[one] for one in fields}), typed
