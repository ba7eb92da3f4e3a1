"""The HTTP client that a partner calls others with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


@cache
def outgoing(name: str, timeout_seconds: float) -> httpx.Client:
    """Open one client for a caller: to make one takes longer than a call.

    No connection outlives its call, as the client lives as long as the process.
    """
    import httpx

    return httpx.Client(
        headers={"User-Agent": f"{name}-sandbox"},
        timeout=timeout_seconds,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
