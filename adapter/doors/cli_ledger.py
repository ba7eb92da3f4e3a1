"""`adapter ledger`: what it knows of itself, and its backup, return and move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.exit_codes import EPILOG
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError, LedgerError

if TYPE_CHECKING:
    from datetime import datetime

    from adapter.ledger import Ledger

app = typer.Typer(
    help="The ledger: what it knows of itself, its backup, its return and its move.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.command(epilog=EPILOG)
def status(*, config: Config, as_json: AsJson = False) -> None:
    """Tell since when it is kept, of which times it knows nothing, and who works on it."""
    from adapter.clock import SystemClock
    from adapter.settings import FileSettings

    settings = FileSettings(config).current().adapter
    with open_ledger_of(config) as ledger:
        found = _status(ledger, Path(settings.marks or ""), SystemClock().now())
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"ledger {found['ledger']}, identity {found['identity'] or 'none yet'}")
    typer.echo(f"it knows of payments since {found['begun'] or '(nobody has worked on it yet)'}")
    for gap in found["gaps"]:
        typer.echo(f"gap until {gap['end']}, from {gap['start'] or 'ever'}: {gap['why']}")
    for beat in found["heartbeats"]:
        ended = ", ended" if beat["ended"] else ""
        typer.echo(f"worker {beat['worker']}: last at {beat['at']}{ended}")
    typer.echo("somebody works on it" if found["in_use"] else "nobody on this host works on it")


@app.command(epilog=EPILOG)
def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; nothing may be there.")],
    *,
    config: Config,
) -> None:
    """Copy an SQLite ledger as it is at one moment, beside a running adapter.

    The copy is checked before it gets its name. A PostgreSQL ledger is copied by pg_dump.
    """
    from adapter.ledger.copying import back_up

    ledger_file = _file_of(config, remedy="Copy it by pg_dump")
    with open_ledger_of(config):
        size = back_up(ledger_file, file)
    typer.echo(f"{file} is a whole copy of {ledger_file}: {size:,} bytes")


@app.command(epilog=EPILOG)
def restore(
    file: Annotated[Path, typer.Argument(help="The copy that `adapter ledger backup` made.")],
    *,
    config: Config,
) -> None:
    """Put a copy in the place of an SQLite ledger, while no adapter runs.

    What is there is moved aside. The next start notes a gap: what happened after the copy is
    forgotten, and such payments are posted on evidence only. A PostgreSQL ledger comes back by
    pg_restore.
    """
    from adapter.clock import SystemClock
    from adapter.ledger.copying import put_back, require_whole

    ledger_file = _file_of(config, remedy="Put it back by pg_restore")
    if not file.exists():
        raise LedgerError(f"there is no copy at {file}")
    require_whole(file)
    now = SystemClock().now()
    if ledger_file.exists():
        with open_ledger_of(config) as ledger:
            _require_idle(ledger, config, now)
    aside = put_back(file, ledger_file, now=now)
    typer.echo(f"{file} is the ledger now; the next start notes what it has forgotten")
    if aside is not None:
        typer.echo(f"the one before is {aside}")


@app.command(epilog=EPILOG)
def copy(
    *,
    config: Config,
    to: Annotated[str, typer.Option("--to", help="The SQLAlchemy URL of an empty database.")],
) -> None:
    """Move the ledger to another database, SQLite or PostgreSQL, while no adapter runs.

    Every row is copied and compared. From then on nobody opens the ledger that was copied: name
    the new one in the settings. Nothing is forgotten by it.
    """
    from adapter.clock import SystemClock
    from adapter.settings import FileSettings

    settings = FileSettings(config).current().adapter
    with open_ledger_of(config) as ledger:
        _require_idle(ledger, config, SystemClock().now())
        copied = ledger.move_to(to, Path(settings.marks or ""))
    for each in copied:
        typer.echo(f"{each.rows:>10,}  {each.table}")
    typer.echo("All of it was copied and compared. Now set `ledger` in [adapter] to the new one")


def _file_of(config: Path, *, remedy: str) -> Path:
    from adapter.settings import FileSettings
    from adapter.settings.field_types import sqlite_file_of

    found = sqlite_file_of(FileSettings(config).current().adapter.ledger)
    if found is None:
        raise BadInputError(
            field="adapter.ledger",
            value="a database on a server",
            rule="only an SQLite ledger is a file",
            remedy=remedy,
        )
    return found


def _require_idle(ledger: Ledger, config: Path, now: datetime) -> None:
    """Raise LedgerError while an adapter seems to work on the ledger, here or elsewhere."""
    from adapter.domain.ledger_life import ALIVE_MAX
    from adapter.settings import FileSettings

    marks = ledger.life.marks_in(Path(FileSettings(config).current().adapter.marks or ""))
    if marks.are_in_use():
        raise LedgerError("an adapter works on the ledger: stop it first")
    here = marks.read()
    for beat in ledger.life.heartbeats():
        if beat.worker not in here and not beat.ended and abs(now - beat.at) <= ALIVE_MAX:
            raise LedgerError(
                f"an adapter on another host wrote at {beat.at:%H:%M:%SZ}: stop it, or wait until "
                f"it has been silent for {ALIVE_MAX}"
            )


def _status(ledger: Ledger, marks: Path, now: datetime) -> dict[str, Any]:
    known = ledger.life.knowledge() if ledger.life.identity() else None
    gaps = () if known is None else known.gaps
    return {
        "ledger": ledger.name,
        "identity": ledger.life.identity(),
        "begun": None if known is None else _text(known.beginning),
        "gaps": [{"start": _text(g.start), "end": _text(g.end), "why": g.why} for g in gaps],
        "heartbeats": [
            {"worker": b.worker, "at": _text(b.at), "ended": b.ended}
            for b in ledger.life.heartbeats()
        ],
        "in_use": ledger.life.marks_in(marks).are_in_use(),
        "now": _text(now),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
