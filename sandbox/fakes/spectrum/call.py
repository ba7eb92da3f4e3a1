"""One request on its way through Spectrum: its sender, its body, its line in the journal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Request, Response

from sandbox.fakes.spectrum.body import JsonBody, read_json
from sandbox.fakes.spectrum.tokens import TokenBook
from sandbox.fakes.spectrum.validation import validate_body, validate_query
from sandbox.faults.effects import AnswerAltered, FaultStruck, FaultyAnswer
from sandbox.world.billers import Biller
from sandbox.world.fault_board import Moment
from sandbox.world.journal import EXCERPT_LENGTH, Entry
from sandbox.world.world import World

PARTNER = "spectrum"
JSON = "application/json; charset=utf-8"
_NUMBER = re.compile(r'"\\u0000([^"]*)\\u0000"')


@dataclass(kw_only=True)
class Call:
    """What an operation needs of its request, and what it tells the journal."""

    request: Request
    world: World
    body: JsonBody
    entry: Entry
    altered: list[AnswerAltered] = field(default_factory=list)

    def authenticate(self) -> Biller:
        """Return the biller whose token came with the request; a bad one is refused."""
        authorization = self.request.headers.get("Authorization")
        biller = self.world.book(TokenBook).biller_of(authorization)
        self.entry.tags["biller"] = biller.slug
        return biller

    def read_body(self, schema: str) -> dict[str, Any]:
        return validate_body(schema, self.body.read())

    def read_query(self) -> dict[str, str]:
        return validate_query(self.entry.operation, self.request.args.items(multi=True))

    def strike(self, moment: Moment, facts: Mapping[str, str]) -> None:
        """Let an armed fault strike; what was done so far stays in the journal.

        One that alters the answer lets the call go on.
        """
        try:
            self.world.faults.strike(PARTNER, self.entry.operation, moment, facts)
        except AnswerAltered as altered:
            self.altered.append(altered)
        except FaultStruck as fault:
            self.entry.status = fault.status if isinstance(fault, FaultyAnswer) else None
            self.entry.outcome = self.entry.outcome or "cut off before Spectrum acted"
            raise

    def answer(self, document: Mapping[str, Any], text: str | None = None) -> Response:
        """Answer 200 with a document, spelled as `text` where its spelling matters."""
        for altered in self.altered:
            document = altered.applied_to(document)
            text = spelled(document)
        text = text or json.dumps(document)
        self.entry.response = document if len(text) <= EXCERPT_LENGTH else text
        return self._with_headers(Response(text, content_type=JSON))

    def answer_nothing(self) -> Response:
        return self._with_headers(empty(Response()))

    def _with_headers(self, response: Response) -> Response:
        for altered in self.altered:
            response.headers.update(altered.headers)
        return response


def spelled(document: Mapping[str, Any]) -> str:
    """Write JSON with every Decimal as the number that it was read from."""
    return _NUMBER.sub(r"\1", json.dumps(document, default=lambda number: f"\0{number}\0"))


def open_body(request: Request, method: str) -> JsonBody:
    """Read the body of a request that may have one."""
    return read_json(request) if request.method == method == "POST" else JsonBody()


def shown_request(request: Request, body: JsonBody) -> Any:
    """Return what the journal shows of a request: its document, or its query."""
    return body.shown() if request.method == "POST" else dict(request.args.items(multi=True))


def empty(response: Response) -> Response:
    """Take the media type off an answer without a body."""
    response.headers.pop("Content-Type", None)
    return response
