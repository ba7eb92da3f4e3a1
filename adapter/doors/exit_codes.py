"""How commands end: the exit codes that scripts rely on, and which error ends with which."""

from __future__ import annotations

import logging
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from adapter.errors import (
    AdapterError,
    BadInputError,
    ConfigurationError,
    LedgerError,
    NotFoundError,
    PartnerError,
)


class ExitCode(IntEnum):
    """What a command's exit code says."""

    FINE = 0
    PROBLEM = 1
    USAGE = 2
    CONFIGURATION = 3
    PARTNER = 4
    LEDGER = 5


EPILOG = (
    "Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 wrong settings, "
    "4 a partner failed or could not be reached, 5 the ledger cannot be used."
)


def exit_code_of(error: AdapterError) -> ExitCode:
    match error:
        case ConfigurationError():
            return ExitCode.CONFIGURATION
        case PartnerError():
            return ExitCode.PARTNER
        case LedgerError():
            return ExitCode.LEDGER
        case BadInputError() | NotFoundError():
            return ExitCode.USAGE
        case _:
            return ExitCode.PROBLEM


class TellingGroup(TyperGroup):
    """Tells an error of the adapter in lines on standard error, and ends with its exit code.

    So does it with whatever is logged: standard output is for what was asked.
    """

    def invoke(self, ctx: Any) -> Any:
        from adapter.telemetry.log import configure_logging

        configure_logging(level=logging.WARNING)
        try:
            return super().invoke(ctx)
        except AdapterError as error:
            problems = error.problems if isinstance(error, ConfigurationError) else (str(error),)
            for problem in problems:
                typer.echo(f"error: {problem}", err=True)
            raise typer.Exit(exit_code_of(error)) from None
