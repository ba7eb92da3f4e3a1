"""What SOAP services answer, of both versions: results, faults, and DataSets while they arrive.

Nothing is trusted, the inline schema of a DataSet least of all. A column may be new, moved or
absent (NULL), a DataSet without rows is a bare `diffgr:diffgram`, and a DataTable names its root
otherwise; none of that matters to a reader that goes by place: diffgram, root, row, column. A
document that breaks off, or holds no diffgram at all, is an error, though rows may have been
handed over before.

libxml2 builds the tree, which is far quicker than a call into Python for every element; each row
is taken out of it as soon as another element follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from adapter.errors import AdapterError, ConfigurationError
from adapter.partners.http import Call, PartnerHttp, UnreadableAnswerError
from adapter.redaction import READ_CHARACTERS_MAX, redacted_excerpt

ENVELOPES = frozenset(
    {"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"}
)
# SOAP 1.1 says Client where 1.2 says Sender: what was sent is wrong, and was not acted upon.
_OURS = ("Client", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown")
_SPEAKS_OF_CREDENTIALS = re.compile(
    r"web ?service ?key|biller ?guid|credential|not authori[sz]ed|unauthori[sz]ed|access denied",
    re.IGNORECASE,
)
DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
# The rows of one piece are held at once; a connection delivers about as much at a time.
PIECE_BYTES = 64 * 1024
# A payment takes about 500 bytes; so much without an end of a row is no report. It bounds what
# is before the rows and after them too.
ROW_BYTES_MAX = 1024 * 1024
# Column names are looked up for every value; a report has a dozen of them.
COLUMN_NAMES_KEPT = 1024
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TRUE = frozenset({"true", "1"})
_DIFFGRAM_TAG = f"{{{DIFFGRAM}}}diffgram"
_FAULT_TAGS = frozenset(f"{{{namespace}}}Fault" for namespace in ENVELOPES)


class SoapFaultError(Exception):
    """The service answered with a fault; `code` is without its prefix."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code.rpartition(":")[2].strip()
        self.text = text.strip()


@dataclass(frozen=True)
class Name:
    """An element's name: its namespace, empty for none, and its local part."""

    namespace: str
    local: str


def name_of(tag: str) -> Name:
    """Split a tag as lxml writes it, such as `{namespace}local`."""
    namespace, _, local = tag.rpartition("}")
    return Name(namespace[1:], local)


def fault_error(
    fault: SoapFaultError, http: PartnerHttp, call: Call, *, status: int
) -> AdapterError:
    """Return what a fault means: our settings, our request, or the service's own trouble."""
    if _SPEAKS_OF_CREDENTIALS.search(fault.text):
        reason = redacted_excerpt(fault.text, secrets=call.secrets)
        return ConfigurationError(
            f"{call.settings}: {http.partner} {call.operation} refused them: {reason}. "
            "Give the values that the partner issued"
        )
    content = str(fault).encode()
    if fault.code.startswith(_OURS):
        return http.refuse(call, "the request was refused", status=status, content=content)
    return http.distrust(call, "the service failed", status=status, content=content)


def read_result(content: bytes, result: str) -> dict[str, str]:
    """Return the fields of a typed result by name; an absent field is missing, as NULL is.

    Raises SoapFaultError for a fault, whatever the status, and UnreadableAnswerError.
    """
    body = _body(content)
    for element in body.iter(etree.Element):
        name = name_of(str(element.tag))
        if name.local == "Fault" and name.namespace in ENVELOPES:
            raise _fault(element)
        if name.local == result:
            return {
                name_of(str(child.tag)).local: child.text or ""
                for child in element.iterchildren(etree.Element)
            }
    raise UnreadableAnswerError(f"the answer holds no {result}")


def _body(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableAnswerError(f"the answer is no XML ({error.msg})") from None
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableAnswerError("the answer holds a document type, which SOAP forbids")
    for child in root.iterchildren(etree.Element):
        if name_of(str(child.tag)).local == "Body" and _is_envelope(root):
            return child
    raise UnreadableAnswerError("the answer is no SOAP envelope")


def _is_envelope(root: etree._Element) -> bool:
    name = name_of(str(root.tag))
    return name.local == "Envelope" and name.namespace in ENVELOPES


def _fault(element: etree._Element) -> SoapFaultError:
    """Read a fault: faultcode and faultstring of SOAP 1.1, the first Value and Text of 1.2."""
    texts: dict[str, str] = {}
    for part in element.iter(etree.Element):
        texts.setdefault(name_of(str(part.tag)).local, part.text or "")
    return fault_of(texts)


def fault_of(texts: dict[str, str]) -> SoapFaultError:
    """Return the fault that these texts, by local element name, tell."""
    return SoapFaultError(
        texts.get("faultcode") or texts.get("Value", ""),
        texts.get("faultstring") or texts.get("Text", ""),
    )


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
        growing = _GrowingDataSet(_ColumnNames(self._known, self.unknown_columns))
        try:
            for piece in _pieces(chunks):
                self.beginning = self.beginning or piece[:READ_CHARACTERS_MAX]
                yield from growing.grow(piece)
            yield from growing.end()
        except etree.XMLSyntaxError as error:
            raise UnreadableAnswerError(f"the answer is no whole XML ({error.msg})") from None


class _ColumnNames(dict[str, str]):
    """Column names by tag: each is made, and judged as known or not, the first time it comes."""

    def __init__(self, known: frozenset[str], unknown: set[str]) -> None:
        super().__init__()
        self._known = known
        self._unknown = unknown

    def __missing__(self, tag: str) -> str:
        """Return a column's name; .NET writes what XML forbids in names as `_x0020_`."""
        name = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name_of(tag).local)
        if name not in self._known:
            self._unknown.add(name)
        if len(self) < COLUMN_NAMES_KEPT:
            self[tag] = name
        return name


class _GrowingDataSet:
    """The tree as far as it has come; what has been read of it is taken out of it."""

    def __init__(self, names: _ColumnNames) -> None:
        # Names, attributes and depth are bounded by libxml2, the whole by whoever delivers it.
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=(_DIFFGRAM_TAG, *_FAULT_TAGS),
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._diffgram: etree._Element | None = None
        self._is_whole = False
        self._names = names
        self._table = ""
        self._bytes = 0  # since something was taken out

    def grow(self, piece: bytes) -> list[dict[str, str]]:
        """Return the rows that are whole by now."""
        self._bytes += len(piece)
        if self._bytes > ROW_BYTES_MAX:
            raise UnreadableAnswerError(f"no row ends within {ROW_BYTES_MAX} bytes")
        self._parser.feed(piece)
        return self._take_rows()

    def end(self) -> list[dict[str, str]]:
        """Return the last rows; the document has ended well."""
        _require_envelope(self._parser.close())
        rows = self._take_rows()
        if self._diffgram is None:
            raise UnreadableAnswerError("the answer holds no DataSet")
        return rows

    def _take_rows(self) -> list[dict[str, str]]:
        self._look_where_it_is()
        rows: list[dict[str, str]] = []
        if self._diffgram is not None:
            container: Any  # lxml's stubs know no slices of an element
            for container in self._diffgram:
                is_whole = self._is_whole or container.getnext() is not None
                ended = len(container) - (not is_whole)
                if ended <= 0:
                    continue
                # What rows were before, and their errors, are no rows.
                if name_of(str(container.tag)).namespace != DIFFGRAM:
                    rows += self._rows_of(container[:ended])
                del container[:ended]
                self._bytes = 0
        return rows

    def _look_where_it_is(self) -> None:
        event: Any
        element: Any  # lxml's stubs know events of other things too
        for event, element in self._parser.read_events():
            is_inside = self._diffgram is not None and not self._is_whole
            if element is self._diffgram:
                self._is_whole = True
            elif element.tag == _DIFFGRAM_TAG and self._diffgram is None:
                # A second one would be another DataSet.
                _require_envelope(element.getroottree().getroot())
                self._diffgram = element
            elif element.tag in _FAULT_TAGS and event == "end" and not is_inside:
                raise _fault_of(element)

    def _rows_of(self, elements: Iterable[etree._Element]) -> Iterator[dict[str, str]]:
        names = self._names
        for element in elements:
            self._table = self._table or str(element.tag)
            if element.tag == self._table:
                yield {
                    names[column.tag]: text or ""
                    for column in element
                    if ((text := column.text) or column.get(_NIL) not in _TRUE) and not len(column)
                }


def _require_envelope(root: etree._Element) -> None:
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableAnswerError("the answer holds a document type, which SOAP forbids")
    name = name_of(str(root.tag))
    if name.local != "Envelope" or name.namespace not in ENVELOPES:
        raise UnreadableAnswerError("the answer is no SOAP envelope")


def _fault_of(element: etree._Element) -> Exception:
    texts: dict[str, str] = {}
    for part in element.iter(etree.Element):
        texts.setdefault(name_of(str(part.tag)).local, part.text or "")
    return fault_of(texts)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE_BYTES):
            yield chunk[start : start + PIECE_BYTES]
