"""The `adapter` command: serve the doors, run a job, check settings and invoice files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapter.doors import cli_bif, cli_settings
from adapter.doors.exit_codes import EPILOG, TellingGroup

app = typer.Typer(
    cls=TellingGroup,
    help="The integration adapter between Spectrum, IMT and Invoice Cloud.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would show secrets.
    pretty_exceptions_enable=False,
)
app.add_typer(cli_bif.app, name="bif")
app.add_typer(cli_settings.app, name="settings")
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]


def main() -> None:
    app()
