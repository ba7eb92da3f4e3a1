"""Reads JSON answers: decimals exact, JSON:API attributes, long arrays row by row on arrival."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from adapter.partners.http import UnreadableAnswerError

# An invoice takes about 500 characters.
VALUE_CHARACTERS_MAX = 64 * 1024
PIECE_BYTES = 64 * 1024
_SPACES = " \t\r\n"


def read_json(content: bytes | str) -> Any:
    """Read a document with its decimals exact; raises UnreadableAnswerError for no JSON."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _no_json(error) from None


def attributes_of(document: Any, kind: str) -> Mapping[str, Any]:
    """Return data.attributes of a JSON:API document; `kind` is what it should be."""
    data = document.get("data") if isinstance(document, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        raise UnreadableAnswerError(f"it is no document of type {kind}")
    return attributes


class JsonRows:
    """Reads an object that holds one long array: its rows one by one, the rest in `members`.

    `members` is whole after the last row, wherever in the document its parts stand.
    """

    def __init__(self, array: str) -> None:
        self._array = array
        self.members: dict[str, Any] = {}

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Any]:
        """Yield the array's elements; raises UnreadableAnswerError for anything but this shape.

        Rows may have been yielded before the document turns out to be broken.
        """
        text = _Text(chunks)
        found = False
        for name in _separated(text, "{", "}"):
            if not isinstance(name, str):
                raise UnreadableAnswerError("a name is no text")
            text.take(":")
            if name == self._array:
                found = True
                yield from _separated(text, "[", "]")
            else:
                self.members[name] = text.value()
        if text.next_character():
            raise UnreadableAnswerError("something follows the document")
        if not found:
            raise UnreadableAnswerError(f"it holds no {self._array}")


def _separated(text: _Text, opening: str, closing: str) -> Iterator[Any]:
    """Yield the values between two brackets, each before what follows it is looked at."""
    text.take(opening)
    if text.next_character() == closing:
        text.take(closing)
        return
    while True:
        yield text.value()
        if text.next_character() == closing:
            text.take(closing)
            return
        text.take(",")


class _Text:
    """The part of a document that was received and is not read yet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._pieces = _pieces(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
        self._text = ""
        self._at = 0
        self._ended = False

    def next_character(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACES:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._receive()

    def take(self, character: str) -> None:
        found = self.next_character()
        if found != character:
            raise UnreadableAnswerError(
                f"{character} is missing" + ("" if found else ", it breaks off")
            )
        self._at += 1

    def value(self) -> Any:
        """Read one value; what ends with the text so far may go on in what is still to come."""
        self.next_character()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _no_json(error) from None
            except ValueError as error:
                if self._ended:
                    raise _no_json(error) from None
            else:
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            if len(self._text) - self._at > VALUE_CHARACTERS_MAX:
                why = f"a value is malformed or over {VALUE_CHARACTERS_MAX} characters"
                raise UnreadableAnswerError(why)
            self._receive()

    def _receive(self) -> None:
        piece = next(self._pieces, None)
        self._ended = piece is None
        try:
            received = self._decode(piece or b"", self._ended)
        except UnicodeDecodeError as error:
            raise _no_json(error) from None
        self._text = self._text[self._at :] + received
        self._at = 0


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE_BYTES):
            yield chunk[start : start + PIECE_BYTES]


def _no_json(error: Exception) -> UnreadableAnswerError:
    if isinstance(error, json.JSONDecodeError):
        return UnreadableAnswerError(f"it is no JSON: {error.msg}")
    if isinstance(error, RecursionError):
        return UnreadableAnswerError("it is no JSON: nested too deeply")
    return UnreadableAnswerError(f"it is no JSON ({type(error).__name__})")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
