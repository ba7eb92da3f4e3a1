"""The `adapter` command: serve the doors, run a job, check settings and invoice files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.clock import require_aware
from adapter.doors import (
    cli_alarms,
    cli_bif,
    cli_cash,
    cli_doctor,
    cli_exceptions,
    cli_findings,
    cli_items,
    cli_ledger,
    cli_settings,
    cli_would_post,
)
from adapter.doors.exit_codes import EPILOG, ExitCode, TellingGroup, exit_code_of
from adapter.doors.stop_signals import StopSignals
from adapter.errors import BadInputError, LedgerError
from adapter.kinds import KINDS, PAYMENTS
from adapter.version import installed_version

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter
    from adapter.clock import Timer
    from adapter.jobs.report import JobReport

# Whatever takes time to import is imported by the command that needs it.
app = typer.Typer(
    cls=TellingGroup,
    help="The integration adapter between Spectrum, IMT and Invoice Cloud.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    # Texts are told as they are: [adapter] is no markup.
    rich_markup_mode=None,
    # A traceback with local variables would show secrets.
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001  # typer's own form of a callback
    if wanted:
        typer.echo(f"adapter {installed_version()}")
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


app.add_typer(cli_bif.app, name="bif")
for kind in KINDS:
    commands = cli_items.app_of(kind)
    cli_findings.add_to(commands, kind)
    if kind is PAYMENTS:
        commands.command("would-post", epilog=EPILOG)(cli_would_post.would_post)
    app.add_typer(commands, name=kind.command)
app.add_typer(cli_exceptions.app, name="exceptions")
app.add_typer(cli_ledger.app, name="ledger")
app.add_typer(cli_settings.app, name="settings")
app.command(epilog=EPILOG)(cli_alarms.alarms)
app.command(epilog=EPILOG)(cli_cash.cash)
app.command(epilog=cli_doctor.DOCTOR_EPILOG)(cli_doctor.doctor)
# What another process left behind is found after so long at the latest.
SWEEP = timedelta(seconds=30)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
NewLedger = Annotated[
    bool, typer.Option("--new-ledger", help="Make the ledger where none is; else that is refused.")
]
Begun = Annotated[
    str | None,
    typer.Option(
        help="Of a new ledger: the moment before which payments may have been posted by others, "
        "as 2026-01-05T14:00:00Z; without it, now."
    ),
]


@app.command(epilog=EPILOG)
def serve(
    *,
    config: Config,
    doors_only: Annotated[
        bool, typer.Option("--doors-only", help="Leave the jobs to `adapter worker`.")
    ] = False,
    new_ledger: NewLedger = False,
    begun: Begun = None,
) -> None:
    """Open the doors and run the jobs on their schedule.

    SIGTERM or SIGINT ends it once what runs has come to its end; a second one ends it at once.
    Settings of billers are read anew whenever the file, or a file or variable that it names,
    changes; those in [adapter] at the start. A biller with wrong settings waits, and its payments
    are taken over all the same. The log goes to standard error: JSON, or text on a terminal.
    """
    from adapter.doors.http import create_app
    from adapter.doors.server import DoorServer

    making = _Making(new_ledger, begun)
    with _at_work(config, making, works=not doors_only) as adapter:
        settings = adapter.settings
        server = DoorServer(
            create_app(adapter), host=settings.listen_host, port=settings.listen_port
        )
        stopping = StopSignals()
        adapter.start()
        server.start()
        typer.echo(f"The doors are open at {server.url}")
        stopping.wait()
        adapter.stopping.set()
        server.stop()


@app.command(epilog=EPILOG)
def worker(
    *,
    config: Config,
    watch_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Serve /health, /ready and /metrics at this port; 0 takes any."
        ),
    ] = None,
    new_ledger: NewLedger = False,
    begun: Begun = None,
) -> None:
    """Run the jobs on their schedule, without doors, beside any number of other workers.

    SIGTERM or SIGINT ends it once what runs has come to its end; a second one ends it at once.
    Several machines need the engine "procrastinate" and a ledger on PostgreSQL.
    """
    from adapter.doors.http import create_watch_app
    from adapter.doors.server import DoorServer

    with _at_work(config, _Making(new_ledger, begun)) as adapter, ExitStack() as opened:
        if watch_port is not None:
            server = DoorServer(
                create_watch_app(adapter), host=adapter.settings.listen_host, port=watch_port
            )
            opened.callback(server.stop)
            server.start()
            typer.echo(f"It is watched at {server.url}")
        stopping = StopSignals()
        adapter.start()
        typer.echo("The worker is at work")
        stopping.wait()
        adapter.stopping.set()


@dataclass(frozen=True)
class _Making:
    """Whether a ledger is to be made where none is, and since when it is to know."""

    is_wanted: bool = False
    begun: str | None = None

    def moment(self) -> datetime | None:
        try:
            return (
                None
                if self.begun is None
                else require_aware(datetime.fromisoformat(self.begun), "begun")
            )
        except ValueError:
            raise BadInputError(
                field="begun",
                value=self.begun or "",
                rule="it is a moment with its offset from UTC",
                remedy="Give such as 2026-01-05T14:00:00Z",
            ) from None

    def tell(self, adapter: Adapter) -> None:
        if not self.is_wanted:
            return
        made = (
            "A new ledger was made" if adapter.ledger.was_made else "The ledger is there already"
        )
        begun = adapter.ledger.life.knowledge().beginning
        typer.echo(f"{made}; it knows of payments since {begun:%Y-%m-%dT%H:%M:%SZ}", err=True)


@contextmanager
def _at_work(config: Path, making: _Making, *, works: bool = True) -> Iterator[Adapter]:
    """Build an adapter on real time, tell what is wrong with its settings, and stop it."""
    from adapter.bootstrap import build
    from adapter.clock import SystemClock, ThreadTimer
    from adapter.settings import FileSettings
    from adapter.telemetry.log import configure_logging

    begun, source = making.moment(), FileSettings(config)
    configure_logging(known_secrets=lambda: source.current().secrets)
    for problem in source.current().all_problems:
        typer.echo(f"problem: {problem}", err=True)
    clock = SystemClock()
    timer = ThreadTimer(clock, workers=source.current().adapter.threads)
    adapter = build(
        source,
        clock=clock,
        timer=timer,
        works=works,
        sweep=SWEEP,
        make_ledger=making.is_wanted,
        begun=begun,
    )
    making.tell(adapter)
    try:
        timer.start()
        _keep_beating(adapter, timer)
        yield adapter
    finally:
        adapter.engine.stop()
        timer.stop()
        adapter.stop()


def _keep_beating(adapter: Adapter, timer: Timer) -> None:
    """Write heartbeats where no job runs, too, as behind doors alone."""
    now = adapter.clock.now()
    with suppress(LedgerError):  # the next one tells
        adapter.ledger.life.beat(now=now)
    timer.call_at(now + SWEEP, "adapter.heartbeat", partial(_keep_beating, adapter, timer))


@app.command(epilog=EPILOG)
def run(
    job: Annotated[
        str,
        typer.Argument(
            help="send_invoices, correct_bills, post_payments, reconcile_payments, "
            "reverse_rejects, post_reversals, match_settlements, follow_change_log, "
            "push_enrollments or forget_history."
        ),
    ],
    *,
    config: Config,
    biller: Annotated[str | None, typer.Option(help="One biller; without it, all.")] = None,
    full: Annotated[bool, typer.Option("--full", help="send_invoices: every invoice.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Run one job now and tell what it did.

    Safe beside a server on the same ledger. The exit code is that of the worst failure.
    """
    from adapter.bootstrap import build
    from adapter.clock import SystemClock, ThreadTimer
    from adapter.settings import FileSettings
    from adapter.telemetry.log import configure_logging

    source = FileSettings(config)
    configure_logging(known_secrets=lambda: source.current().secrets)
    clock = SystemClock()
    adapter = build(source, clock=clock, timer=ThreadTimer(clock))
    try:
        reports = adapter.engine.run_job(job, biller, full=full)
    finally:
        adapter.stop()
    if as_json:
        typer.echo(json.dumps([_told(report) for report in reports], indent=2))
    else:
        for report in reports:
            typer.echo(_line(report))
    raise typer.Exit(_worst(reports))


def _told(report: JobReport) -> dict[str, Any]:
    return {
        "job": report.job,
        "biller": report.biller,
        "counts": dict(report.counts),
        "note": report.note,
        "failure": None if report.failure is None else str(report.failure),
    }


def _line(report: JobReport) -> str:
    told = [f"{name} {number}" for name, number in report.counts.items()]
    told += [report.note] if report.note else []
    told += [f"failed: {report.failure}"] if report.failure is not None else []
    return f"{report.job} {report.biller}: {', '.join(told) or 'nothing to do'}"


def _worst(reports: tuple[JobReport, ...]) -> ExitCode:
    codes = (exit_code_of(report.failure) for report in reports if report.failure is not None)
    # What a partner sent is no usage of this command.
    found = (ExitCode.PROBLEM if code is ExitCode.USAGE else code for code in codes)
    return max(found, default=ExitCode.FINE)


def main() -> None:
    app()
