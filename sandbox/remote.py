"""A running sandbox as the commands reach it: where it answers, and how it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer

EXIT_REFUSED, EXIT_UNREACHABLE = 2, 3
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
WorldName = Annotated[str, typer.Option("--world", help="Which world.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@dataclass(frozen=True)
class Remote:
    """A running sandbox, controlled over HTTP."""

    url: str
    control_token: str | None
    world: str = "default"

    def call(self, method: str, resource: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer's document; leave with a message where there is none."""
        import httpx

        prefix = "" if self.world == "default" else f"/w/{self.world}"
        headers = {"Authorization": f"Bearer {self.control_token}"} if self.control_token else {}
        try:
            answer = httpx.request(
                method,
                f"{self.url.rstrip('/')}{prefix}/_sandbox/{resource}",
                json=body,
                headers=headers,
                timeout=CALL_SECONDS_MAX,
                trust_env=False,
            )
            document = answer.json() if answer.content else {}
            refused = document["error"] if answer.is_error else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError) as error:
            fail(EXIT_UNREACHABLE, f"no sandbox answers at {self.url}: {error}")
        if refused is not None:
            fail(EXIT_REFUSED, f"{refused['message']}. {refused['remedy']}.")
        return document


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))


def fail(code: int, message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
