"""A running sandbox as the commands reach it: where it answers, and how it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, NoReturn

import typer

EXIT_BROKEN = EXIT_NOT_READY = 1
EXIT_REFUSED, EXIT_UNREACHABLE = 2, 3
EPILOG = (
    "Exit codes: 0 done, 1 a broken invariant or not ready, 2 wrong usage or refused, "
    "3 no sandbox answers."
)
SANDBOX_PORT = 8100
DEFAULT_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
# An advance of a year answers when the year is over.
CALL_SECONDS_MAX = 3600.0

Url = Annotated[
    str, typer.Option("--url", envvar="SANDBOX_URL", help="Where the sandbox answers.")
]
Token = Annotated[
    str | None,
    typer.Option("--control-token", envvar="SANDBOX_CONTROL_TOKEN", help="Its control token."),
]
WorldName = Annotated[str, typer.Option("--world", envvar="SANDBOX_WORLD", help="Which world.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


class UnreachableError(Exception):
    """No sandbox answers there; the message names the URL and what happened."""


@dataclass(frozen=True)
class Remote:
    """A running sandbox, controlled over HTTP."""

    url: str
    control_token: str | None
    world: str = "default"
    timeout_seconds: float = CALL_SECONDS_MAX

    def call(self, method: str, resource: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer's document; leave with a message where there is none."""
        try:
            return self.ask(method, resource, body)[1]
        except UnreachableError as error:
            fail(EXIT_UNREACHABLE, str(error))

    def ask(
        self, method: str, resource: str, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Return the answer's status and document; leave with a message where it is a refusal.

        Raises UnreachableError.
        """
        import httpx

        prefix = "" if self.world == "default" else f"/w/{self.world}"
        headers = {"Authorization": f"Bearer {self.control_token}"} if self.control_token else {}
        try:
            answer = httpx.request(
                method,
                f"{self.url.rstrip('/')}{prefix}/_sandbox/{resource}",
                json=body,
                headers=headers,
                timeout=self.timeout_seconds,
                trust_env=False,
            )
            document = answer.json() if answer.content else {}
            # 503 says what is missing, and refuses nothing.
            is_refusal = answer.is_error and answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE
            refused = document["error"] if is_refusal else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError) as error:
            raise UnreachableError(f"no sandbox answers at {self.url}: {error}") from None
        if refused is not None:
            fail(EXIT_REFUSED, f"{refused['message']}. {refused['remedy']}.")
        return answer.status_code, document


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))


def fail(code: int, message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
