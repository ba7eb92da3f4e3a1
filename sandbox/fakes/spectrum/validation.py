"""Holding requests to Spectrum's contract: its schemas, and the few rules a schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.loader import openapi, schema
from sandbox.fakes.spectrum.errors import invalid

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

# Shown in place of values, which may be secrets.
MASK = "The value"
UNKNOWN_FIELDS_TOLD = 20


def validate_body(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document under the contract's own spelling of its names, or refuse it."""
    spelling = {known.lower(): known for known in _schema_of(name)["properties"]}
    spelled = {spelling.get(told.lower(), told): value for told, value in document.items()}
    _refuse_any(_validator(name).iter_errors(spelled))
    return spelled


def validate_query(operation: str, told: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a GET's parameters under the contract's spelling, each once and in its schema."""
    parameters = _parameters(operation)
    spelling = {name.lower(): name for name in parameters}
    values: dict[str, str] = {}
    for name, value in told:
        known = spelling.get(name.lower())
        if known is None:
            raise invalid({name[:50]: ["The parameter is not part of the contract."]})
        if known in values:
            raise invalid({known: [f"The {known} parameter comes more than once."]})
        values[known] = value
    for name, parameter in parameters.items():
        if name not in values:
            if parameter["required"]:
                raise invalid({name: [f"The {name} field is required."]})
        elif not _validator(parameter["schema"]["$ref"].rpartition("/")[2]).is_valid(values[name]):
            raise invalid({name: [f"The value {values[name][:50]!r} is not valid."]})
    return values


def _refuse_any(errors: Iterable[ValidationError]) -> None:
    found: dict[str, list[str]] = {}
    for error in errors:
        for field, text in _told(error):
            found.setdefault(field, []).append(text)
    if found:
        raise invalid(found)


def _told(error: ValidationError) -> list[tuple[str, str]]:
    """Return which fields an error is about, and its text in ASP.NET's manner."""
    import jsonschema_rs

    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return [(name, f"The {name} field is required.")]
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
            told = names[:UNKNOWN_FIELDS_TOLD]
            return [(name[:50], "The field is not part of the contract.") for name in told]
    field = ".".join(str(part) for part in error.instance_path) or "$"
    return [(field, error.message)]


@cache
def _validator(name: str) -> Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema("spectrum", name), mask=MASK)


def _schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = openapi("spectrum")["components"]["schemas"][name]
    return found


@cache
def _parameters(operation: str) -> dict[str, dict[str, Any]]:
    document = openapi("spectrum")
    shared = document["components"]["parameters"]
    for path in document["paths"].values():
        operations = [value for value in path.values() if isinstance(value, dict)]
        for described in operations:
            if described.get("operationId") == operation:
                listed = described.get("parameters", [])
                resolved = [shared.get(p.get("$ref", "").rpartition("/")[2], p) for p in listed]
                return {parameter["name"]: parameter for parameter in resolved}
    raise KeyError(operation)
