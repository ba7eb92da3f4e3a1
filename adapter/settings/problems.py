"""How a wrong setting is told: its path, the rule it breaks, the remedy; never its value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Location = tuple[str, ...]
# A key of the file is not secret, but whoever pastes a value in its place may make it one.
_KEY_LENGTH_MAX = 40
_RULES = {
    "string_type": "must be a text",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "missing": "is missing",
}


def spelled(path: Location) -> str:
    """Write a setting's path, such as `billers.camp-point-mutual.advanced_settings.10`."""
    return ".".join(
        part if len(part) <= _KEY_LENGTH_MAX and part.isprintable() else "(a longer key)"
        for part in path
    )


def unknown_key(path: Location, known: Iterable[str]) -> str:
    """Tell of a key that is no setting, with the one that was probably meant."""
    names = list(known)
    close = difflib.get_close_matches(path[-1], names, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else f"Known here are {', '.join(names)}"
    return f"{spelled(path)}: is not a setting. {remedy}"


def problem_of(model: type[BaseModel], path: Location, detail: Mapping[str, Any]) -> str:
    """Turn one of pydantic's error details for a table at `path` into a line for a person."""
    inside = tuple(str(part) for part in detail["loc"])
    where = (*path, *inside)
    if detail["type"] == "extra_forbidden":
        table = _table_at(model, inside[:-1])
        refusal = getattr(table, "refusal_of", _no_refusal)(inside[-1])
        return f"{spelled(where)}: {refusal}" if refusal else unknown_key(where, _keys(table))
    rule = _RULES.get(detail["type"]) or _plain(detail["msg"])
    if ". " in rule:  # it brings its own remedy
        return f"{spelled(where)}: {rule}"
    field = _field_at(model, inside)
    wanted = field.description if field is not None and field.description else "such a value"
    return f"{spelled(where)}: {rule}. Give {wanted}"


def _no_refusal(_key: str) -> None:
    """Most tables know nothing of what they do not take."""


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return re.sub(r"^(Input|String|Value) should", "must", message)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _field_at(model: type[BaseModel], inside: Location) -> FieldInfo | None:
    if not inside:
        return None
    fields = _table_at(model, inside[:-1]).model_fields
    return next((f for name, f in fields.items() if (f.alias or name) == inside[-1]), None)


def _table_at(model: type[BaseModel], inside: Location) -> type[BaseModel]:
    for depth in range(len(inside)):
        field = _field_at(model, inside[: depth + 1])
        kind = field.annotation if field is not None else None
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            model = kind
            return _table_at(model, inside[depth + 1 :])
    return model
