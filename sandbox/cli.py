"""The command `sandbox`: starting the sandbox, and controlling one that runs.

Exit codes: 0 done; 1 the audit found a broken invariant; 2 a wrong argument, or refused; 3 no
sandbox answers.
"""

from __future__ import annotations

import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sandbox.book_commands import spectrum
from sandbox.remote import (
    DEFAULT_URL,
    EXIT_REFUSED,
    SANDBOX_PORT,
    AsJson,
    Remote,
    Token,
    Url,
    WorldName,
    fail,
    print_json,
)

if TYPE_CHECKING:
    from sandbox.world.world import World

EXIT_BROKEN = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
ADAPTER_PORT = 8200
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

app = typer.Typer(
    help="Fakes of Spectrum, Invoice Cloud and IMT on one clock, with the test bench around them.",
    epilog="Exit codes: 0 done, 1 broken invariant, 2 wrong or refused, 3 no sandbox answers.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
worlds = typer.Typer(help="Worlds of a running sandbox.", no_args_is_help=True)
app.add_typer(worlds, name="world")
app.add_typer(spectrum, name="spectrum")


@app.command()
def up(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = SANDBOX_PORT,
    seed: Annotated[int, typer.Option(min=0, help="What the world is grown from.")] = 1,
    billers: Annotated[int, typer.Option(min=1, max=4)] = 1,
    open_invoices: Annotated[int, typer.Option(min=0, max=100_000, help="Per biller.")] = 25,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Start at 2026-01-05T08:00Z and wait for advances.")
    ] = False,
    with_adapter: Annotated[
        bool, typer.Option("--with-adapter", help="Run an adapter beside it, on the same clock.")
    ] = False,
    adapter_port: Annotated[int, typer.Option(help="Where the adapter listens.")] = ADAPTER_PORT,
    base_url: Annotated[
        str | None, typer.Option(help="Where clients reach it, if not where it listens.")
    ] = None,
    control_token: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_CONTROL_TOKEN", help="Let its bearer control from afar."),
    ] = None,
) -> None:
    """Serve the fakes until interrupted; in real time unless told otherwise."""
    from sandbox.server import Sandbox
    from sandbox.world.clock import DEMO_START

    with ExitStack() as running:
        running.enter_context(_stop_signals_held())
        sandbox = Sandbox(base_url=base_url, control_token=control_token)
        world = sandbox.create_world(
            seed=seed,
            start=DEMO_START if virtual else None,
            billers=billers,
            open_invoices=open_invoices,
        )
        for connector in world.connectors.values():
            connector.url = f"http://127.0.0.1:{adapter_port}"
        running.callback(sandbox.stop)
        try:
            sandbox.start(host, port)
            adapter = _join_adapter(world, adapter_port, running) if with_adapter else None
        except OSError as error:
            fail(EXIT_REFUSED, f"cannot listen: {error}")
        typer.echo(f"The sandbox listens at {sandbox.listens_at}/ (console); interrupt to stop.")
        if adapter:
            typer.echo(f"The adapter listens at {adapter}/ops/health.")
        _wait_for_stop()


def _join_adapter(world: World, port: int, running: ExitStack) -> str:
    """Run an adapter on the world's clock until `running` ends, and return its URL."""
    from sandbox.composition import join_adapter

    folder = running.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))
    joined = join_adapter(world, folder=Path(folder), port=port)
    running.callback(joined.stop)
    running.callback(world.clock.stop)  # before the adapter: no job may start on its way out
    return joined.doors.url


@contextmanager
def _stop_signals_held() -> Iterator[None]:
    """Hold back what tells this process to end; threads that begin meanwhile never take it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_stop() -> None:
    """Take the first signal to end, whenever it came; a second one ends the process at once."""
    signal.sigwait(STOP_SIGNALS)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


@app.command()
def advance(
    how_far: Annotated[str, typer.Argument(help="Such as 90s, 15m, 2h, 30d, or a moment in UTC.")],
    *,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Run everything due until then, and return when the world is at rest."""
    duration = re.fullmatch(r"([0-9]{1,9})([smhd])", how_far)
    wanted: dict[str, Any] = {"until": how_far}
    if duration is not None:
        wanted = {"seconds": int(duration.group(1)) * UNIT_SECONDS[duration.group(2)]}
    done = Remote(url, control_token, world).call("POST", "clock/advance", wanted)
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done['start']} to {done['end']}")
    for label, count in done["events"].items():
        typer.echo(f"{count:>6}  {label}")


@app.command()
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


@worlds.command("show")
def show_world(
    name: Annotated[str, typer.Argument()] = "default",
    *,
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Tell how to connect to each biller of a world."""
    _show(Remote(url, control_token).call("GET", f"worlds/{name}"), as_json=as_json)


@worlds.command("create")
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


@worlds.command("delete")
def delete_world(
    name: Annotated[str, typer.Argument()], *, url: Url = DEFAULT_URL, control_token: Token = None
) -> None:
    """End a world with its books, clock and journal."""
    Remote(url, control_token).call("DELETE", f"worlds/{name}")


@app.command()
def assumptions(*, as_json: AsJson = False) -> None:
    """List what the contracts assume, and so what to ask the vendors."""
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


@app.command()
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
