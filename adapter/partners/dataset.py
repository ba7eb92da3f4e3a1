"""Reads a .NET DataSet while it arrives: rows by column name, in constant memory.

The inline schema is not believed. A column may be new, moved or absent (NULL), a DataSet without
rows is a bare `diffgr:diffgram`, and a DataTable names its root otherwise; none of that matters
to a reader that goes by place: diffgram, root, row, column. A document that breaks off, or holds
no diffgram at all, is an error, though rows may have been handed over before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

from adapter.partners.http import UnreadableAnswerError
from adapter.partners.redaction import READ_CHARACTERS_MAX
from adapter.partners.soap_answer import (
    ENVELOPES,
    fault_of,
    name_of,
)

DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
# The rows of one piece are held at once; a connection delivers about as much at a time.
PIECE_BYTES = 64 * 1024
# A payment takes about 300 characters and its column names 150.
ROW_CHARACTERS_MAX = 1024 * 1024
DEPTH_MAX = 64
_TOO_LONG = f"a row has over {ROW_CHARACTERS_MAX} characters"
# Column names are looked up for every value; a report has a dozen of them.
COLUMN_NAMES_KEPT = 1024
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TRUE = frozenset({"true", "1"})
# Where the diffgram is while there is none: every depth is above it.
_FAR = 1_000_000
# Depths below the diffgram.
_ROOT, _ROW, _COLUMN = 1, 2, 3


class DataSetReader:
    """Reads one DataSet's first table.

    `unknown_columns` fills while rows are read; `beginning` is what an error may quote.
    """

    def __init__(self, known_columns: Iterable[str]) -> None:
        self._known = frozenset(known_columns)
        self.unknown_columns: set[str] = set()
        self.beginning = b""

    def rows(self, chunks: Iterable[bytes]) -> Iterator[dict[str, str]]:
        """Yield each row's columns by name; NULL is an absent column, "" an empty one.

        Raises SoapFaultError for a fault, whatever the status, and UnreadableAnswerError.
        """
        events = _DataSetEvents()
        target: Any = events  # lxml's stubs ask for more than lxml does
        # Names and attributes are bounded by libxml2, rows and depth by what it reports to, the
        # whole by whoever delivers the chunks.
        parser = etree.XMLParser(
            target=target, resolve_entities=False, no_network=True, huge_tree=False
        )
        try:
            for piece in _pieces(chunks):
                self.beginning = self.beginning or piece[:READ_CHARACTERS_MAX]
                parser.feed(piece)
                for row in events.take_rows():
                    self.unknown_columns.update(row.keys() - self._known)
                    yield row
            parser.close()
        except etree.XMLSyntaxError as error:
            raise UnreadableAnswerError(f"the answer is no whole XML ({error.msg})") from None
        if not events.found:
            raise UnreadableAnswerError("the answer holds no DataSet")


class _DataSetEvents:
    """What the parser reports, sorted into rows by depth: no tree is built."""

    def __init__(self) -> None:
        self.found = False
        self._rows: list[dict[str, str]] = []
        self._depth = 0
        self._diffgram_depth = _FAR
        self._aside = False  # inside diffgr:before or diffgr:errors
        self._table = ""
        self._row: dict[str, str] | None = None
        self._text: list[str] | None = None
        self._characters = 0  # of the row so far, or of the fault
        self._fault: dict[str, str] | None = None

    def take_rows(self) -> list[dict[str, str]]:
        rows, self._rows = self._rows, []
        return rows

    def doctype(self, *_: object) -> None:
        raise UnreadableAnswerError("the answer holds a document type, which SOAP forbids")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        below = self._depth - self._diffgram_depth
        if below == _COLUMN:
            self._text = None if attributes and attributes.get(_NIL) in _TRUE else []
            self._characters += len(tag)
        elif below == _ROW:
            self._start_row(tag)
        elif self._depth > DEPTH_MAX:
            raise UnreadableAnswerError("the answer is nested too deeply")
        elif below > _COLUMN:
            self._text = None  # a column that holds elements is no value
        else:
            self._start_outside(tag)

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)
            self._characters += len(text)
            if self._characters > ROW_CHARACTERS_MAX:
                raise UnreadableAnswerError(_TOO_LONG)

    def end(self, tag: str) -> None:
        below = self._depth - self._diffgram_depth
        self._depth -= 1
        if below == _COLUMN:
            if self._row is not None and self._text is not None:
                self._row[_column_name(tag)] = "".join(self._text)
            self._text = None
            if self._characters > ROW_CHARACTERS_MAX:
                raise UnreadableAnswerError(_TOO_LONG)
        elif below == _ROW:
            if self._row is not None:
                self._rows.append(self._row)
            self._row = None
        elif below == _ROOT:
            self._aside = False
        elif below == 0:
            self._diffgram_depth = _FAR
        elif self._fault is not None:
            self._end_in_fault(tag, self._fault)

    def close(self) -> None:
        """Be told that the document has ended well; what it held was taken already."""

    def _start_row(self, tag: str) -> None:
        if self._aside:
            return
        self._table = self._table or tag
        self._row = {} if tag == self._table else None
        self._characters = 0

    def _start_outside(self, tag: str) -> None:
        name = name_of(tag)
        if self._depth == 1 and (name.local != "Envelope" or name.namespace not in ENVELOPES):
            raise UnreadableAnswerError("the answer is no SOAP envelope")
        if self._fault is not None:
            self._text = []
        elif name.local == "Fault" and name.namespace in ENVELOPES:
            self._fault = {}
        elif name.namespace == DIFFGRAM and name.local == "diffgram":
            # A second one would be another DataSet.
            if not self.found:
                self._diffgram_depth = self._depth
            self.found = True
        elif self._depth - self._diffgram_depth == _ROOT:
            self._aside = name.namespace == DIFFGRAM

    def _end_in_fault(self, tag: str, fault: dict[str, str]) -> None:
        name = name_of(tag)
        if name.local == "Fault":
            raise fault_of(fault)
        fault.setdefault(name.local, "".join(self._text or ()))


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE_BYTES):
            yield chunk[start : start + PIECE_BYTES]


@lru_cache(maxsize=COLUMN_NAMES_KEPT)
def _column_name(tag: str) -> str:
    """Return a column's name; .NET writes what XML forbids in names as `_x0020_`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name_of(tag).local)
