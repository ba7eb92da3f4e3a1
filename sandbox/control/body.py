"""Reading what a control request says: bounded, JSON, and as the contract describes it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from contracts.loader import schema
from sandbox.control.errors import RefusedError, bad_input
from sandbox.world.redaction import redact_text

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

BODY_BYTES_MAX = 64 * 1024
SHOWN_LENGTH_MAX = 60
# Nothing here goes deeper than four; what reads, checks and shows a document has its limits.
DEPTH_MAX = 32
# Never shown, not even to the one who sent them: answers end up in logs.
SECRET_FIELDS = frozenset(
    {"account_number", "bank_account", "card_number", "password", "routing_number"}
)


def read_body(name: str) -> dict[str, Any]:
    """Return the request's JSON object, which fits the contract's schema of this name."""
    document = read_object()
    for error in _validator(name).iter_errors(document):
        raise bad_input(
            _told(error, name),
            remedy=f"Send what {name} in contracts/sandbox/openapi.yaml describes",
        )
    return document


def read_object() -> dict[str, Any]:
    """Return the request's JSON object, whatever is in it."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise RefusedError(
            415,
            "unsupported_media_type",
            f"Content-Type = {request.mimetype[:SHOWN_LENGTH_MAX]!r}: a body is JSON in UTF-8",
            remedy="Send Content-Type: application/json",
        )
    try:
        document = json.loads(
            _content().decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite_figure,
            object_pairs_hook=_unique,
        )
        _refuse_deep([document])
        json.dumps(document, ensure_ascii=False).encode()  # refuses halves of surrogate pairs
    except (ValueError, RecursionError):
        raise bad_input("the body is not valid JSON", remedy="Send one JSON object") from None
    if not isinstance(document, dict):
        raise bad_input("the body is not a JSON object", remedy="Send one JSON object")
    return document


def _refuse_deep(document: Any) -> None:
    level = [document]
    for _ in range(DEPTH_MAX):
        lists = [value.values() if isinstance(value, dict) else value for value in level]
        level = [v for values in lists for v in values if isinstance(v, dict | list)]
    if level:
        raise ValueError("nested too deep")


def read_query(*known: str) -> dict[str, str]:
    """Return the query's parameters, each known and given once."""
    for name, values in request.args.lists():
        if name not in known or len(values) > 1:
            takes = f"those are {', '.join(known)}, each once" if known else "it takes none"
            raise bad_input(
                f"the query parameter {name[:SHOWN_LENGTH_MAX]!r} is not one of this resource: "
                f"{takes}",
                remedy="Leave it out",
            )
    return request.args.to_dict()


def read_count(name: str, text: str, *, lowest: int) -> int:
    """Return a whole number of the query."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= lowest):  # noqa: PLR2004  # 18 digits count everything there is
        raise bad_input(
            f"{name} = {text[:SHOWN_LENGTH_MAX]!r}: a whole number from {lowest}",
            remedy=f"Send such as {name}={max(lowest, 1)}",
        )
    return int(text)


def _content() -> bytes:
    request.max_content_length = BODY_BYTES_MAX
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise RefusedError(
            413,
            "too_large",
            f"the body is larger than {BODY_BYTES_MAX} bytes",
            remedy="Send less at a time",
        ) from None


def _told(error: ValidationError, name: str) -> str:
    """Say which field breaks which rule with which value."""
    import jsonschema_rs

    kinds = jsonschema_rs.ValidationErrorKind
    inside = ".".join(str(part) for part in error.instance_path)
    match error.kind:
        case kinds.Required(property=missing):
            return f"{inside + '.' if inside else ''}{missing} is missing"
        case kinds.AdditionalProperties(unexpected=names):
            return f"{_quoted(names)}: no such field; {_fields(name)}"
        case kinds.OneOfNotValid() | kinds.OneOfMultipleValid():
            return f"send exactly one of {', '.join(_alternatives(name))}"
        case kinds.AnyOf(context=[[first, *_], *_]):
            return _told(first, name)
    hidden = not SECRET_FIELDS.isdisjoint(error.instance_path)
    shown = "" if hidden else f" = {_shown(error.instance)}"
    return f"{inside or 'the body'}{shown}: {error.message}"


def _shown(value: Any) -> str:
    text = redact_text(json.dumps(value))  # before it is cut: half a card number looks like none
    return text if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]}..."


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:SHOWN_LENGTH_MAX]) for name in names)


def _fields(name: str) -> str:
    fields = schema("sandbox", name)["components"]["schemas"][name]["properties"]
    return f"there are: {', '.join(fields)}"


def _alternatives(name: str) -> list[str]:
    branches = schema("sandbox", name)["components"]["schemas"][name].get("oneOf", ())
    return [field for branch in branches for field in branch.get("required", ())]


@cache
def _validator(name: str) -> Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema("sandbox", name), mask="it")


def _finite_figure(digits: str) -> float:
    seconds = float(digits)
    if not math.isfinite(seconds):
        raise ValueError(digits)
    return seconds


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a name comes more than once")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
