"""The `adapter bif` commands: check, write and sample here; diff and convert join from beside."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from adapter.domain.invoice import BifDialect
from adapter.doors import cli_bif_compare
from adapter.doors.exit_codes import EPILOG, ExitCode
from adapter.doors.files import opened
from adapter.doors.ledger_file import open_ledger_if_any

if TYPE_CHECKING:
    from adapter.bif.check import CheckReport
    from adapter.domain.invoice import Invoice

STANDARD_STREAM = "-"
app = typer.Typer(
    help="Check, write, compare and convert Biller Invoice Files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog=EPILOG)
def check(
    file: Annotated[str, typer.Argument(help="A .BIF file, or - for standard input.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """List every broken rule of a BIF, in either dialect, and what looks like a mistake.

    A line each, as a compiler would: file:row:column: error: field = value: why; remedy [rule].
    Warnings leave a file valid.
    """
    from adapter.bif.check import check_bif

    if file == STANDARD_STREAM:
        report = check_bif(sys.stdin.buffer)
    else:
        with opened(Path(file), "rb") as stream:
            report = check_bif(stream)
    name = "standard input" if file == STANDARD_STREAM else file
    typer.echo(_as_json(name, report) if as_json else report.render(name))
    if not report.valid:
        raise typer.Exit(ExitCode.PROBLEM)


@app.command(epilog=EPILOG)
def sample(
    *,
    invoices: Annotated[int, typer.Option(min=0, help="How many invoices.")] = 25,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    out: Annotated[str, typer.Option(help="The file to write, or - for standard output.")],
    dialect: Annotated[BifDialect, typer.Option(help="How the records are written.")] = (
        BifDialect.TAGGED
    ),
) -> None:
    """Write a BIF of synthetic invoices, without any configuration."""
    from adapter.bif.sample import write_sample

    if out == STANDARD_STREAM:
        with tempfile.TemporaryFile() as stream:
            write_sample(invoices, seed, stream, dialect)
            stream.seek(0)
            shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    with opened(Path(out), "w+b") as stream:
        written = write_sample(invoices, seed, stream, dialect)
    typer.echo(f"{out}: {written.invoice_count} invoices, total {written.total}", err=True)


@app.command(epilog=EPILOG)
def write(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    biller: Annotated[str, typer.Option(help="Whose invoices.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    """Write a BIF of every invoice that Spectrum tells, as Invoice Cloud would be billed.

    What is under way by the ledger, where there is one, is not billed (decision 0036). It is sent
    to nobody, and the ledger knows nothing of it.
    """
    from adapter.bif.rows import FileHeader
    from adapter.bif.writer import write_bif
    from adapter.bootstrap import Billers
    from adapter.clock import SystemClock
    from adapter.kinds.under_way import bills_of
    from adapter.settings import FileSettings

    source, clock = FileSettings(config), SystemClock()
    billers = Billers(source, clock)
    try:
        ports = billers.ports(biller)
        extract = ports.invoice_feed.invoices_since(None)
    finally:
        billers.close()
    invoices = {invoice.invoice_number: invoice for invoice in extract.invoices}
    bills: dict[str, Invoice | None] = {**invoices}
    with open_ledger_if_any(source) as ledger:
        if ledger is not None:
            now = ledger.keep_time(clock).now()
            bills = bills_of(ledger, biller, invoices, ports, as_of=extract.as_of, now=now)
    profile = ports.bif_profile
    today = clock.now().astimezone(ZoneInfo(profile.time_zone)).date()
    reference = f"BIF{extract.as_of:%Y%m%d%H%M%S}"
    header = FileHeader(profile=profile, reference=reference, created_on=today)
    with opened(out, "w+b") as stream:
        written = write_bif([bill for bill in bills.values() if bill], header, stream)
    for number in sorted(number for number, bill in bills.items() if bill is None):
        typer.echo(f"invoice {number} is left out: its money is under way", err=True)
    for refused in written.refused:
        typer.echo(str(refused), err=True)
    typer.echo(f"{out}: {written.invoice_count} invoices, total {written.total}", err=True)
    if written.refused:
        raise typer.Exit(ExitCode.PROBLEM)


def _as_json(name: str, report: CheckReport) -> str:
    return json.dumps({"file": name, **report.as_json()}, indent=2)


app.command(epilog=EPILOG)(cli_bif_compare.diff)
app.command(epilog=EPILOG)(cli_bif_compare.convert)
