"""`adapter bif diff` and `adapter bif convert`: two files compared, another system's made ours."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.domain.invoice import BifDialect
from adapter.doors.exit_codes import ExitCode
from adapter.doors.files import opened, opened_as_utf8
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from adapter.bif.diff import Comparison
    from adapter.domain.invoice import BifProfile

UTF8 = "utf-8"


def diff(
    old: Annotated[Path, typer.Argument(help="A .BIF file.")],
    new: Annotated[Path, typer.Argument(help="The .BIF file to compare with it.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Compare what two BIFs say: invoices added, removed and changed, value by value.

    Order and dialect do not matter, nor do the files' own names and days. The exit code is 0 when
    they say the same, 1 when they do not, 2 when one cannot be read.
    """
    from adapter.bif.diff import Comparison

    with opened(old, "rb") as before, opened(new, "rb") as after:
        comparison = Comparison(before, after)
        if as_json:
            _tell_json(comparison, str(old), str(new))
        else:
            for change in comparison.header:
                typer.echo(change.render())
            for invoice in comparison.changes():
                typer.echo(invoice.render())
            typer.echo(comparison.summary())
    if not comparison.same:
        raise typer.Exit(ExitCode.PROBLEM)


def convert(
    file: Annotated[Path, typer.Argument(help="Another integration's .BIF file.")],
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    config: Annotated[
        Path | None, typer.Option(help="The TOML file of the settings, with --biller.")
    ] = None,
    biller: Annotated[
        str | None, typer.Option(help="Whose settings; without, the file's own GUIDs.")
    ] = None,
    dialect: Annotated[
        BifDialect, typer.Option(help="How to write the records; a biller's settings know it.")
    ] = BifDialect.TAGGED,
    columns: Annotated[
        list[str] | None,
        typer.Option(help="Of a positional file: IH=7,8,9,10,... once for each record."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="A ThirdPartyFileReference instead of the file's own.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="The file's encoding.")] = UTF8,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Write the file without what is refused.")
    ] = False,
    trust_totals: Annotated[
        bool, typer.Option("--trust-totals", help="Bill TotalAmountDue, whatever the details say.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Make this integration's BIF of a MIPS or APPS biller's, and tell every change and loss.

    An invoice whose money or meaning would be lost is refused by name. Then nothing is written,
    unless it may be left out, and the exit code is 1.
    """
    from adapter.bif.convert import Wanted, convert_bif

    wanted = Wanted(
        profile=_profile(config, biller),
        dialect=dialect,
        reference=reference,
        columns=dict(map(_columns, columns or [])),
        trust_totals=trust_totals,
    )
    with opened_as_utf8(file, encoding) as source, tempfile.TemporaryFile() as target:
        conversion = convert_bif(source, target, wanted)
        typer.echo(json.dumps(conversion.as_json(), indent=2) if as_json else conversion.render())
        if conversion.whole or leave_out:
            target.seek(0)
            with opened(out, "wb") as stream:
                shutil.copyfileobj(target, stream)
        else:
            typer.echo(f"{out} is not written: --leave-out writes the others", err=True)
    if not conversion.whole:
        raise typer.Exit(ExitCode.PROBLEM)


def _tell_json(comparison: Comparison, old: str, new: str) -> None:
    """Write one JSON document, change by change: a file may have changed from end to end."""
    names = json.dumps({"old_file": old, "new_file": new})[:-1]
    typer.echo(f'{names}, "changes": [', nl=False)
    between = ""
    for change in comparison.changes():
        typer.echo(f"{between}{json.dumps(change.as_json())}", nl=False)
        between = ",\n"
    typer.echo(f"], {json.dumps(comparison.as_json())[1:]}")


def _profile(config: Path | None, biller: str | None) -> BifProfile | None:
    if config is None and biller is None:
        return None
    if config is None or biller is None:
        raise BadInputError(
            field="--biller" if config else "--config",
            value="",
            rule="the settings of a biller are named by both --config and --biller",
            remedy="Give both, or neither",
        )
    from adapter.bootstrap import bif_profile_of
    from adapter.settings import FileSettings

    return bif_profile_of(FileSettings(config), biller)


def _columns(text: str) -> tuple[str, tuple[int, ...]]:
    """Read IH=7,8,9: a record's FileSpecIDs, its RowType's first."""
    from adapter.bif.dialects import row_types

    kind, _, listed = text.partition("=")
    ids = tuple(int(part) for part in listed.split(",") if part.isascii() and part.isdecimal())
    row_type = row_types().get(kind)
    if len(ids) != len(listed.split(",")) or len(set(ids)) < len(ids) or ids[:1] != (row_type,):
        raise BadInputError(
            field="--columns",
            value=text,
            rule="it is a kind of record, = and its FileSpecIDs, each once, its RowType's first",
            remedy="Write it as IH=7,8,9,10",
        )
    return kind, ids
