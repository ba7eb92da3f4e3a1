"""Reads the fields of a notice from Invoice Cloud: GUIDs, numbers, moments, truths (0005)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapter.errors import BadInputError

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TRUTHS = {"True": True, "False": False}
_VALUE_SHOWN_MAX = 60


def require_fields(
    notice: Mapping[str, Any],
    what: str,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
) -> None:
    """Refuse a notice with an unknown field, or without a required one."""
    known = (*required, *optional)
    for field in notice:
        if field not in known:
            raise BadInputError(
                field=field[:_VALUE_SHOWN_MAX],
                value="",
                rule=f"it is no field of {what}",
                remedy=f"Send these fields only: {', '.join(known)}",
            )
    for field in required:
        if field not in notice:
            raise BadInputError(field=field, value="", rule="it is missing", remedy="Send it")


def require_own_guid(notice: Mapping[str, Any], biller_guid: str) -> None:
    """Refuse a notice of another biller than the door's."""
    told = guid(notice, "BillerGUID")
    if told.lower() != biller_guid.lower():
        raise refused("BillerGUID", told, "it is not the biller of this door")


def guid(notice: Mapping[str, Any], field: str) -> str:
    return text(notice, field, _GUID, "it must be a GUID")


def number(notice: Mapping[str, Any], field: str) -> str:
    return text(notice, field, _NUMBER, "it must be digits")


def text(notice: Mapping[str, Any], field: str, pattern: re.Pattern[str], rule: str) -> str:
    value = notice[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise refused(field, value, f"{rule}, as text")
    return value


def free_text(notice: Mapping[str, Any], field: str, length_max: int) -> str:
    value = notice.get(field, "")
    if not isinstance(value, str):
        raise refused(field, value, "it must be text")
    if len(value) > length_max:
        raise refused(field, value, f"it must have at most {length_max} characters")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        raise refused(field, "", "it must be text that can be stored")
    return value


def moment(notice: Mapping[str, Any], field: str) -> datetime:
    rule = "it must be a date and time with its offset, as 2026-01-05T08:00:00-06:00"
    told = text(notice, field, _DATE, rule)
    try:
        found = datetime.fromisoformat(told)
        is_set = found.utctimetuple().tm_year > 1
    except (ValueError, OverflowError):
        raise refused(field, told, rule) from None
    if not is_set:
        raise refused(field, told, "it must be set; .NET writes no moment as the year 1")
    return found


def truth(notice: Mapping[str, Any], field: str) -> bool:
    """Read a JSON boolean, or the text that .NET makes of one."""
    value = notice[field]
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in _TRUTHS:
        raise refused(field, value, 'it must be true, false, "True" or "False"')
    return _TRUTHS[value]


def refused(field: str, value: object, rule: str) -> BadInputError:
    shown = (
        value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)
    )
    safe = "".join(c if c.isprintable() else "?" for c in shown[:_VALUE_SHOWN_MAX])
    return BadInputError(
        field=field,
        value=safe,
        rule=rule,
        remedy="Send the notice as the contract of the doors says",
    )
