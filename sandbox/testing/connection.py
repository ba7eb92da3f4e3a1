"""Asking a sandbox over HTTP, and what is raised where it refuses or does not answer."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Many times what the largest world takes; a sandbox that hangs must not hang its test.
CALL_SECONDS_MAX = 300.0
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxError(Exception):
    """The sandbox refused, or none answers; `code` is its own, or "unreachable"."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where a sandbox answers, without a slash at the end, and what opens its control API."""

    url: str
    control_token: str | None = field(default=None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        timeout_seconds: float = CALL_SECONDS_MAX,
    ) -> Any:
        """Return the answer's document, None where it is empty. Raises SandboxError."""
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.control_token:
            headers["Authorization"] = f"Bearer {self.control_token}"
        try:
            request = urllib.request.Request(  # noqa: S310  # where the tester says
                f"{self.url}{path}{asked}",
                data=None if body is None else json.dumps(body).encode(),
                headers=headers,
                method=method,
            )
            with _NO_PROXY.open(request, timeout=timeout_seconds) as answer:
                content = answer.read()
            return json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._unreachable(str(error)) from None

    def _refusal(self, error: urllib.error.HTTPError) -> SandboxError:
        with error:
            try:
                problem = json.loads(error.read())["error"]
                return SandboxError(
                    f"{problem['message']}. {problem['remedy']}.", code=problem["code"]
                )
            except (OSError, ValueError, LookupError, TypeError):
                return self._unreachable(f"HTTP {error.code}")

    def _unreachable(self, reason: str) -> SandboxError:
        return SandboxError(f"no sandbox answers at {self.url}: {reason}", code="unreachable")
