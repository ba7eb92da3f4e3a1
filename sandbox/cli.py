"""The command `sandbox`: starting the sandbox, and controlling one that runs.

Exit codes: 0 done; 1 the audit found a broken invariant, or not everything answers; 2 wrong usage,
or refused; 3 no sandbox answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sandbox.book_commands import spectrum
from sandbox.client_commands import env, ready
from sandbox.extras import require_extra
from sandbox.remote import (
    DEFAULT_URL,
    EPILOG,
    EXIT_BROKEN,
    EXIT_REFUSED,
    AsJson,
    Remote,
    Token,
    Url,
    WorldName,
    fail,
    print_json,
)
from sandbox.up import up

DISTRIBUTION = "imt-spectrum-adapter"

app = typer.Typer(
    help="Fakes of Spectrum, Invoice Cloud and IMT on one clock, with the test bench around them.",
    epilog=EPILOG,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # as the command `adapter` looks
    pretty_exceptions_enable=False,
)
worlds = typer.Typer(
    help="Worlds of a running sandbox.", no_args_is_help=True, rich_markup_mode=None
)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001  # typer's own form of a callback
    from importlib.metadata import PackageNotFoundError, version

    if wanted:
        try:
            typer.echo(f"sandbox {version(DISTRIBUTION)}")
        except PackageNotFoundError:
            typer.echo("sandbox unknown")
        raise typer.Exit


@app.callback()
def start(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and end.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Leave everything to the command that follows."""


for command in (up, ready, env):
    app.command(epilog=EPILOG)(command)
app.add_typer(worlds, name="world")
app.add_typer(spectrum, name="spectrum")


@app.command(epilog=EPILOG)
def advance(
    how_far: Annotated[str, typer.Argument(help="Such as 90s, 15m, 2h, 30d, or a moment in UTC.")],
    *,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Run everything due until then, and return when the world is at rest."""
    done = Remote(url, control_token, world).call("POST", "clock/advance", _how_far(how_far))
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done['start']} to {done['end']}")
    for label, count in done["events"].items():
        typer.echo(f"{count:>6}  {label}")


def _how_far(text: str) -> dict[str, Any]:
    from sandbox.testing.world import read_how_far

    try:
        return read_how_far(text)
    except ValueError as error:
        fail(EXIT_REFUSED, str(error))


@app.command(epilog=EPILOG)
def audit(
    *,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Judge every invariant across the books and the adapter's ledger; 1 if one is broken."""
    report = Remote(url, control_token, world).call("GET", "audit")
    if as_json:
        print_json(report)
    else:
        for invariant in report["invariants"]:
            mark = "holds " if invariant["holds"] else "BROKEN"
            typer.echo(f"{mark} {invariant['number']:>2}  {invariant['statement']}")
            for violation in invariant["violations"]:
                typer.echo(f"           {violation['story']}")
    if not report["clean"]:
        raise typer.Exit(EXIT_BROKEN)


@worlds.command("show", epilog=EPILOG)
def show_world(
    name: Annotated[str, typer.Argument(envvar="SANDBOX_WORLD")] = "default",
    *,
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Tell how to connect to each biller of a world."""
    _show(Remote(url, control_token).call("GET", f"worlds/{name}"), as_json=as_json)


@worlds.command("create", epilog=EPILOG)
def create_world(
    name: Annotated[str, typer.Argument()],
    *,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    start: Annotated[
        str | None, typer.Option(help="Virtual time from this moment in UTC; else real time.")
    ] = None,
    billers: Annotated[int, typer.Option(min=1, max=4)] = 1,
    open_invoices: Annotated[int, typer.Option(min=0, max=100_000, help="Per biller.")] = 25,
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Grow a new world from a seed."""
    wanted = {
        "name": name,
        "seed": seed,
        "start": start,
        "billers": billers,
        "open_invoices": open_invoices,
    }
    _show(Remote(url, control_token).call("POST", "worlds", wanted), as_json=as_json)


@worlds.command("delete", epilog=EPILOG)
def delete_world(
    name: Annotated[str, typer.Argument()], *, url: Url = DEFAULT_URL, control_token: Token = None
) -> None:
    """End a world with its books, clock and journal."""
    Remote(url, control_token).call("DELETE", f"worlds/{name}")


@app.command(epilog=EPILOG)
def assumptions(*, as_json: AsJson = False) -> None:
    """List what the contracts assume, and so what to ask the vendors."""
    require_extra()
    from contracts.clauses import assumptions as assumed
    from contracts.clauses import decisions

    clauses = assumed()
    records = [
        {
            "decision": record.number,
            "title": record.title,
            "question": record.question,
            "clauses": [
                f"{c.partner}: {c.place}" for c in clauses if c.reference == record.number
            ],
        }
        for record in decisions()
    ]
    if as_json:
        print_json(records)
        return
    for told in records:
        if told["clauses"]:
            typer.echo(f"\n{told['decision']}  {told['title']}")
            typer.echo(f"      Ask: {told['question'] or 'nothing'}")
            for clause in told["clauses"]:
                typer.echo(f"      - {clause}")


@app.command(epilog=EPILOG)
def demo(
    *,
    seed: Annotated[int, typer.Option(min=0, help="What the world is grown from.")] = 1,
    journal: Annotated[
        Path | None, typer.Option(help="Write the journal here, one JSON object a line.")
    ] = None,
    deduplicate: Annotated[
        bool,
        typer.Option("--deduplicate/--no-deduplicate", help="Whether Spectrum knows repeats."),
    ] = True,
    receipts_feed: Annotated[
        Literal["http", "folder", "none"],
        typer.Option(help="How Spectrum's extract tells receipts."),
    ] = "none",
    fault: Annotated[
        Literal["sever_after", "sever_before", "silence_after", "none"],
        typer.Option(help="What strikes Spectrum under the third payment."),
    ] = "sever_after",
    first_day: Annotated[
        bool, typer.Option("--first-day", help="Leave out the days of settlement and reject.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play a payment day over real sockets, tell it as a timeline, and audit it."""
    require_extra()
    from sandbox.demo import DemoOptions, run_demo

    options = DemoOptions(
        seed=seed,
        journal=journal,
        deduplicate=deduplicate,
        receipts_feed=receipts_feed,
        fault=fault,
        first_day=first_day,
        as_json=as_json,
    )
    raise typer.Exit(run_demo(options))


def main() -> None:
    """Run the command line."""
    app()


def _show(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    typer.echo(f"{document['name']}  seed {document['seed']}  {document['now']}")
    for biller in document["billers"]:
        typer.echo(f"\n{biller['name']} ({biller['slug']})")
        for partner in ("spectrum", "invoice_cloud"):
            for name, value in _flat(biller[partner], partner):
                typer.echo(f"  {name:<56} {value}")


def _flat(settings: dict[str, Any], path: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in settings.items():
        inside = f"{path}.{name}"
        rows += _flat(value, inside) if isinstance(value, dict) else [(inside, value)]
    return rows
