"""The `adapter doctor` command: is everything well, and if not, what to do."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.doors.exit_codes import ExitCode

if TYPE_CHECKING:
    from adapter.doors.doctor import Check

DOCTOR_EPILOG = (
    "Exit codes: 0 nothing fails (there may be warnings), else the highest of 1 a clock is wrong, "
    "2 wrong usage, 3 settings are wrong or refused, 4 a partner fails, 5 the ledger cannot be "
    "used."
)


def doctor(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    offline: Annotated[bool, typer.Option("--offline", help="Call no partner.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Check settings, ledger, disk, partners, clocks, payments and jobs, a line each.

    It changes nothing: each partner is asked something harmless with each of the biller's
    credentials. Safe beside a running adapter.
    """
    from adapter.clock import SystemClock
    from adapter.doors.doctor import Level, examine
    from adapter.telemetry.log import configure_logging

    configure_logging(level=logging.ERROR)  # what is wrong is told by the checks
    checks: list[Check] = []
    for check in examine(config, SystemClock(), offline=offline):
        checks.append(check)
        if not as_json:
            typer.echo(_line(check))
    failures = [check.code for check in checks if check.level is Level.FAIL]
    if as_json:
        told = {"well": not failures, "checks": [_told(check) for check in checks]}
        typer.echo(json.dumps(told, indent=2))
    else:
        typer.echo(_verdict(checks))
    raise typer.Exit(max(failures, default=ExitCode.FINE))


def _line(check: Check) -> str:
    remedy = f"\n        Do: {check.remedy}" if check.remedy else ""
    return f"{check.level.value:<6}{check.name}: {check.detail}{remedy}"


def _told(check: Check) -> dict[str, str]:
    return {
        "level": check.level.value,
        "name": check.name,
        "detail": check.detail,
        "remedy": check.remedy,
    }


def _verdict(checks: list[Check]) -> str:
    levels = [check.level.value for check in checks]
    return ", ".join(f"{levels.count(name)} {name}" for name in ("ok", "warn", "fail"))
