"""`resolve` and `findings-template` of every kind: what a person found, of one or of many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.cli_items import (
    AsJson,
    BillerName,
    By,
    Config,
    Invoice,
    named,
    print_outcome,
    the_one,
    who,
)
from adapter.doors.exit_codes import EPILOG, ExitCode
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from adapter.doors.findings import RowOutcome
    from adapter.kinds.base import DeliveryKind


def add_to(commands: typer.Typer, kind: DeliveryKind[Any]) -> None:
    """Give the commands of a kind those about findings."""
    commands.command("resolve", epilog=EPILOG)(_resolve_command(kind))
    commands.command("findings-template", epilog=EPILOG)(_template_command(kind))


def _template_command(kind: DeliveryKind[Any]) -> Callable[..., None]:
    def findings_template(*, config: Config, biller: BillerName = None) -> None:
        """Write the CSV file to fill in for `resolve --from`: what needs a person, oldest first.

        Fill in finding and note, and of a payment receipt or balance. A row that is left as it
        is says nothing.
        """
        from adapter.doors.findings_file import findings_template as template

        with open_ledger_of(config) as ledger:
            found = ledger.items(kind.item).for_person(biller)
            typer.echo(template(kind, found), nl=False)
        if not found:
            typer.echo(f"there are no {kind.command} that need a person", err=True)

    return findings_template


def _resolve_command(kind: DeliveryKind[Any]) -> Callable[..., None]:
    def resolve(
        name: Annotated[
            str | None, typer.Argument(help="The item's number or GUID; or give --from.")
        ] = None,
        *,
        config: Config,
        file: Annotated[
            Path | None,
            typer.Option("--from", help="A CSV file of findings, as `findings-template` writes."),
        ] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="With --from: tell, and write nothing.")
        ] = False,
        finding: Annotated[
            str | None,
            typer.Option(
                "--as",
                help="applied, never-applied (then it is sent again) or given-back (payments).",
            ),
        ] = None,
        note: Annotated[str | None, typer.Option(help="What was found, for the record.")] = None,
        receipt: Annotated[
            str | None, typer.Option(help="The receipt's number in Spectrum, with --as applied.")
        ] = None,
        balance: Annotated[
            str | None,
            typer.Option(
                help="What Spectrum shows as due on the invoice, with --as never-applied of a "
                "payment: it is sent only while that is still so."
            ),
        ] = None,
        biller: BillerName = None,
        invoice: Invoice = None,
        by: By = None,
        as_json: AsJson = False,
    ) -> None:
        """Say what became of it, as seen at the partner; its exception is closed with it.

        Applied is final, and marked as a person's finding for ever. A payment that was given back
        before it was applied is never posted. Each finding frees what waits behind it. Of a file
        each row is judged as a single finding is; what is refused stops no other row, and ends
        with 1.
        """
        said = {"as": finding, "note": note, "receipt": receipt, "balance": balance}
        if file is not None:
            _require_none(name=name, biller=biller, invoice=invoice, **said)
            _resolve_file(kind, config, file, by=who(by), dry_run=dry_run, as_json=as_json)
            return
        if name is None or finding is None or note is None or dry_run:
            raise BadInputError(
                field="name",
                value=name or "",
                rule="either one item is resolved, by --as and --note, or a file's, by --from",
                remedy="Give its number or GUID with both, or --from FILE; --dry-run goes with "
                "--from",
            )
        _resolve_one(kind, config, name, said, (biller, invoice), by=who(by), as_json=as_json)

    return resolve


def _require_none(**given: str | None) -> None:
    for field, value in given.items():
        if value is not None:
            raise BadInputError(
                field=field,
                value=value[:40],
                rule="in a file each row says so for itself",
                remedy="Leave it out beside --from",
            )


def _resolve_one(
    kind: DeliveryKind[Any],
    config: Path,
    name: str,
    said: dict[str, str | None],
    within: tuple[str | None, str | None],
    *,
    by: str,
    as_json: bool,
) -> None:
    from adapter.clock import SystemClock
    from adapter.domain.money import parse_money
    from adapter.domain.redrive import ManualResolution
    from adapter.doors.findings import finding_named, settle_seconds_of
    from adapter.settings import FileSettings

    balance = said["balance"]
    found = ManualResolution(
        by=by,
        finding=finding_named(said["as"] or "", field="as"),
        note=(said["note"] or "").strip(),
        receipt_id=said["receipt"],
        balance=None if balance is None else parse_money(balance, field="balance"),
    )
    settings = FileSettings(config).current()
    with open_ledger_of(config) as ledger:
        item = the_one(named(ledger, kind, name, *within))
        done = ledger.redrive(kind.item, kind.redrive_rules).resolve(
            item,
            found,
            now=ledger.keep_time(SystemClock()).now(),
            settle_seconds=settle_seconds_of(settings, item.biller),
        )
    print_outcome(kind, [done], (), as_json=as_json)


def _resolve_file(
    kind: DeliveryKind[Any], config: Path, file: Path, *, by: str, dry_run: bool, as_json: bool
) -> None:
    from adapter.clock import SystemClock
    from adapter.doors.findings import Findings, Outcome
    from adapter.doors.findings_file import read_findings
    from adapter.settings import FileSettings

    rows = read_findings(file)
    settings = FileSettings(config).current()
    results: list[RowOutcome] = []
    with open_ledger_of(config) as ledger:
        clock = ledger.keep_time(SystemClock())
        findings = Findings(ledger, kind, settings, clock, by=by, dry_run=dry_run)
        for each in findings.outcomes(rows):
            results.append(each)
            if not as_json and each.outcome is not Outcome.NOT_FILLED_IN:
                # At once: whoever interrupts it knows how far it came.
                typer.echo(_line(kind, each), err=each.word is None)
    if as_json:
        typer.echo(json.dumps(_as_json(kind, results, dry_run=dry_run), indent=2))
    else:
        typer.echo("\n".join(_summary(kind, results, dry_run=dry_run)))
    outcomes = {each.outcome for each in results}
    if Outcome.NOT_TRIED in outcomes:
        raise typer.Exit(ExitCode.LEDGER)
    if Outcome.REFUSED in outcomes:
        raise typer.Exit(ExitCode.PROBLEM)


def _line(kind: DeliveryKind[Any], each: RowOutcome) -> str:
    row, item = each.row, each.item
    words = [f"line {row.line}", each.outcome.value]
    if item is not None:
        what = kind.describe(item.payload)
        words.append(f"{item.id}: {item.biller}, {what}, {kind.item.name} {item.reference}")
    if each.word is not None and item is not None:
        seen = [row.cell("finding")]
        seen += [f"{name} {row.cell(name)}" for name in ("receipt", "balance") if row.cell(name)]
        words.append(f"{', '.join(seen)}: {kind.word(item.state, item.review)} -> {each.word}")
    words += [each.failure] if each.failure else []
    words += [str(each.error)] if each.error is not None else []
    return ": ".join(words)


def _summary(
    kind: DeliveryKind[Any], results: list[RowOutcome], *, dry_run: bool
) -> Iterator[str]:
    from adapter.doors.findings import Outcome

    counts = Counter(each.outcome for each in results)
    wanted = Outcome.WOULD_BE if dry_run else Outcome.RECORDED
    always = (wanted, Outcome.REFUSED)
    named_counts = [
        f"{counts[outcome]} {outcome.value}"
        for outcome in Outcome
        if counts[outcome] or outcome in always
    ]
    yield f"{len(results)} rows: {', '.join(named_counts)}" + ("; nothing was written" * dry_run)
    if counts[Outcome.RECORDED]:
        yield (
            f"What is to be sent leaves at the next sweep, or at once by `adapter run {kind.job}`"
        )


def _as_json(
    kind: DeliveryKind[Any], results: list[RowOutcome], *, dry_run: bool
) -> dict[str, Any]:
    return {"dry_run": dry_run, "rows": [_row_as_json(kind, each) for each in results]}


def _row_as_json(kind: DeliveryKind[Any], each: RowOutcome) -> dict[str, Any]:
    item, error = each.item, each.error
    return {
        "line": each.row.line,
        "outcome": each.outcome.value.replace(" ", "_"),
        "finding": each.row.cell("finding"),
        "number": None if item is None else item.id,
        "biller": None if item is None else item.biller,
        "reference": None if item is None else item.reference,
        "was": None if item is None else kind.word(item.state, item.review),
        "state": each.word,
        "failure": each.failure or None,
        "refused": None if error is None else {**vars(error)},
    }
