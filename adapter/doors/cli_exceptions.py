"""The `adapter exceptions` command: what needs a person, and a person's word that settles it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.domain.exceptions import OWNER_LENGTH_MAX
from adapter.domain.money import money_text
from adapter.doors.exit_codes import EPILOG
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from datetime import datetime

    from adapter.domain.exceptions import ExceptionItem

app = typer.Typer(help="What needs a person.", no_args_is_help=True, rich_markup_mode=None)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]
Number = Annotated[int, typer.Argument(help="The exception's number, as `list` tells it.")]


@app.command(name="list", epilog=EPILOG)
def list_exceptions(
    *,
    config: Config,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open exceptions, those whose invoices are due first foremost, a line each.

    A line holds: number, `critical` from two banking days before the due date, kind, biller,
    invoice, due date, payment, amount, why, age, owner.
    """
    from adapter.clock import SystemClock

    with open_ledger_of(config) as ledger:
        now = ledger.keep_time(SystemClock()).now()
        items = ledger.exceptions.by_due_date(only_open=not everything)
    if as_json:
        typer.echo(json.dumps([_told(item, now) for item in items], indent=2))
        return
    for item in items:
        typer.echo(_line(item, now))
    if not items:
        typer.echo("nothing needs a person")


@app.command(epilog=EPILOG)
def assign(
    number: Number,
    *,
    config: Config,
    to: Annotated[str, typer.Option(help="Who takes it on, such as a name.")],
    as_json: AsJson = False,
) -> None:
    """Note who takes an open exception on; a later word counts more."""
    owner = to.strip()
    if not owner or not owner.isprintable() or len(owner) > OWNER_LENGTH_MAX:
        raise BadInputError(
            field="to",
            value=to[:40],
            rule=f"it must be a name of at most {OWNER_LENGTH_MAX} characters, on one line",
            remedy="Name a person; `adapter exceptions unassign` gives an exception back",
        )
    _assign(number, owner, config, as_json=as_json)


@app.command(epilog=EPILOG)
def unassign(number: Number, *, config: Config, as_json: AsJson = False) -> None:
    """Give an open exception back: it has no owner then."""
    _assign(number, None, config, as_json=as_json)


@app.command(epilog=EPILOG)
def resolve(
    number: Number,
    *,
    config: Config,
    because: Annotated[str, typer.Option(help="What was found and done, for the record.")],
    as_json: AsJson = False,
) -> None:
    """Settle an exception, and let what it held back go on.

    It settles no payment: one that is `dead` or `not_applied` stays so and is never posted again
    by itself. Later payments on its invoice are posted again at the next sweep, or at once by
    `adapter run post_payments`.
    """
    from adapter.clock import SystemClock

    if not because.strip():
        raise BadInputError(
            field="because",
            value=because,
            rule="it must say something",
            remedy="Tell what was found and done",
        )
    with open_ledger_of(config) as ledger:
        now = ledger.keep_time(SystemClock()).now()
        item = ledger.exceptions.resolve(number, now=now, resolution=because.strip())
    _say(item, now, as_json=as_json)


def _assign(number: int, owner: str | None, config: Path, *, as_json: bool) -> None:
    from adapter.clock import SystemClock

    with open_ledger_of(config) as ledger:
        now = ledger.keep_time(SystemClock()).now()
        item = ledger.exceptions.assign(number, owner, now=now)
    _say(item, now, as_json=as_json)


def _say(item: ExceptionItem, now: datetime, *, as_json: bool) -> None:
    typer.echo(json.dumps(_told(item, now), indent=2) if as_json else _line(item, now))


def _told(item: ExceptionItem, now: datetime) -> dict[str, Any]:
    from adapter.doors.ops_views import exception_view

    shown = exception_view(item, now=now)
    return {"number": shown.pop("id"), **shown}


def _line(item: ExceptionItem, now: datetime) -> str:
    from adapter.doors.watch import length_text

    about = [f"invoice {item.invoice_number}"] if item.invoice_number else []
    about += [f"due {item.due_date}"] if item.due_date else []
    about += [f"payment {item.payment_guid}"] if item.payment_guid else []
    about += [f"amount {money_text(item.amount)}"] if item.amount is not None else []
    end = f"open for {length_text(item.age(now))}; no owner"
    if item.resolved_at:
        end = f"resolved: {item.resolution}"
    if item.assigned_at:
        owner = f"owner {item.owner} since {item.assigned_at:%Y-%m-%d %H:%M} UTC"
        end = f"{end.removesuffix('; no owner')}; {owner}"
    mark = "critical: " if item.is_critical(now) else ""
    subject = ", ".join([item.biller, *about])
    return f"{item.id}: {mark}{item.kind.value}: {subject}: {item.detail} ({end})"
