"""`adapter cash`: what Invoice Cloud took on a day, and what became of it, to the cent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.exit_codes import ExitCode, exit_code_of
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import AdapterError, BadInputError, LedgerError

if TYPE_CHECKING:
    from adapter.domain.cash import CashPosition


def cash(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    day: Annotated[
        str | None,
        typer.Option(help="The carrier's own date, as 2026-01-05; without it, today until now."),
    ] = None,
    biller: Annotated[str | None, typer.Option(help="One biller; without it, all.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, a row a payment.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Hold what Invoice Cloud took on a day against what became of it, and write nothing.

    Taken is applied, open, given back and returned, and every difference is listed. Invoice
    Cloud's report is asked for the day from midnight to midnight in the carrier's time zone.
    Amounts are dollars without convenience fees. The exit code is 1 where there is a difference,
    and that of the worst failure where a report cannot be read.
    """
    if as_csv and as_json:
        raise BadInputError(
            field="csv", value="--csv --json", rule="one form at a time", remedy="Leave one out"
        )
    from adapter.doors.cash import day_of

    positions: list[CashPosition] = []
    failures: list[AdapterError] = []
    for found in _positions(config, biller, day_of(day)):
        if isinstance(found, AdapterError):
            failures.append(found)
            typer.echo(f"error: {found}", err=True)
        else:
            positions.append(found)
    _write(positions, as_csv=as_csv, as_json=as_json)
    raise typer.Exit(_worst(positions, failures))


def _positions(
    config: Path, biller: str | None, day: date | None
) -> Iterator[CashPosition | AdapterError]:
    """Yield each biller's position, or what keeps it from having one; the others go on."""
    from adapter.bootstrap import Billers
    from adapter.clock import SystemClock
    from adapter.kinds.cash import cash_position
    from adapter.settings import FileSettings

    with open_ledger_of(config) as ledger:
        clock = SystemClock()
        now = ledger.keep_time(clock).now()
        billers = Billers(FileSettings(config), clock)
        try:
            for name in billers.names() if biller is None else (biller,):
                try:
                    yield cash_position(ledger, name, billers.ports(name), day, now=now)
                except LedgerError:
                    raise
                except AdapterError as error:
                    yield error
        finally:
            billers.close()


def _write(positions: list[CashPosition], *, as_csv: bool, as_json: bool) -> None:
    from adapter.doors.cash import ROW_FIELDS, position_view

    views = [position_view(position) for position in positions]
    if as_json:
        typer.echo(json.dumps({"positions": views}, indent=2))
    elif as_csv:
        text = io.StringIO()
        table = csv.DictWriter(text, ("biller", "day", *ROW_FIELDS), lineterminator="\n")
        table.writeheader()
        for view in views:
            named = {"biller": view["biller"], "day": view["day"]}
            table.writerows({**named, **row} for row in view["payments"])
        typer.echo(text.getvalue(), nl=False)
    else:
        typer.echo("\n".join(line for view in views for line in _lines(view)))


def _lines(view: dict[str, Any]) -> Iterator[str]:
    from adapter.doors.cash import NAMES, needs_a_look

    yield f"{view['biller']}, {view['day']} in {view['time_zone']}, until {view['until']}"
    for name, words in NAMES.items():
        part = view[name]
        if part is None:
            yield f"  {words:<24}not known"
        else:
            yield f"  {words:<24}{part['count']:>6}{part['amount']:>16}"
    for row in view["payments"]:
        if needs_a_look(row):
            yield f"    {_line(row)}"
    if view["failure"]:
        yield f"  not whole: {view['failure']}"
    yield f"  {'it balances' if view['balances'] else 'it does not balance'}"


def _line(row: dict[str, Any]) -> str:
    amount = row["received"] if row["taken"] is None else row["taken"]
    standing = row["state"] or "not received"
    if row["part"] == "returned":
        standing = "returned"
    named = f"{row['payment_guid']}  invoice {row['invoice_number']}"
    return f"{named}  {amount}  {standing}: {row['why']}"


def _worst(positions: list[CashPosition], failures: list[AdapterError]) -> ExitCode:
    codes = [exit_code_of(error) for error in failures]
    for position in positions:
        if position.failure is not None and not position.is_reported:
            codes.append(exit_code_of(position.failure))
        elif not position.balances:
            codes.append(ExitCode.PROBLEM)
    return max(codes, default=ExitCode.FINE)
