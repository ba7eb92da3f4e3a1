"""The `adapter settings` command: what is right, and everything that is wrong, before serving."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from adapter.doors.exit_codes import EPILOG, ExitCode

app = typer.Typer(help="Look at the settings.", no_args_is_help=True, rich_markup_mode=None)


@app.command(epilog=EPILOG)
def check(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Tell every wrong setting at once, a line each, without any value."""
    from adapter.errors import ConfigurationError
    from adapter.settings import FileSettings

    try:
        view = FileSettings(config).current()
        billers, problems = sorted(view.billers), view.all_problems
    except ConfigurationError as error:
        billers, problems = [], error.problems
    if as_json:
        told = {"right": not problems, "billers": billers, "problems": list(problems)}
        typer.echo(json.dumps(told, indent=2))
    else:
        for problem in problems:
            typer.echo(problem)
        if not problems:
            typer.echo(f"{config}: the settings of {', '.join(billers)} are right")
    if problems:
        raise typer.Exit(ExitCode.CONFIGURATION)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own while it is the only one."""
