"""The commands of one who brings a client along: `sandbox ready` and `sandbox env`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import typer

from sandbox.remote import (
    DEFAULT_URL,
    EXIT_NOT_READY,
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    AsJson,
    Remote,
    Token,
    UnreachableError,
    Url,
    WorldName,
    fail,
    print_json,
)

EnvFormat = Literal["shell", "dotenv", "json", "toml"]
# A small answer from the same machine; a server that says nothing is asked again.
READY_SECONDS_MAX = 5.0
PARTNERS = ("spectrum", "imt", "invoice_cloud")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Read alike by every reader of .env files, of which some keep quotes and some do not.
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;/?!@%+=|{}-]*")


def ready(
    *,
    wait: Annotated[
        int, typer.Option(min=0, max=3600, help="Ask again for so many seconds at most.")
    ] = 0,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the fakes answer, and the adapter beside them where one was announced.

    Ends with 0 once they do, with 1 when the sandbox answers and something else is missing, and
    with 3 when nothing answers.
    """
    from sandbox.world.clock import wait_until

    remote = Remote(url, control_token, world, timeout_seconds=READY_SECONDS_MAX)
    said = _Said()
    wait_until(lambda: said.by(remote).is_ready, seconds=wait)
    if as_json:
        print_json({"world": world, "ready": said.is_ready, "reasons": said.reasons})
    elif said.is_ready:
        typer.echo("ready")
    else:
        for reason in said.reasons:
            typer.echo(f"not ready: {reason}", err=True)
    if not said.is_ready:
        raise typer.Exit(EXIT_NOT_READY if said.answers else EXIT_UNREACHABLE)


@dataclass
class _Said:
    """What a sandbox said of itself when it was last asked."""

    answers: bool = False
    reasons: list[str] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.answers and not self.reasons

    def by(self, remote: Remote) -> Self:
        try:
            _, document = remote.ask("GET", "ready")
            self.answers, self.reasons = True, document["reasons"]
        except UnreachableError as error:
            self.answers, self.reasons = False, [str(error)]
        except (LookupError, TypeError):
            self.answers, self.reasons = False, [f"what answers at {remote.url} is no sandbox"]
        return self


def env(
    *,
    biller: Annotated[str | None, typer.Option(help="The first one without it.")] = None,
    form: Annotated[
        EnvFormat, typer.Option("--format", help="shell is for eval, dotenv for an .env file.")
    ] = "shell",
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
) -> None:
    """Tell all that a client needs to connect: addresses, keys, credentials, the control URL.

    Each setting of the world's document under its path, such as SPECTRUM_RTDR_PASSWORD. Every
    secret here is invented.
    """
    document = Remote(url, control_token).call("GET", f"worlds/{world}")
    settings = _settings(document, _chosen(document, biller), url.rstrip("/"))
    match form:
        case "json":
            print_json(settings)
        case "toml":
            from sandbox.control.toml import toml_text

            typer.echo(toml_text(settings), nl=False)
        case "shell":
            for name, value in settings.items():
                typer.echo(f"export {name}={shlex.quote(value)}")
        case "dotenv":
            for name, value in settings.items():
                typer.echo(f"{name}={value if _PLAIN.fullmatch(value) else shlex.quote(value)}")


def _chosen(document: dict[str, Any], slug: str | None) -> dict[str, Any]:
    billers: dict[str, dict[str, Any]] = {b["slug"]: b for b in document["billers"]}
    chosen = next(iter(billers)) if slug is None else slug
    if chosen not in billers:
        fail(EXIT_REFUSED, f"--biller {slug}: there is no such; there are: {', '.join(billers)}.")
    return billers[chosen]


def _settings(document: dict[str, Any], biller: dict[str, Any], url: str) -> dict[str, str]:
    name = document["name"]
    prefix = "" if name == "default" else f"/w/{name}"
    return {
        "SANDBOX_URL": url,
        "SANDBOX_WORLD": name,
        "SANDBOX_CONTROL_URL": f"{url}{prefix}/_sandbox",
        "SANDBOX_BILLER": biller["slug"],
        **{
            setting: value
            for partner in PARTNERS
            for setting, value in _by_path(partner, biller[partner])
        },
    }


def _by_path(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Spell out such as `invoice_cloud.wsdl_urls.BillerStatus` in capitals and underscores."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from _by_path(f"{path}_{_WORD.sub('_', name)}", inside)
    else:
        yield path.upper(), str(value)
