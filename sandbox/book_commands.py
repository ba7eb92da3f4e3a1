"""The commands `sandbox spectrum ...`: changing the carrier's book as life does."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sandbox.fakes.spectrum.change_kinds import ChangeKind
from sandbox.remote import (
    DEFAULT_URL,
    EPILOG,
    AsJson,
    Remote,
    Token,
    Url,
    WorldName,
    print_json,
)

RESOURCE = "spectrum/changes"

spectrum = typer.Typer(
    help="Spectrum's book in a running sandbox.", no_args_is_help=True, rich_markup_mode=None
)


@spectrum.command("change", epilog=EPILOG)
def change_book(
    kind: Annotated[ChangeKind, typer.Argument(help="What happened at the carrier.")],
    *,
    invoice: Annotated[str | None, typer.Option(help="The invoice's number.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="Or its policy's: the newest invoice is meant.")
    ] = None,
    receipt: Annotated[str | None, typer.Option(help="What a reversal takes back.")] = None,
    amount: Annotated[
        str | None,
        typer.Option(help="Dollars, such as 25.00; an endorsement may take --amount=-25.00."),
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="The day it speaks of; today without it.")
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(help="Who took the payment; Lockbox or Agent without it.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="What that vendor calls it.")] = None,
    note: Annotated[str | None, typer.Option(help="A word for whoever reads the list.")] = None,
    biller: Annotated[str | None, typer.Option(help="The first one without it.")] = None,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Change the book now: the extract, the next invoice file and the bill follow.

    A reversal names its receipt, new business nothing, everything else an invoice or a policy.
    Each but cancellation, reinstatement and reversal takes an amount.
    """
    wanted = {
        "kind": kind.value,
        "biller": biller,
        "invoice_number": invoice,
        "policy_number": policy,
        "receipt_id": receipt,
        "amount": amount,
        "date": date,
        "vendor": vendor,
        "reference_number": reference,
        "note": note,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    made = Remote(url, control_token, world).call("POST", RESOURCE, body)
    if as_json:
        print_json(made)
    else:
        typer.echo(_line(made))


@spectrum.command("changes", epilog=EPILOG)
def list_changes(
    *,
    world: WorldName = "default",
    url: Url = DEFAULT_URL,
    control_token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List every change that was made, the oldest first."""
    told = Remote(url, control_token, world).call("GET", RESOURCE)
    if as_json:
        print_json(told)
        return
    for made in told["changes"]:
        typer.echo(_line(made))


def _line(made: dict[str, Any]) -> str:
    by = f"  receipt {made['receipt_id']} ({made['vendor']})" if made["receipt_id"] else ""
    return (
        f"{made['number']:>4}  {made['at']}  {made['kind']:<13}  policy {made['policy_number']}  "
        f"invoice {made['invoice_number']}  {made['moved']:>10}  {made['balance_due']:>10} due{by}"
    )
