"""A request's XML read piece by piece: its tree, and the invoice file that it carried, apart.

An invoice file may be larger than all else that the sandbox holds. Its text goes through a file
that spills to the disk, and never stands in the tree, so that a large upload takes no more memory
than a small one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from lxml import etree

FILE_ELEMENT = "InvoiceFile"
CHUNK_BYTES = 64 * 1024
# Files up to this size stay in memory.
IN_MEMORY_BYTES_MAX = 1024 * 1024
TEXT_SHOWN = 60
DEPTH_MAX = 100  # a right request is five deep


class DocumentTypeError(ValueError):
    """The document declares a document type, which no SOAP message may."""


@dataclass(frozen=True, kw_only=True)
class CarriedFile:
    """The text of an InvoiceFile element in UTF-8, at its beginning, and its length."""

    content: IO[bytes]
    characters: int


@dataclass(frozen=True, kw_only=True)
class RequestTree:
    """A request without comments and without the text of its invoice file."""

    root: etree._Element
    file: CarriedFile | None


def read_tree(stream: Any, length_bytes: int, charset: str | None) -> RequestTree:
    """Read so many bytes of XML; raises etree.XMLSyntaxError, ValueError or LookupError."""
    target = _Target()
    try:
        root = _parsed(target, stream, length_bytes, charset)
    except BaseException:
        if target.file is not None:
            target.file.close()
        raise
    if target.file is None:
        return RequestTree(root=root, file=None)
    target.file.seek(0)
    carried = CarriedFile(content=target.file, characters=target.characters)
    return RequestTree(root=root, file=carried)


def decoded(file: CarriedFile) -> IO[bytes]:
    """Return the bytes that a file's base64 stands for, and close the text.

    Raises ValueError, which says how the text begins, for what .NET would not take.
    """
    out = _new_file()
    try:
        _decode(file.content, out)
    except ValueError:
        out.close()
        raise ValueError(_beginning(file)) from None
    file.content.close()
    out.seek(0)
    return out


def _parsed(target: Any, stream: Any, length_bytes: int, charset: str | None) -> Any:
    parser: Any = etree.XMLParser(  # lxml's stubs know no parser that is fed
        encoding=charset,
        target=target,
        resolve_entities=False,
        no_network=True,
        huge_tree=True,  # a text may be longer than lxml's 10 MB; the request is bounded
    )
    while length_bytes > 0:
        chunk = stream.read(min(CHUNK_BYTES, length_bytes))
        if not chunk:
            break
        parser.feed(chunk)
        length_bytes -= len(chunk)
    return parser.close()


def _decode(text: IO[bytes], out: IO[bytes]) -> None:
    """Decode piece by piece, in fours; nothing may follow the padding."""
    kept, ended = b"", False
    while chunk := text.read(CHUNK_BYTES):
        kept += b"".join(chunk.split())
        if ended and kept:
            raise ValueError("there is more after the padding")
        whole = len(kept) - len(kept) % 4
        out.write(base64.b64decode(kept[:whole], validate=True))
        ended = kept[:whole].endswith(b"=")
        kept = kept[whole:]
    if kept:
        raise ValueError("the last four are not whole")


def _new_file() -> IO[bytes]:
    return SpooledTemporaryFile(IN_MEMORY_BYTES_MAX)  # the request closes it


def _beginning(file: CarriedFile) -> str:
    file.content.seek(0)
    return file.content.read(4 * TEXT_SHOWN).decode("utf-8", "ignore")[:TEXT_SHOWN]


class _Target:
    """Takes what the parser finds: elements into a tree, an invoice file's text into a file.

    Comments and processing instructions have no method here, and so are passed over.
    """

    def __init__(self) -> None:
        self.file: IO[bytes] | None = None
        self.characters = 0
        self._tree: Any = etree.TreeBuilder()
        self._diverted = False
        self._open = 0
        self._ended = False

    def doctype(self, *_: Any) -> None:
        raise DocumentTypeError("a document type is not allowed")

    def start(self, tag: str, attributes: Any, nsmap: Any) -> None:
        self._tree.start(tag, attributes, {prefix or None: uri for prefix, uri in nsmap.items()})
        self._open += 1
        if self._open > DEPTH_MAX:
            raise ValueError(f"elements stand more than {DEPTH_MAX} deep")
        self._diverted = self.file is None and etree.QName(tag).localname == FILE_ELEMENT
        if self._diverted:
            self.file = _new_file()

    def data(self, text: str) -> None:
        if self._diverted and self.file is not None:
            self.characters += len(text)
            self.file.write(text.encode())
        else:
            self._tree.data(text)

    def end(self, tag: str) -> None:
        self._diverted = False
        self._tree.end(tag)
        self._open -= 1
        self._ended = self._open == 0

    def close(self) -> Any:
        """Return the root; None after what was no XML, which the parser then says itself."""
        return self._tree.close() if self._ended else None
