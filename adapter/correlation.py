"""The correlation id: one name for a payment's way, from the door's log line to the partner's.

It stands in structlog's context of the thread or task, so every line of the log bears it, and
whoever calls a partner finds it there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import structlog

HEADER = "X-Correlation-Id"
_NAME = "correlation_id"


def correlated(correlation_id: str) -> AbstractContextManager[None]:
    """Work under this id inside the block; the one before holds again after it."""
    return structlog.contextvars.bound_contextvars(**{_NAME: correlation_id})


def present_correlation_id() -> str:
    """Return the id of the work under way; empty where there is none."""
    return str(structlog.contextvars.get_contextvars().get(_NAME, ""))
