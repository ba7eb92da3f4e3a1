"""Holding requests to the REST services' contract: each field named, no value told again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.loader import openapi, schema
from sandbox.fakes.invoice_cloud.rest.errors import RefusedError, invalid

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

PARTNER = "invoice_cloud"
NAME_SHOWN = 50
# Shown in place of values, which may be secrets.
MASK = "The value"
_WHOLE = re.compile(r"[0-9]{1,9}")


def validate_body(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document under the contract's own spelling of its names, or refuse it."""
    spelled: dict[str, Any] = _respell(_schema_of(name), document)
    for error in _body_validator(name).iter_errors(spelled):
        raise _told(error)
    return spelled


def validate_query(operation: str, told: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a link's parameters under the contract's spelling, each once and in its schema."""
    parameters = _parameters(operation)
    spelling = {name.lower(): name for name in parameters}
    values: dict[str, Any] = {}
    for given, text in told:
        name = spelling.get(given.lower())
        if name is None:
            raise invalid(given[:NAME_SHOWN], "The parameter is not part of the contract.")
        if name in values:
            raise invalid(name, "The parameter comes more than once.")
        is_whole = parameters[name]["schema"].get("type") == "integer" and _WHOLE.fullmatch(text)
        values[name] = int(text) if is_whole else text
    for name, parameter in parameters.items():
        if name not in values:
            if parameter["required"]:
                raise invalid(name, "The parameter is required.")
            continue
        for error in _query_validator(operation, name).iter_errors(values[name]):
            raise invalid(name, f"{error.message}.")
    return values


def _respell(described: Mapping[str, Any], value: Any) -> Any:
    """Spell names as the contract does, at every depth: .NET binds them in any case."""
    if "$ref" in described:
        described = _schema_of(described["$ref"].rpartition("/")[2])
    if isinstance(value, list):
        items = described.get("items", {})
        return [_respell(items, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    properties = described.get("properties", {})
    spelling = {known.lower(): known for known in properties}
    names = [(spelling.get(name.lower(), name), item) for name, item in value.items()]
    return {name: _respell(properties.get(name, {}), item) for name, item in names}


def _told(error: ValidationError) -> RefusedError:
    """Name the field that breaks the contract, never its value."""
    import jsonschema_rs

    place = [str(part) for part in error.instance_path]
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return invalid(".".join([*place, name]), "The field is required.")
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
            name = str(names[0])[:NAME_SHOWN]
            return invalid(".".join([*place, name]), "The field is not part of the contract.")
    return invalid(".".join(place) or "$", f"{error.message}.")


@cache
def _body_validator(name: str) -> Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema(PARTNER, name), mask=MASK)


@cache
def _query_validator(operation: str, name: str) -> Validator:
    import jsonschema_rs

    described = _parameters(operation)[name]["schema"]
    components = openapi(PARTNER)["components"]
    return jsonschema_rs.validator_for({**described, "components": components}, mask=MASK)


def _schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = openapi(PARTNER)["components"]["schemas"][name]
    return found


@cache
def _parameters(operation: str) -> dict[str, dict[str, Any]]:
    for path in openapi(PARTNER)["paths"].values():
        for described in path.values():
            if isinstance(described, dict) and described.get("operationId") == operation:
                return {parameter["name"]: parameter for parameter in described["parameters"]}
    raise KeyError(operation)
