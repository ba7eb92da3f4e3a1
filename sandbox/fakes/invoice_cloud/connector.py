"""Invoice Cloud's outgoing calls: to the adapter of one biller, or past it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.fakes.outgoing import outgoing
from sandbox.world.world import Connector

# How long Invoice Cloud waits for an answer, on the machine's clock.
TIMEOUT_SECONDS = 10.0
CORRELATION = "X-Correlation-Id"


class ConnectorError(Exception):
    """No answer came: refused, reset or too slow."""


@dataclass(frozen=True, kw_only=True)
class ConnectorAnswer:
    """What the other end said; `document` is None when it is no JSON."""

    status: int
    document: Any
    cookies: dict[str, str] = field(default_factory=dict, repr=False)


def call_connector(
    connector: Connector,
    method: str,
    path: str,
    *,
    query: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> ConnectorAnswer:
    """Call the connector with the biller's credentials; ConnectorError when nothing answers.

    The same call bears the same correlation id, in every run of a seed.
    """
    told = json.dumps([method, path, query, body], sort_keys=True)
    return call_partner(
        method,
        f"{connector.url}{path}",
        params=query,
        json=body,
        headers={CORRELATION: str(uuid.uuid5(uuid.NAMESPACE_URL, told))},
        auth=(connector.username, connector.password),
    )


def call_partner(method: str, url: str, **request: Any) -> ConnectorAnswer:
    """Call anybody; ConnectorError when nothing answers. No cookie is kept from call to call."""
    import httpx

    client = outgoing("InvoiceCloud", TIMEOUT_SECONDS)
    try:
        answer = client.request(method, url, **request)
    except httpx.RequestError as error:
        raise ConnectorError(type(error).__name__) from error
    finally:
        client.cookies.clear()
    try:
        document = answer.json()
    except ValueError:
        document = None
    return ConnectorAnswer(
        status=answer.status_code, document=document, cookies=dict(answer.cookies)
    )
