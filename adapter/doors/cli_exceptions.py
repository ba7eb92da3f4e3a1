"""The `adapter exceptions` command: what needs a person, and a person's word that settles it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.doors.exit_codes import EPILOG
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from adapter.domain.exceptions import ExceptionItem
    from adapter.ledger import Ledger

app = typer.Typer(help="What needs a person.", no_args_is_help=True, rich_markup_mode=None)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]
PAGE = 500


@app.command(name="list", epilog=EPILOG)
def list_exceptions(
    *,
    config: Config,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open exceptions, a line each: number, kind, biller, invoice, payment, why."""
    with open_ledger_of(config) as ledger:
        items = _all(ledger, only_open=not everything)
    if as_json:
        typer.echo(json.dumps([_told(item) for item in items], indent=2))
        return
    for item in items:
        typer.echo(_line(item))
    if not items:
        typer.echo("nothing needs a person")


@app.command(epilog=EPILOG)
def resolve(
    number: Annotated[int, typer.Argument(help="The exception's number, as `list` tells it.")],
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
    typer.echo(json.dumps(_told(item), indent=2) if as_json else _line(item))


def _all(ledger: Ledger, *, only_open: bool) -> list[ExceptionItem]:
    items: list[ExceptionItem] = []
    while True:
        after = items[-1].id if items else 0
        page = ledger.exceptions.page(limit=PAGE, after=after, only_open=only_open)
        items += page
        if len(page) < PAGE:
            return items


def _told(item: ExceptionItem) -> dict[str, str | int | None]:
    return {
        "number": item.id,
        "biller": item.biller,
        "kind": item.kind.value,
        "payment_guid": item.payment_guid,
        "invoice_number": item.invoice_number,
        "detail": item.detail,
        "opened_at": item.opened_at.isoformat(),
        "resolved_at": item.resolved_at.isoformat() if item.resolved_at else None,
        "resolution": item.resolution,
    }


def _line(item: ExceptionItem) -> str:
    about = [f"invoice {item.invoice_number}"] if item.invoice_number else []
    about += [f"payment {item.payment_guid}"] if item.payment_guid else []
    state = f"resolved: {item.resolution}" if item.resolved_at else "open"
    subject = ", ".join([item.biller, *about])
    return f"{item.id}: {item.kind.value}: {subject}: {item.detail} ({state})"
