"""The `adapter alarms` command: what is wrong now, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.doors.exit_codes import ExitCode

if TYPE_CHECKING:
    from adapter.clock import Clock
    from adapter.domain.alarms import Raised
    from adapter.domain.figures import Figures
    from adapter.settings import SettingsView


def alarms(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Tell every alarm that holds now, with what to do; ends with 1 when there is any.

    Judged from the ledger and the settings, whether the adapter runs or not; calls nobody, so
    partners' clocks are told by /ops/alarms and `adapter doctor` only.
    """
    from adapter.clock import SystemClock
    from adapter.domain.alarms import raised
    from adapter.doors.watch import alarm_view
    from adapter.settings import FileSettings

    view = FileSettings(config).current()
    found = raised(_figures(view, SystemClock()))
    if as_json:
        typer.echo(json.dumps({"alarms": [alarm_view(each) for each in found]}, indent=2))
    else:
        for each in found:
            typer.echo(_told(each))
        if not found:
            typer.echo("no alarm")
    if found:
        raise typer.Exit(ExitCode.PROBLEM)


def _figures(view: SettingsView, clock: Clock) -> Figures:
    from adapter.doors.watch import figures_of
    from adapter.errors import LedgerError
    from adapter.ledger import open_ledger

    url = view.adapter.ledger
    try:
        ledger = open_ledger(url, billers=lambda: view.biller_guids)
    except LedgerError as error:
        return figures_of(None, view, now=clock.now(), url=url, ledger_problem=str(error))
    try:
        return figures_of(ledger, view, now=ledger.keep_time(clock).now(), url=url)
    finally:
        ledger.close()


def _told(each: Raised) -> str:
    about = f" [{each.biller}]" if each.biller else ""
    return (
        f"{each.alarm.severity.value}: {each.alarm.name}{about}: {each.detail}\n"
        f"  {each.alarm.meaning}\n  Do: {each.alarm.advice}\n  See {each.alarm.docs}"
    )
