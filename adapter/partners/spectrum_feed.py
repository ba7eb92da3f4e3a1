"""Spectrum's extract of invoices and receipts (decision 0001), over HTTP and from a folder.

Rows are read one by one, and a broken one fails the whole reading: the caller's cursor then stays
where it is, so nothing is lost and everything comes again once the extract is mended.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, TextIO

from adapter.domain.invoice import ExtractedReceipt, Invoice, InvoiceExtract, ReceiptSearch
from adapter.domain.payment import Payment
from adapter.errors import ConfigurationError, RetryableError
from adapter.partners.http import Call, UnreadableAnswerError
from adapter.partners.json_rows import JsonRows, read_json
from adapter.partners.spectrum import SpectrumClient
from adapter.partners.spectrum_rows import (
    Row,
    concerns,
    invoice_of,
    receipt_of,
    row_of,
    utc_text,
)

# An invoice takes about 500 bytes: room for a million of them.
EXTRACT_BYTES_MAX = 512 * 1024 * 1024
EXTRACT_SECONDS_MAX = 600.0
LINE_CHARACTERS_MAX = 64 * 1024
STAMP_FORMAT = "%Y%m%dT%H%M%SZ"
_FILE_NAME = re.compile(r"(?P<stem>invoices|receipts)-(?P<stamp>.*)\.(?P<kind>jsonl|csv)")
# An address without an extract is a wrong address.
_WRONG_ADDRESS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)


class HttpFeed:
    """The extract over HTTP, opened with a client's token; `location` is its base URL."""

    def __init__(
        self, client: SpectrumClient, location: str, *, settings: str = "Spectrum's feed"
    ) -> None:
        self._client = client
        self._location = location.rstrip("/")
        self._settings = settings

    def invoices_since(self, cursor: str | None) -> InvoiceExtract:
        reader = JsonRows("invoices")
        with closing(self._rows("ExtractInvoices", reader, since=cursor)) as rows:
            invoices = _latest(map(invoice_of, rows))
        envelope = Row("ExtractInvoices", reader.members)
        return InvoiceExtract(
            invoices=invoices,
            cursor=utc_text(envelope.moment("cursor")),
            as_of=envelope.moment("as_of"),
        )

    def find_receipts(self, payment: Payment, *, since: datetime) -> ReceiptSearch:
        reader = JsonRows("receipts")
        with closing(self._rows("ExtractReceipts", reader, since=utc_text(since))) as rows:
            receipts = _concerning(payment, map(receipt_of, rows))
        as_of = Row("ExtractReceipts", reader.members).moment("as_of")
        return ReceiptSearch(receipts=receipts, as_of=as_of)

    def _rows(
        self, operation: str, reader: JsonRows, *, since: str | None
    ) -> Generator[Row, None, None]:
        call = Call(
            operation=operation,
            method="GET",
            url=f"{self._location}/{operation.removeprefix('Extract').lower()}",
            params={} if since is None else {"since": since},
            settings=self._settings,
            blames_settings=_WRONG_ADDRESS,
            answer_bytes_max=EXTRACT_BYTES_MAX,
            seconds_max=EXTRACT_SECONDS_MAX,
        )
        with self._client.stream(call) as answer:
            try:
                for number, value in enumerate(reader.rows(answer.chunks), start=1):
                    yield row_of(value, where=f"{operation} row {number}")
            except UnreadableAnswerError as error:
                why = f"the answer is no extract ({error})"
                raise self._client.http.distrust(call, why, status=answer.status) from None


class FolderFeed:
    """The extract as files in a folder, each telling what changed since the one before it."""

    def __init__(self, folder: str | Path, *, settings: str = "Spectrum's feed") -> None:
        self._folder = Path(folder)
        self._settings = settings

    def invoices_since(self, cursor: str | None) -> InvoiceExtract:
        """Return what the files of the cursor's second and later tell."""
        files = self._files("invoices")
        after = None if cursor is None else Row("", {"cursor": cursor}).moment("cursor")
        newest = files[-1].as_of if files else None
        as_of = max((moment for moment in (newest, after) if moment is not None), default=None)
        if as_of is None:
            raise _nothing_yet("invoices")
        rows = (row for file in files if file.reaches(after) for row in file.rows())
        return InvoiceExtract(
            invoices=_latest(map(invoice_of, rows)), cursor=utc_text(as_of), as_of=as_of
        )

    def find_receipts(self, payment: Payment, *, since: datetime) -> ReceiptSearch:
        """Read the files of that moment's second and later, all of them."""
        files = self._files("receipts")
        if not files:
            raise _nothing_yet("receipts")
        rows = (row for file in files if file.reaches(since) for row in file.rows())
        receipts = _concerning(payment, map(receipt_of, rows))
        return ReceiptSearch(receipts=receipts, as_of=files[-1].as_of)

    def _files(self, stem: str) -> list[_FeedFile]:
        """Return the finished files of one kind, the oldest first; others are none of ours."""
        try:
            paths = [path for path in self._folder.iterdir() if path.is_file()]
        except OSError as error:
            raise ConfigurationError(
                f"{self._settings}: the folder {self._folder} cannot be read "
                f"({error.strerror}). Give the folder that Spectrum's extract is written to"
            ) from None
        matches = ((path, _FILE_NAME.fullmatch(path.name)) for path in paths)
        files = [
            _FeedFile(path=path, as_of=_stamped(path.name, match["stamp"]))
            for path, match in matches
            if match is not None and match["stem"] == stem
        ]
        return sorted(files, key=lambda file: (file.as_of, file.path.name))


@dataclass(frozen=True, kw_only=True)
class _FeedFile:
    """One file of the extract; `as_of` (UTC) is its stamp."""

    path: Path
    as_of: datetime

    def reaches(self, moment: datetime | None) -> bool:
        """Tell whether the file may hold changes of this moment or later.

        Stamps are cut to the second, so that the moment's own second counts.
        """
        return moment is None or self.as_of >= moment.replace(microsecond=0)

    def rows(self) -> Iterator[Row]:
        """Yield the rows; raises BadInputError with file and line for one that is broken."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._csv(file) if self.path.suffix == ".csv" else self._lines(file)
        except OSError as error:
            raise RetryableError(
                f"{self.path.name} cannot be read ({error.strerror})",
                partner="spectrum",
                operation="Extract",
            ) from None

    def _lines(self, file: TextIO) -> Iterator[Row]:
        for number, line in enumerate(self._bounded(file), start=1):
            if line.strip():
                where = f"{self.path.name} line {number}"
                try:
                    value = read_json(line)
                except UnreadableAnswerError as error:
                    raise Row(where, {}).refuse("", line, str(error)) from None
                yield row_of(value, where=where)

    def _csv(self, file: TextIO) -> Iterator[Row]:
        reader = csv.DictReader(self._bounded(file), strict=True)
        try:
            if not reader.fieldnames:
                rule = "it must begin with a header of the extract's fields"
                raise Row(self.path.name, {}).refuse("", "", rule)
            for fields in reader:
                where = f"{self.path.name} line {reader.line_num}"
                if None in fields or None in fields.values():
                    rule = (
                        f"it must have {len(reader.fieldnames or ())} columns, as the header has"
                    )
                    raise Row(where, {}).refuse("", _first_value(fields), rule)
                yield Row(where, fields)
        except csv.Error as error:
            where = f"{self.path.name} line {reader.reader.line_num}"
            raise Row(where, {}).refuse("", "", f"it is no CSV: {error}") from None

    def _bounded(self, file: TextIO) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            row = Row(f"{self.path.name} line {number}", {})
            try:
                line = file.readline(LINE_CHARACTERS_MAX + 1)
            except UnicodeDecodeError:
                raise row.refuse("", "", "it must be UTF-8") from None
            if len(line) > LINE_CHARACTERS_MAX:
                rule = f"a line has at most {LINE_CHARACTERS_MAX} characters"
                raise row.refuse("", line, rule)
            if not line:
                return
            yield line


def _stamped(name: str, stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, STAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise Row("", {}).refuse(
            name, stamp, "a file is named by its moment in UTC, such as 20260105T080000Z"
        ) from None


def _first_value(fields: Mapping[Any, Any]) -> str:
    return str(next(iter(fields.values()), ""))


def _nothing_yet(stem: str) -> RetryableError:
    return RetryableError(
        f"the folder holds no file of {stem} yet",
        partner="spectrum",
        operation=f"Extract{stem.capitalize()}",
    )


def _concerning(
    payment: Payment, receipts: Iterable[ExtractedReceipt]
) -> tuple[ExtractedReceipt, ...]:
    """Return each receipt of the payment or its invoice once, as it was told last."""
    return tuple(
        {
            receipt.receipt_id: receipt for receipt in receipts if concerns(receipt, payment)
        }.values()
    )


def _latest(invoices: Iterable[Invoice]) -> tuple[Invoice, ...]:
    """Return each invoice once, as it was told last."""
    return tuple({invoice.invoice_number: invoice for invoice in invoices}.values())
