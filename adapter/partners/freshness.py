"""Whether an answer was told just now, or kept by somebody on its way (decision 0031)."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Where caches say what they did: X-Cache: HIT, CF-Cache-Status: STALE, Cache-Status: edge; hit.
# Not X-Cache-Lookup: it is a hit also where what was found was not used.
_CACHES = (
    "X-Cache",
    "X-Cache-Status",
    "X-Proxy-Cache",
    "X-Varnish-Cache",
    "X-Drupal-Cache",
    "Cache-Status",
    "CF-Cache-Status",
    "CDN-Cache",
    "Warning",
)
# TCP_HIT too, but not hit=?0, and not fwd=stale, which says that the partner was asked.
_KEPT = re.compile(
    r"(?<![=\w])(?:\w*hit|stale|updating|revalidated)\b(?!\s*=\s*(?:\?0|0|false))", re.IGNORECASE
)
_VALUE_CHARACTERS_MAX = 60


def why_stale(headers: Mapping[str, str]) -> str:
    """Return the header that says that an answer was kept, or nothing where none says so.

    An Age that is no number is not believed to be 0. A missing header proves nothing.
    """
    age = headers.get("Age", "")
    if age.replace(",", "").replace(" ", "").strip("0"):
        return f"Age: {age[:_VALUE_CHARACTERS_MAX]}"
    for name in _CACHES:
        value = headers.get(name, "")
        if _KEPT.search(value):
            return f"{name}: {value[:_VALUE_CHARACTERS_MAX]}"
    return ""
