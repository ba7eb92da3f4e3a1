"""The `adapter reversals` command: returned payments that stand in Spectrum, and sending again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.doors.exit_codes import EPILOG
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from adapter.domain.ach_return import Reversal, ReversalState
    from adapter.ledger import Ledger

app = typer.Typer(
    help="Returned ACH payments on their way to Spectrum.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]
PAGE = 500


@app.command(name="list", epilog=EPILOG)
def list_reversals(
    *,
    config: Config,
    everything: Annotated[bool, typer.Option("--all", help="Reversed ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the reversals that Spectrum does not have yet: number, state, what, why."""
    from adapter.domain.ach_return import ReversalState

    with open_ledger_of(config) as ledger:
        found = [
            reversal
            for state in ReversalState
            if everything or state is not ReversalState.REVERSED
            for reversal in _in_state(ledger, state)
        ]
    found.sort(key=lambda reversal: reversal.id)
    _tell(found, as_json=as_json, nothing="Spectrum has every reversal")


@app.command(epilog=EPILOG)
def retry(
    number: Annotated[
        int | None, typer.Argument(help="The reversal's number, as `list` tells it.")
    ] = None,
    *,
    config: Config,
    everything: Annotated[
        bool, typer.Option("--all", help="Every failed or refused reversal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send failed or refused reversals again, with all their tries before them.

    They leave at the next sweep, or at once by `adapter run post_reversals`.
    """
    from adapter.clock import SystemClock

    if (number is None) != everything:
        raise BadInputError(
            field="number",
            value="" if number is None else str(number),
            rule="either one reversal or --all is sent again",
            remedy="Give the number that `list` tells, or --all",
        )
    sent: Sequence[Reversal]
    with open_ledger_of(config) as ledger:
        now = SystemClock().now()
        if number is None:
            sent = ledger.reversals.redrive_all(now=now)
        else:
            sent = (ledger.reversals.redrive(number, now=now),)
    _tell(sent, as_json=as_json, nothing="nothing has failed")


def _in_state(ledger: Ledger, state: ReversalState) -> list[Reversal]:
    found: list[Reversal] = []
    while True:
        after = found[-1].id if found else 0
        page = ledger.reversals.page(limit=PAGE, after=after, state=state)
        found += page
        if len(page) < PAGE:
            return found


def _tell(found: Sequence[Reversal], *, as_json: bool, nothing: str) -> None:
    from adapter.doors.ops_views import reversal_view

    if as_json:
        typer.echo(json.dumps([reversal_view(reversal) for reversal in found], indent=2))
        return
    for reversal in found:
        typer.echo(_line(reversal))
    if not found:
        typer.echo(nothing)


def _line(reversal: Reversal) -> str:
    returned = reversal.ach_return
    why = f": {reversal.last_error}" if reversal.last_error else ""
    return (
        f"{reversal.id}: {reversal.state.value}: {returned.biller}, invoice "
        f"{returned.invoice_number}, {returned.amount:.2f} returned as {returned.code}, payment "
        f"{returned.payment_guid}{why}"
    )
