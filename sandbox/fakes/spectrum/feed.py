"""Spectrum's extract as files in a folder: what changed since the file before (decision 0001)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sandbox.fakes.spectrum.extract import (
    INVOICE_COLUMNS,
    RECEIPT_COLUMNS,
    Row,
    extract_invoices,
    extract_receipts,
    told_as_of,
)
from sandbox.fakes.spectrum.inbox import read_inbox
from sandbox.world.billers import Biller
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

FileKind = Literal["jsonl", "csv"]
EXPORT_LABEL = "spectrum.extract"


@dataclass(frozen=True, kw_only=True)
class FeedExported:
    """A file was written: it tells what changed from `since` (None: ever) to `as_of`, in UTC."""

    biller: str
    folder: Path
    stem: str
    since: datetime | None
    as_of: datetime

    @property
    def stamp(self) -> str:
        return stamp_of(self.as_of)


class FeedBook(Book):
    """What was exported where in one world, so that the next file goes on from there."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._last: dict[tuple[str, Path, str], FeedExported] = {}

    def apply(self, recorded: Recorded) -> None:
        if not isinstance(recorded.event, FeedExported):
            raise TypeError(f"the feed book knows no {type(recorded.event).__name__}")
        event = recorded.event
        self._last[event.biller, event.folder, event.stem] = event

    def last(self, biller: Biller, folder: Path, stem: str) -> FeedExported | None:
        return self._last.get((biller.slug, folder, stem))


def export_feed(
    world: World, biller: Biller, folder: Path, kind: FileKind = "jsonl"
) -> tuple[Path, ...]:
    """Write one file of invoices, and one of receipts where the biller has that feed.

    A file appears whole: it is written beside its name and renamed. A feed that lags more than it
    did writes none until it is past its last file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stems = ("invoices", "receipts") if world.behaviours.spectrum_receipts_feed else ("invoices",)
    written = (_export(world, biller, folder, stem, kind) for stem in stems)
    return tuple(path for path in written if path is not None)


def schedule_feed_export(world: World, biller: Biller, folder: Path, every_minutes: int) -> None:
    """Read the inbox and export, now and again every so many minutes of the world's time."""

    def export() -> None:
        read_inbox(world, biller, folder)
        export_feed(world, biller, folder)
        due = world.clock.now() + timedelta(minutes=every_minutes)
        world.clock.call_at(due, EXPORT_LABEL, export)

    export()


def _since(last: FeedExported | None, as_of: datetime) -> datetime | None:
    """Return where the next file begins; one of the same second takes its place whole."""
    if last is None:
        return None
    return last.since if stamp_of(as_of) == last.stamp else last.as_of


def stamp_of(as_of: datetime) -> str:
    return f"{as_of:%Y%m%dT%H%M%SZ}"


def _export(world: World, biller: Biller, folder: Path, stem: str, kind: FileKind) -> Path | None:
    book = world.book(FeedBook)
    with book.locked():
        take, columns = {
            "invoices": (extract_invoices, INVOICE_COLUMNS),
            "receipts": (extract_receipts, RECEIPT_COLUMNS),
        }[stem]
        as_of = told_as_of(world, stem)
        last = book.last(biller, folder, stem)
        if last is not None and stamp_of(as_of) < last.stamp:
            return None
        since = _since(last, as_of)
        extract = take(world, biller, since)
        exported = FeedExported(
            biller=biller.slug, folder=folder, stem=stem, since=since, as_of=extract.as_of
        )
        path = folder / f"{stem}-{exported.stamp}.{kind}"
        part = path.with_name(f"{path.name}.part")
        text = _json_lines(extract.rows) if kind == "jsonl" else _csv(extract.rows, columns)
        part.write_text(text, "utf-8", newline="")
        part.replace(path)
        book.record(exported)
    if extract.rows:
        outcome = f"{path.name}: {len(extract.rows)} {stem}"
        world.journal.event(
            target="spectrum", operation="Extract", outcome=outcome, biller=biller.slug
        )
    return path


def _json_lines(rows: Sequence[Row]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
