"""Files that a command is given: opened, or told why not."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from adapter.errors import BadInputError

READ_BYTES = 1024 * 1024


@contextmanager
def opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
    """Open a binary file; raises BadInputError where it cannot be."""
    try:
        stream: IO[bytes] = path.open(mode)
    except OSError as error:
        raise BadInputError(
            field="file",
            value=str(path),
            rule=f"it cannot be opened ({error.strerror})",
            remedy="Name a file that can be",
        ) from None
    with stream:
        yield stream


@contextmanager
def opened_as_utf8(path: Path, encoding: str) -> Iterator[IO[bytes]]:
    """Open a text file of another encoding as the same text in UTF-8."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        is_text = codecs.lookup(encoding)._is_text_encoding  # noqa: SLF001  # no public way
    except (LookupError, ValueError):  # an unknown name, or none at all
        is_text = False
    if not is_text:
        raise BadInputError(
            field="encoding",
            value=encoding,
            rule="there is no such encoding",
            remedy="Name one such as utf-8-sig or windows-1252",
        )
    with opened(path, "rb") as stream, tempfile.TemporaryFile() as decoded:
        try:
            while chunk := stream.read(READ_BYTES):
                decoded.write(decoder.decode(chunk).encode())
            decoded.write(decoder.decode(b"", final=True).encode())
        except UnicodeError as error:
            raise BadInputError(
                field="file",
                value=str(path),
                rule=f"it is not {encoding} ({getattr(error, 'reason', error)})",
                remedy="Name its encoding",
            ) from None
        decoded.seek(0)
        yield decoded
