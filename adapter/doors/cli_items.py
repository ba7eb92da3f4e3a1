"""`adapter payments`, `reversals`, `enrollments`: one family of commands, made for every kind."""

from __future__ import annotations

import getpass
import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.exit_codes import EPILOG, ExitCode
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from adapter.domain.work_item import WorkItem
    from adapter.kinds.base import DeliveryKind
    from adapter.ledger import Ledger
    from adapter.ledger.redrive import Refused

Name = Annotated[str, typer.Argument(help="The item's number, as `list` shows it, or its GUID.")]
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
BillerName = Annotated[str | None, typer.Option("--biller", help="One biller; else all.")]
Invoice = Annotated[
    str | None, typer.Option("--invoice", help="The invoice, where the GUID names several.")
]
By = Annotated[
    str | None, typer.Option("--by", help="Who says so, for the record; else the login name.")
]
LIMIT_MAX = 100_000


def app_of(kind: DeliveryKind[Any]) -> typer.Typer:
    """Return the commands of one kind: list, show and retry; findings are beside it."""
    app = typer.Typer(help=kind.help, no_args_is_help=True, rich_markup_mode=None)
    for name, command in {
        "list": _list_command,
        "show": _show_command,
        "retry": _retry_command,
    }.items():
        app.command(name=name, epilog=EPILOG)(command(kind))
    return app


def _list_command(kind: DeliveryKind[Any]) -> Callable[..., None]:
    # A default, for an annotation cannot name what only this function knows.
    in_state = typer.Option(None, help=f"{', '.join(word.name for word in kind.words)}.")

    def list_items(
        *,
        config: Config,
        biller: BillerName = None,
        state: str | None = in_state,
        everything: Annotated[
            bool, typer.Option("--all", help="Finished ones too; without it, those under way.")
        ] = False,
        unfinished: Annotated[bool, typer.Option("--open", hidden=True)] = False,
        invoice: Annotated[str | None, typer.Option(help="One invoice.")] = None,
        limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="At most so many.")] = 100,
        as_json: AsJson = False,
    ) -> None:
        """List what is under way, or waits for a person, the newest first.

        A line each: number, state, biller, what, reference, why.
        """
        from adapter.domain.payment import invoice_lane
        from adapter.domain.work_item import FINAL_STATES, State
        from adapter.doors.ops_views import item_view

        del unfinished  # what `list` does anyway
        word = None if state is None else kind.word_named(state)
        states = set(State) if everything else set(State) - FINAL_STATES
        with open_ledger_of(config) as ledger:
            found = ledger.items(kind.item).newest(
                limit=limit,
                biller=biller,
                states=states if word is None else word.states,
                reviews=None if word is None else word.reviews,
                lane=None if invoice is None else invoice_lane(invoice),
            )
        if as_json:
            typer.echo(json.dumps([item_view(kind, item) for item in found], indent=2))
            return
        for item in found:
            typer.echo(_line(kind, item))
        if not found:
            typer.echo(f"there are no such {kind.command}")
        elif len(found) == limit:
            typer.echo(f"the newest {limit}; --limit shows more", err=True)

    return list_items


def _show_command(kind: DeliveryKind[Any]) -> Callable[..., None]:
    def show(
        name: Name,
        *,
        config: Config,
        biller: BillerName = None,
        invoice: Invoice = None,
        as_json: AsJson = False,
    ) -> None:
        """Show the whole story: figures, events, exceptions, and what happens next."""
        from adapter.clock import SystemClock
        from adapter.doors.ops_views import story_of

        with open_ledger_of(config) as ledger:
            now = ledger.keep_time(SystemClock()).now()
            found = named(ledger, kind, name, biller, invoice)
            stories = [story_of(ledger, kind, item, now=now) for item in found]
        if as_json:
            typer.echo(json.dumps(stories, indent=2))
            return
        typer.echo("\n\n".join(_story_text(kind, story) for story in stories))

    return show


def _retry_command(kind: DeliveryKind[Any]) -> Callable[..., None]:
    def retry(
        name: Annotated[
            str | None, typer.Argument(help="The item's number or GUID; or give --all.")
        ] = None,
        *,
        config: Config,
        biller: BillerName = None,
        invoice: Invoice = None,
        everything: Annotated[
            bool, typer.Option("--all", "--all-dead", help="Everything that failed.")
        ] = False,
        by: By = None,
        as_json: AsJson = False,
    ) -> None:
        """Send what failed again, with every try before it; ends with 1 where one is refused.

        Where a request may have arrived, evidence is looked for first, and only what it shows as
        not applied is sent. They leave at the next sweep, or at once by `adapter run`.
        """
        from adapter.clock import SystemClock

        if (name is None) != everything or (everything and invoice):
            raise BadInputError(
                field="name",
                value=name or "",
                rule="either one item or --all is sent again",
                remedy="Give a number or a GUID, with --invoice where needed; or --all, with "
                "--biller for one biller",
            )
        refused: Sequence[Refused[Any]] = ()
        done: Sequence[WorkItem[Any]]
        with open_ledger_of(config) as ledger:
            now, by = ledger.keep_time(SystemClock()).now(), who(by)
            redrive = ledger.redrive(kind.item, kind.redrive_rules)
            if name is None:
                done, refused = redrive.retry_all(by=by, now=now, biller=biller)
            else:
                item = the_one(named(ledger, kind, name, biller, invoice))
                done = [redrive.retry(item, by=by, now=now)]
        print_outcome(kind, done, refused, as_json=as_json)
        if refused:
            raise typer.Exit(ExitCode.PROBLEM)

    return retry


def name_of(text: str) -> str:
    """Return a number or GUID as the ledger has it; .NET writes a GUID in several shapes."""
    with suppress(ValueError):
        return str(uuid.UUID(text))
    return text


def named(
    ledger: Ledger, kind: DeliveryKind[Any], name: str, biller: str | None, invoice: str | None
) -> tuple[WorkItem[Any], ...]:
    """Return the items that a person means; raises NotFoundError where there are none."""
    name = name_of(name)
    found = ledger.items(kind.item).named(name, biller=biller, within=invoice)
    if not found:
        on = f" on invoice {invoice}" if invoice else ""
        raise NotFoundError(
            f"there is no {kind.item.name} {name[:60]}{on}. "
            f"`adapter {kind.command} list --all` shows them"
        )
    return found


def the_one(found: Sequence[WorkItem[Any]]) -> WorkItem[Any]:
    if len(found) > 1:
        names = ", ".join(f"{item.id} ({item.reference} of {item.biller})" for item in found)
        raise BadInputError(
            field="name",
            value=found[0].reference.partition(":")[0],
            rule=f"it names several: {names}",
            remedy="Give one's number, or --invoice, and --biller where needed",
        )
    return found[0]


def who(by: str | None) -> str:
    """Return who is acting; a machine may not know the name of who is logged in."""
    name = (by or "").strip()
    if not name:
        with suppress(OSError, KeyError):
            name = getpass.getuser()
    return name or "an operator"


def _story_text(kind: DeliveryKind[Any], story: dict[str, Any]) -> str:
    figures = story[kind.ops_name]
    lines = [f"{kind.item.name} {story['reference']} of {figures['biller']}: {figures['state']}"]
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


def print_outcome(
    kind: DeliveryKind[Any],
    done: Sequence[WorkItem[Any]],
    refused: Sequence[Refused[Any]],
    *,
    as_json: bool,
) -> None:
    from adapter.doors.ops_views import item_view

    if as_json:
        outcome = {
            "done": [item_view(kind, item) for item in done],
            "refused": [
                {
                    "number": each.item.id,
                    "biller": each.item.biller,
                    "reference": each.item.reference,
                    "reason": str(each.reason),
                }
                for each in refused
            ],
        }
        typer.echo(json.dumps(outcome, indent=2))
        return
    for item in done:
        typer.echo(_line(kind, item))
    for each in refused:
        typer.echo(f"refused: {each.item.id}: {each.item.reference}: {each.reason}", err=True)
    if not done and not refused:
        typer.echo("nothing has failed")


def _line(kind: DeliveryKind[Any], item: WorkItem[Any]) -> str:
    word = kind.word(item.state, item.review)
    name = f"{kind.item.name} {item.reference}"
    receipt = f", receipt {item.receipt_id}" if item.receipt_id else ""
    why = f": {item.last_error}" if item.last_error else ""
    what = kind.describe(item.payload)
    return f"{item.id}: {word}: {item.biller}, {what}, {name}{receipt}{why}"
