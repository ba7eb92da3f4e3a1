"""Reads a request's JSON strictly: figures digit by digit, each key once, nothing nested deep."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from adapter.errors import BadInputError

# What is wrong when no field of it can be named.
BODY = "body"


def parse_object(content: bytes) -> dict[str, Any]:
    """Return the one JSON object of a body; a figure with a point or exponent is a Decimal.

    Raises BadInputError for anything else: other encodings, doubled keys, NaN, deep nesting.
    """
    try:
        parsed = json.loads(
            content.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_of,
        )
    except UnicodeDecodeError:
        raise _refused("it must be UTF-8", "Encode the body as UTF-8") from None
    except RecursionError:
        raise _refused("it is nested too deep", "Send one flat object") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refused(f"it must be JSON; see {place}", "Send one JSON object") from None
    except (ValueError, ArithmeticError):
        raise _refused("it holds a figure beyond every bound", "Send dollars and cents") from None
    if not isinstance(parsed, dict):
        raise _refused("it must be a JSON object", "Send one JSON object")
    return parsed


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInputError(
                field=key[:60],
                value="",
                rule="it stands twice in the body",
                remedy="Send each field once",
            )
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _refused(f"it holds {name}, which is no JSON", "Send figures in digits")


def _refused(rule: str, remedy: str) -> BadInputError:
    return BadInputError(field=BODY, value="", rule=rule, remedy=remedy)
