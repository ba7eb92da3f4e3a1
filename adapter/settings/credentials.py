"""Settings 10 and 13: IMT's private key and password, joined by a pipe in either order (F1)."""

from __future__ import annotations

import re

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_REMEDY = "Give the key, a pipe and the password, as IMT issued them"


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def split_key_and_password(text: str) -> tuple[str, str]:
    """Return (key, password): the GUID-shaped end is the key, whichever side it is on.

    The password may hold pipes itself: only the text before the first pipe and the text after
    the last one can be the key. Raises ValueError with a message that never holds the value.
    """
    head, pipe, after_head = text.partition("|")
    before_tail, _, tail = text.rpartition("|")
    if not pipe:
        raise ValueError(f"must hold a pipe between key and password. {_REMEDY}")
    key_first, key_last = is_guid(head.strip()), is_guid(tail.strip())
    if key_first and key_last:
        raise ValueError(
            "must have one GUID-shaped end, the key; both ends are GUID-shaped. "
            "Ask IMT for a password that is no GUID"
        )
    if not key_first and not key_last:
        raise ValueError(f"must have one GUID-shaped end, the key; neither end is. {_REMEDY}")
    key, password = (head, after_head) if key_first else (tail, before_tail)
    if not password.strip():
        raise ValueError(f"must hold a password beside the key. {_REMEDY}")
    return key.strip(), password
