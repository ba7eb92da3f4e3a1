"""A file of findings: what a person saw at the partner of many items, a row each, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.domain.work_item import WorkItem
from adapter.doors.files import opened
from adapter.doors.ops_views import item_view, plain
from adapter.errors import BadInputError
from adapter.kinds.base import DeliveryKind

# By these a row says which item it means; where it gives several, all must fit.
NAMES = ("number", "guid", "invoice", "biller")
# What a person fills in.
SAID = ("finding", "receipt", "balance", "note")
# Told to whoever fills the file in; of these only `last_sent` is read again.
TOLD = ("accepted_at", "last_sent", "state", "what", "why")
COLUMNS = (*NAMES, *TOLD, *SAID)
BYTES_MAX = 16 * 1024 * 1024
# A spreadsheet takes a text that begins so for a formula, and computes it.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """One row of the file: the line it stands on, its cells by column, and what is wrong."""

    line: int
    cells: Mapping[str, str]
    problem: BadInputError | None = None

    @property
    def is_filled_in(self) -> bool:
        return self.problem is not None or any(self.cells.get(name) for name in SAID)

    def cell(self, name: str) -> str:
        """Return a cell without the blanks around it; empty where there is no such column."""
        return self.cells.get(name, "")


def findings_template(kind: DeliveryKind[Any], items: Iterable[WorkItem[Any]]) -> str:
    """Return the file to fill in, a row for each item."""
    columns = [
        name for name in COLUMNS if kind.needs_receipt or name not in {"receipt", "balance"}
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for item in items:
        view = item_view(kind, item)
        guid = item.reference.partition(":")[0]
        invoice = kind.item.subject(item.reference).get("invoice_number", "")
        known = {"guid": guid, "invoice": invoice, "last_sent": last_sent(item)}
        known |= {"what": kind.describe(item.payload), "why": item.last_error}
        cells = {**view, **known}
        writer.writerow({name: _inert(cells.get(name)) for name in columns if name not in SAID})
    return text.getvalue()


def last_sent(item: WorkItem[Any]) -> str:
    """Say when its last request left, in words that no spreadsheet makes a date of its own of."""
    moment = plain({"at": item.sent_at})["at"]
    return f"at {moment}" if moment else "never"


def read_findings(path: Path) -> tuple[FindingRow, ...]:
    """Read a file of findings; rows that hold nothing at all are left out.

    Raises BadInputError for a file that cannot be read as one: then none of it counts. A row that
    cannot be read bears its own `problem`.
    """
    reader = csv.reader(io.StringIO(_text_of(path), newline=""), strict=True)
    rows: list[FindingRow] = []
    try:
        columns = _columns(path, next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            values = [_plain(cell) for cell in cells]
            if any(values):
                rows.append(_row(columns, values, first=line, last=reader.line_num))
            line = reader.line_num + 1
    except csv.Error as error:
        rule = f"line {reader.line_num} is no CSV ({error})"
        raise _unreadable(path, rule, "Look for a quote that is never closed") from None
    return tuple(rows)


def _text_of(path: Path) -> str:
    with opened(path, "rb") as stream:
        content = stream.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise _unreadable(path, "it is larger than 16 MiB", "Name a file of findings")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeError:
        text = "\0"
    if "\0" in text:
        raise _unreadable(path, "it is no text in UTF-8", "Save it as CSV in UTF-8")
    return text


def _columns(path: Path, header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    remedy = f"The first line names the columns, with commas: of {', '.join(COLUMNS)}"
    if not {"number", "guid"}.intersection(columns) or not {"finding", "note"} <= set(columns):
        rule = "its first line does not name number or guid, finding and note"
        raise _unreadable(path, rule, remedy)
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise _unreadable(path, f"its column {unknown[0][:40]!r} is unknown", remedy)
    if len(set(columns)) < len(columns):
        raise _unreadable(path, "it has a column twice", remedy)
    return columns


def _row(columns: list[str], values: list[str], *, first: int, last: int) -> FindingRow:
    problem = None
    if first != last:
        problem = BadInputError(
            field="row",
            value=f"lines {first} to {last}",
            rule="a row stands on one line",
            remedy="Look for a quote that is not closed, and keep notes on one line",
        )
    elif len(values) != len(columns):
        problem = BadInputError(
            field="row",
            value=f"{len(values)} cells",
            rule=f"the first line names {len(columns)} columns",
            remedy="Put a text with a comma in it into double quotes",
        )
    return FindingRow(line=first, cells=dict(zip(columns, values, strict=False)), problem=problem)


def _inert(value: object) -> str:
    """Return a cell on one line that no spreadsheet takes for a formula."""
    text = "" if value is None else " ".join(str(value).split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _unreadable(path: Path, rule: str, remedy: str) -> BadInputError:
    return BadInputError(
        field="file", value=str(path), rule=rule, remedy=f"{remedy}. Nothing was recorded"
    )
