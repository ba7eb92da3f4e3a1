"""The command `sandbox up`: the fakes on a socket, with or without an adapter beside them."""

from __future__ import annotations

import errno
import json
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sandbox.extras import require_extra
from sandbox.remote import DEFAULT_URL, EXIT_REFUSED, SANDBOX_PORT, fail

if TYPE_CHECKING:
    from sandbox.server import Sandbox
    from sandbox.world.world import World

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
ADAPTER_PORT = 8200
PORT_MAX = 65_535


def up(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=PORT_MAX, help="0 takes a free one.")
    ] = SANDBOX_PORT,
    seed: Annotated[int, typer.Option(min=0, help="What the world is grown from.")] = 1,
    billers: Annotated[int, typer.Option(min=1, max=4)] = 1,
    open_invoices: Annotated[int, typer.Option(min=0, max=100_000, help="Per biller.")] = 25,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Start at 2026-01-05T08:00Z and wait for advances.")
    ] = False,
    with_adapter: Annotated[
        bool, typer.Option("--with-adapter", help="Run an adapter beside it, on the same clock.")
    ] = False,
    adapter_port: Annotated[
        int, typer.Option(min=0, max=PORT_MAX, help="Where the adapter listens.")
    ] = ADAPTER_PORT,
    base_url: Annotated[
        str | None, typer.Option(help="Where clients reach it, if not where it listens.")
    ] = None,
    control_token: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_CONTROL_TOKEN", help="Let its bearer control from afar."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say where it listens as one line of JSON.")
    ] = False,
) -> None:
    """Serve the fakes until interrupted; in real time unless --virtual is given.

    Once everything answers it says where, and what to type next.
    """
    require_extra()
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
        if with_adapter:
            world.adapter_joined.clear()
        running.callback(sandbox.stop)
        try:
            sandbox.start(host, port)
        except OSError as error:
            _refuse_port("--port", host, port, error)
        adapter = _join_adapter(world, adapter_port, running) if with_adapter else None
        whereabouts = _whereabouts(sandbox, world, adapter)
        typer.echo(
            json.dumps(whereabouts)
            if as_json
            else _banner(whereabouts, has_token=bool(control_token))
        )
        _wait_for_stop()


def _join_adapter(world: World, port: int, running: ExitStack) -> str:
    """Run an adapter on the world's clock until `running` ends, and return its URL."""
    from sandbox.composition import ADAPTER_HOST, join_adapter

    folder = running.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))
    try:
        joined = join_adapter(world, folder=Path(folder), port=port)
    except OSError as error:
        _refuse_port("--adapter-port", ADAPTER_HOST, port, error)
    running.callback(joined.stop)
    running.callback(world.clock.stop)  # before the adapter: no job may start on its way out
    return joined.doors.url


def _refuse_port(option: str, host: str, port: int, error: OSError) -> NoReturn:
    if error.errno == errno.EADDRINUSE:
        advice = "Stop what listens there, or choose another one; 0 takes a free one"
        fail(EXIT_REFUSED, f"{option} {port}: the port is taken on {host}. {advice}.")
    fail(EXIT_REFUSED, f"{option} {port}: cannot listen on {host}: {error}")


def _whereabouts(sandbox: Sandbox, world: World, adapter: str | None) -> dict[str, Any]:
    from sandbox.control.documents import world_summary

    return {
        "url": sandbox.listens_at,
        "control_url": f"{sandbox.listens_at}/_sandbox",
        "adapter_url": adapter,
        "world": world_summary(world),
    }


def _banner(whereabouts: dict[str, Any], *, has_token: bool) -> str:
    """Say where everything is, and what to type next in another terminal."""
    world, adapter = whereabouts["world"], whereabouts["adapter_url"]
    now = f"{world['now'][:19]}Z"
    exports = (
        [f"  export SANDBOX_URL={whereabouts['url']}"] if whereabouts["url"] != DEFAULT_URL else []
    )
    exports += ["  export SANDBOX_CONTROL_TOKEN=...  its control token"] if has_token else []
    return "\n".join(
        [
            "The sandbox is up; Ctrl-C stops it.",
            f"  page     {whereabouts['url']}/",
            f"  control  {whereabouts['control_url']}",
            f"  adapter  {f'{adapter}/ops/' if adapter else 'none; see --with-adapter'}",
            f"  world    {world['name']}, seed {world['seed']}",
            f"  clock    virtual: it stands at {now} until it is advanced"
            if world["virtual"]
            else f"  clock    real time, {now}",
            "Type next, in another terminal:",
            *exports,
            "  sandbox ready       says whether everything answers",
            "  sandbox env         shows a client how to connect",
            "  sandbox advance 1h  moves the clock and runs what falls due",
        ]
    )


@contextmanager
def _stop_signals_held() -> Iterator[None]:
    """Hold back what ends this process; threads that begin meanwhile never take it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_stop() -> None:
    """Take the first signal to end, whenever it came; a second one ends the process at once."""
    signal.sigwait(STOP_SIGNALS)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
