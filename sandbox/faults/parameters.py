"""Reading a fault's parameters as they come over the control API: known names, right types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HEADERS_MAX = 20
# Framing belongs to the server; a fault that broke it would be another fault.
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "te", "trailers", "upgrade"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")


class FaultParameterError(ValueError):
    """A fault does not take this parameter, or not this value of it."""


def refuse_unknown(fault: str, parameters: Mapping[str, Any], known: tuple[str, ...] = ()) -> None:
    """Raise FaultParameterError for the first parameter that the fault does not know."""
    for name in parameters:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise FaultParameterError(f"the fault {fault} has no parameter {name!r}; {takes}")


def read_headers(value: Any) -> dict[str, str]:
    """Return the headers of an answer, which cannot break its framing."""
    if not isinstance(value, dict) or len(value) > HEADERS_MAX:
        raise FaultParameterError(f"headers is an object of at most {HEADERS_MAX} texts")
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING | {"transfer-encoding"}:
            raise FaultParameterError(f"headers cannot set {name!r:.100}")
        if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
            raise FaultParameterError(f"header {name} takes printable ASCII, got {text!r:.40}")
    return value
