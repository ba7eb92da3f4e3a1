"""One request on its way through the REST services: its biller, its body, its journal line."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from sandbox.fakes.invoice_cloud.rest.errors import (
    JSON,
    invalid,
    no_api_key,
    not_json,
    too_large,
)
from sandbox.fakes.invoice_cloud.rest.validation import PARTNER, validate_body
from sandbox.fakes.json_text import (
    MalformedError,
    NotJsonError,
    TooLargeError,
    parse_object,
    read_text,
)
from sandbox.faults.effects import FaultStruck, FaultyAnswer
from sandbox.world.billers import Biller
from sandbox.world.fault_board import Moment
from sandbox.world.journal import EXCERPT_LENGTH, Entry
from sandbox.world.world import World

BODY_BYTES_MAX = 64 * 1024


@dataclass(kw_only=True)
class Call:
    """What a service needs of its request, and what it tells the journal.

    `path_values` are what stands in the path, such as a customer's GUID.
    """

    request: Request
    world: World
    entry: Entry
    biller: Biller
    path_values: Mapping[str, str]

    def read_body(self, name: str) -> dict[str, Any]:
        """Return the JSON object in the body, which fits the contract's schema of this name."""
        text = _read_text(self.request)
        document = _parse(text)
        long = len(text) > EXCERPT_LENGTH
        self.entry.request = f"({len(text)} characters of JSON)" if long else document
        return validate_body(name, document)

    def strike(self, moment: Moment, **facts: str) -> None:
        """Let an armed fault strike; what was done so far stays in the journal."""
        facts = {"biller": self.biller.slug, **facts}
        self.entry.tags |= facts
        try:
            self.world.faults.strike(PARTNER, self.entry.operation, moment, facts)
        except FaultStruck as fault:
            self.entry.status = fault.status if isinstance(fault, FaultyAnswer) else None
            self.entry.outcome = self.entry.outcome or "cut off before Invoice Cloud acted"
            raise

    def answer(self, document: Mapping[str, Any], status: int = 200) -> Response:
        self.entry.response = document
        return Response(json.dumps(document), status, content_type=JSON)


def authenticate(world: World, request: Request) -> Biller:
    """Return the biller whose API key came by HTTP Basic, in either of its two spellings.

    Public clients send base64 of the key alone, and of the key with a colon behind it.
    """
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(told.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise no_api_key() from None
    key = decoded.removesuffix(b":")
    if scheme.lower() == "basic" and key:
        for biller in world.billers:
            if hmac.compare_digest(key, biller.api_key.encode()):
                return biller
    raise no_api_key()


def _read_text(request: Request) -> str:
    try:
        return read_text(request, BODY_BYTES_MAX)
    except NotJsonError:
        raise not_json() from None
    except TooLargeError:
        raise too_large(BODY_BYTES_MAX) from None
    except MalformedError as malformed:
        raise invalid("$", str(malformed)) from None


def _parse(text: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except MalformedError as malformed:
        raise invalid("$", str(malformed)) from None
