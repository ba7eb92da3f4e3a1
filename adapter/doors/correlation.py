"""The correlation id of a request: the caller's own where it can be kept, else a new one."""

from __future__ import annotations

import re
import uuid

from flask import Request

from adapter.correlation import HEADER
from adapter.redaction import redacted

# What a log line, a header and a column of the ledger carry unchanged.
_SAFE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._:-]{0,62}[0-9A-Za-z])?")
# W3C trace context, version 00; an id of zeros is none.
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def correlation_id_of(request: Request) -> str:
    """Return `X-Correlation-Id`, else `traceparent`, else a new id.

    One that cannot be kept as it is gets no error: a payment matters more than its label.
    """
    given = request.headers.get(HEADER, "")
    if _SAFE.fullmatch(given) and redacted(given) == given:
        return given
    traceparent = request.headers.get("traceparent", "")
    return traceparent if _TRACEPARENT.fullmatch(traceparent) else str(uuid.uuid4())
