"""The `adapter payments` command: where payments stand, and a person's hand on one."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.exit_codes import EPILOG, ExitCode
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from adapter.domain.delivery import Delivery, DeliveryState
    from adapter.ledger import Ledger
    from adapter.ledger.redrive import Refused

app = typer.Typer(
    help="Payments on their way to Spectrum.", no_args_is_help=True, rich_markup_mode=None
)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]
BillerName = Annotated[str | None, typer.Option("--biller", help="One biller; else all.")]
Invoice = Annotated[
    str | None, typer.Option("--invoice", help="The invoice, where the payment pays several.")
]
By = Annotated[
    str | None, typer.Option("--by", help="Who says so, for the record; else the login name.")
]
LIMIT_MAX = 100_000


@app.command(name="list", epilog=EPILOG)
def list_payments(
    *,
    config: Config,
    biller: BillerName = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="accepted, sending, applied, pending, not_applied, in_doubt, failed or dead."
        ),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--open", help="Only those that are not applied yet.")
    ] = False,
    invoice: Annotated[str | None, typer.Option(help="One invoice.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List payments, the newest first: state, biller, invoice, amount, GUID, why."""
    from adapter.doors.ops_views import delivery_view

    states = _states(state, unfinished=unfinished)
    with open_ledger_of(config) as ledger:
        found = ledger.listing.find(
            limit=limit, biller=biller, states=states, invoice_number=invoice
        )
    if as_json:
        typer.echo(json.dumps([delivery_view(delivery) for delivery in found], indent=2))
        return
    for delivery in found:
        typer.echo(_line(delivery))
    if not found:
        typer.echo("there is no such payment")
    elif len(found) == limit:
        typer.echo(f"the newest {limit}; --limit shows more", err=True)


@app.command(epilog=EPILOG)
def show(
    guid: Annotated[str, typer.Argument(help="The payment's GUID.")],
    *,
    config: Config,
    biller: BillerName = None,
    invoice: Invoice = None,
    as_json: AsJson = False,
) -> None:
    """Tell a payment's whole story: figures, events, exceptions, and what happens next."""
    with open_ledger_of(config) as ledger:
        stories = [_story(ledger, found) for found in _found(ledger, guid, biller, invoice)]
    if as_json:
        typer.echo(json.dumps(stories, indent=2))
        return
    typer.echo("\n\n".join(_told_story(story) for story in stories))


@app.command(epilog=EPILOG)
def retry(
    guid: Annotated[str | None, typer.Argument(help="The payment's GUID.")] = None,
    *,
    config: Config,
    biller: BillerName = None,
    invoice: Invoice = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every dead payment.")] = False,
    confirmed: Annotated[
        bool,
        typer.Option("--confirm-not-applied", help="I looked: Spectrum has no receipt of it."),
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send a dead payment again, with every try before it; ends with 1 where one is refused.

    What may already be applied is refused. Where the last post's outcome is unclear, evidence is
    looked for first, and only what it shows as not applied is posted. They leave at the next
    sweep, or at once by `adapter run post_payments`.
    """
    from adapter.clock import SystemClock

    if (guid is None) != all_dead or (all_dead and (confirmed or invoice)):
        raise BadInputError(
            field="guid",
            value=guid or "",
            rule="either one payment or --all-dead is sent again",
            remedy="Give a GUID, with --invoice or --confirm-not-applied where needed; or "
            "--all-dead, with --biller for one biller",
        )
    refused: Sequence[Refused] = ()
    done: Sequence[Delivery]
    with open_ledger_of(config) as ledger:
        now, who = SystemClock().now(), _who(by)
        if guid is None:
            done, refused = ledger.redrives.retry_all_dead(by=who, now=now, biller=biller)
        else:
            key = _the_one(_found(ledger, guid, biller, invoice)).payment.key
            done = [ledger.redrives.retry(key, by=who, now=now, is_confirmed=confirmed)]
    _tell(done, refused, as_json=as_json)
    if refused:
        raise typer.Exit(ExitCode.PROBLEM)


@app.command(epilog=EPILOG)
def resolve(
    guid: Annotated[str, typer.Argument(help="The payment's GUID.")],
    *,
    config: Config,
    finding: Annotated[
        str, typer.Option("--as", help="applied, or never-applied: then it is posted again.")
    ],
    note: Annotated[str, typer.Option(help="What was found, for the record.")],
    receipt: Annotated[
        str | None, typer.Option(help="The receipt's number in Spectrum, with --as applied.")
    ] = None,
    biller: BillerName = None,
    invoice: Invoice = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of a payment, as seen in Spectrum; its exception is closed with it.

    Applied is final, and marked as a person's word for ever.
    """
    from adapter.clock import SystemClock
    from adapter.domain.redrive import Finding, Word
    from adapter.settings import FileSettings

    known = {each.value: each for each in Finding}
    if finding not in known:
        raise BadInputError(
            field="as",
            value=finding,
            rule="it is no finding",
            remedy=f"Known are {' and '.join(known)}",
        )
    word = Word(by=_who(by), finding=known[finding], note=note.strip(), receipt_id=receipt)
    settle_seconds = FileSettings(config).current().adapter.settle_seconds
    with open_ledger_of(config) as ledger:
        key = _the_one(_found(ledger, guid, biller, invoice)).payment.key
        done = ledger.redrives.resolve(
            key, word, now=SystemClock().now(), settle_seconds=settle_seconds
        )
    _tell([done], (), as_json=as_json)


def _states(state: str | None, *, unfinished: bool) -> Sequence[DeliveryState] | None:
    from adapter.domain.delivery import FINAL_STATES, DeliveryState

    if state is None:
        return [s for s in DeliveryState if s not in FINAL_STATES] if unfinished else None
    known = [each.value for each in DeliveryState]
    if state not in known:
        raise BadInputError(
            field="state",
            value=state,
            rule="it is no state",
            remedy=f"Known are {', '.join(known)}",
        )
    return [DeliveryState(state)]


def _found(
    ledger: Ledger, guid: str, biller: str | None, invoice: str | None
) -> tuple[Delivery, ...]:
    from adapter.domain.payment import canonical_guid

    canonical = canonical_guid(guid)
    found = ledger.listing.find(
        limit=LIMIT_MAX, biller=biller, payment_guid=canonical, invoice_number=invoice
    )
    if not found:
        on = f" on invoice {invoice}" if invoice else ""
        raise NotFoundError(f"there is no payment {canonical}{on}")
    return found


def _the_one(found: Sequence[Delivery]) -> Delivery:
    if len(found) > 1:
        names = ", ".join(f"{d.payment.invoice_number} of {d.payment.biller}" for d in found)
        raise BadInputError(
            field="guid",
            value=found[0].payment.payment_guid,
            rule=f"the payment pays several invoices: {names}",
            remedy="Name one with --invoice, and --biller where needed",
        )
    return found[0]


def _who(by: str | None) -> str:
    """Return who is acting; a machine may not know the name of who is logged in."""
    name = (by or "").strip()
    if not name:
        with suppress(OSError, KeyError):
            name = getpass.getuser()
    return name or "somebody"


def _story(ledger: Ledger, delivery: Delivery) -> dict[str, Any]:
    from adapter.doors.ops_views import story_view

    return story_view(
        delivery,
        ledger.deliveries.events(delivery.id),
        ledger.listing.open_exceptions(delivery),
    )


def _told_story(story: dict[str, Any]) -> str:
    figures = story["delivery"]
    subject = f"invoice {figures['invoice_number']} of {figures['biller']}"
    lines = [f"payment {figures['payment_guid']} on {subject}: {figures['state']}"]
    shown = {k: v for k, v in figures.items() if v not in (None, "") and k != "state"}
    lines += [f"  {name}: {value}" for name, value in shown.items()]
    lines.append("events:")
    for event in story["events"]:
        came = f"{event['from']} -> " if event["from"] else ""
        lines.append(f"  {event['at']}  {came}{event['to']}: {event['detail']}")
    lines.append("open exceptions:" if story["exceptions"] else "open exceptions: none")
    lines += [f"  {e['id']}: {e['kind']}: {e['detail']}" for e in story["exceptions"]]
    at = f", at {story['next']['at']}" if story["next"]["at"] else ""
    lines.append(f"next: {story['next']['what']}{at}")
    return "\n".join(lines)


def _tell(done: Sequence[Delivery], refused: Sequence[Refused], *, as_json: bool) -> None:
    from adapter.doors.ops_views import delivery_view

    if as_json:
        told = {
            "done": [delivery_view(delivery) for delivery in done],
            "refused": [
                {
                    "biller": each.key.biller,
                    "payment_guid": each.key.payment_guid,
                    "invoice_number": each.key.invoice_number,
                    "reason": str(each.reason),
                }
                for each in refused
            ],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    for delivery in done:
        typer.echo(_line(delivery))
    for each in refused:
        typer.echo(f"refused: {each.key.payment_guid}: {each.reason}", err=True)
    if not done and not refused:
        typer.echo("no payment is dead")


def _line(delivery: Delivery) -> str:
    payment = delivery.payment
    why = f": {delivery.last_error}" if delivery.last_error else ""
    receipt = f", receipt {delivery.receipt_id}" if delivery.receipt_id else ""
    return (
        f"{delivery.state.value}: {payment.biller}, invoice {payment.invoice_number}, "
        f"{payment.amount:.2f}, payment {payment.payment_guid}{receipt}{why}"
    )
