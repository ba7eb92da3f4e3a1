"""Reading JSON:API requests as the contract says: media types, size, and each attribute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Request

from contracts.loader import schema
from sandbox.fakes.imt.errors import (
    MEDIA_TYPE,
    Problem,
    conflict,
    invalid,
    malformed,
    not_acceptable,
    too_large,
    unsupported_media_type,
)
from sandbox.fakes.json_text import (
    MalformedError,
    NotJsonError,
    TooLargeError,
    parse_object,
    read_text,
)

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

BODY_BYTES_MAX = 64 * 1024
# Parameters of the media type that JSON:API allows a client to send.
ALLOWED_PARAMETERS = frozenset({"profile"})
# Shown in place of values, which may be secrets.
MASK = "The value"


def check_media_types(request: Request) -> None:
    """Refuse another type (415), and an Accept that wants JSON:API with parameters only (406)."""
    told = request.headers.get("Content-Type", "")
    kind, _, parameters = told.partition(";")
    names = {part.partition("=")[0].strip() for part in parameters.split(";") if part.strip()}
    if kind.strip().lower() != MEDIA_TYPE or not names <= ALLOWED_PARAMETERS:
        raise unsupported_media_type(told)
    wanted = [part.strip() for part in request.headers.get("Accept", "").lower().split(",")]
    instances = [part for part in wanted if part.partition(";")[0].strip() == MEDIA_TYPE]
    if instances and not any(_is_plain(part) for part in instances):
        raise not_acceptable()


def read_resource(request: Request, name: str, *, kind: str) -> dict[str, Any]:
    """Return the resource in the body, of this type and in this schema; refuse any other."""
    resource = _resource(_read_json(request))
    if resource.get("type") != kind:
        raise conflict("/data/type", f"The type must be {kind!r} here.")
    problems = list(_problems(name, {"data": resource}))
    if problems:
        raise invalid(problems)
    return resource


def _is_plain(accepted: str) -> bool:
    parameters = [part.strip() for part in accepted.split(";")[1:]]
    return all(part.startswith(("q=", "profile=")) for part in parameters)


def _read_json(request: Request) -> dict[str, Any]:
    try:
        return parse_object(read_text(request, BODY_BYTES_MAX))
    except NotJsonError:
        raise unsupported_media_type(request.headers.get("Content-Type", "")) from None
    except TooLargeError:
        raise too_large(BODY_BYTES_MAX) from None
    except MalformedError as refused:
        raise malformed(str(refused)) from None


def _resource(document: dict[str, Any]) -> dict[str, Any]:
    resource = document.get("data")
    if not isinstance(resource, dict) or len(document) != 1:
        raise malformed("The document must hold one resource object under `data`, alone.")
    return resource


def _problems(name: str, document: dict[str, Any]) -> Iterator[Problem]:
    import jsonschema_rs

    for error in _validator(name).iter_errors(document):
        place = "".join(f"/{part}" for part in error.instance_path)
        match error.kind:
            case jsonschema_rs.ValidationErrorKind.Required(property=missing):
                yield _problem(f"{place}/{missing}", "This field is required.")
            case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
                for unknown in names:
                    yield _problem(f"{place}/{unknown[:50]}", "This field is not known here.")
            case _:
                yield _problem(place, _sentence(error))


def _problem(pointer: str, detail: str) -> Problem:
    return Problem(code="invalid", detail=detail, pointer=pointer)


def _sentence(error: ValidationError) -> str:
    return f"{error.message}."


@cache
def _validator(name: str) -> Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema("imt", name), mask=MASK)
