"""How a wrong setting is told: its path, the rule it breaks, the remedy; never its value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

Location = tuple[str, ...]
# A key of the file is not secret, but whoever pastes a value in its place may make it one.
_KEY_LENGTH_MAX = 40
_RULES = {
    "string_type": "must be a text",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
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
    table = _table_at(model, inside[:-1])
    fields = {field.alias or name: field for name, field in table.model_fields.items()}
    if detail["type"] == "extra_forbidden":
        refusal = getattr(table, "refusal_of", _no_refusal)(inside[-1])
        return f"{spelled(where)}: {refusal}" if refusal else unknown_key(where, fields)
    rule = _RULES.get(detail["type"]) or _plain(detail["msg"])
    if ". " in rule:  # it brings its own remedy
        return f"{spelled(where)}: {rule}"
    field = fields.get(inside[-1]) if inside else None
    wanted = field.description if field is not None and field.description else "such a value"
    return f"{spelled(where)}: {rule}. Give {wanted}"


def _no_refusal(_key: str) -> None:
    """Most tables know nothing of what they do not take."""


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return re.sub(r"^(Input|String|Value) should", "must", message)


def _table_at(model: type[BaseModel], inside: Location) -> type[BaseModel]:
    for name in inside:
        field = model.model_fields.get(name)
        kind = field.annotation if field is not None else None
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            model = kind
    return model
