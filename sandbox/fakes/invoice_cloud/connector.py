"""Invoice Cloud's outgoing calls to the adapter of one biller."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox.world.world import Connector

if TYPE_CHECKING:
    import httpx

# How long Invoice Cloud waits for an answer, on the machine's clock.
TIMEOUT_SECONDS = 10.0


class ConnectorError(Exception):
    """No answer came: refused, reset or too slow."""


@dataclass(frozen=True, kw_only=True)
class ConnectorAnswer:
    """What the connector said; `document` is None when it is no JSON."""

    status: int
    document: Any


def call_connector(
    connector: Connector,
    method: str,
    path: str,
    *,
    query: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> ConnectorAnswer:
    """Call the connector with the biller's credentials; ConnectorError when nothing answers."""
    import httpx

    try:
        answer = _client().request(
            method,
            f"{connector.url}{path}",
            params=query,
            json=body,
            auth=(connector.username, connector.password),
        )
    except httpx.RequestError as error:
        raise ConnectorError(type(error).__name__) from error
    try:
        document = answer.json()
    except ValueError:
        document = None
    return ConnectorAnswer(status=answer.status_code, document=document)


@cache
def _client() -> httpx.Client:
    """Open one client for all: to make one takes longer than a call."""
    import httpx

    return httpx.Client(
        headers={"User-Agent": "InvoiceCloud-sandbox"}, timeout=TIMEOUT_SECONDS, trust_env=False
    )
