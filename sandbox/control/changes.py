"""Changes of Spectrum's book: listing those that were made, making another."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_body, read_query
from sandbox.control.errors import bad_input
from sandbox.control.lookup import find_biller
from sandbox.world.binding import world_in
from sandbox.world.redaction import redact_text

NUMBERS = ("policy_number", "invoice_number", "receipt_id")
# A card number that somebody wrote here must not end up in a book.
TEXTS = ("vendor", "reference_number", "note")

resource = Blueprint("changes", __name__)


@resource.get("/spectrum/changes")
def list_changes() -> dict[str, Any]:
    from sandbox.fakes.spectrum.changes import ChangesBook

    read_query()
    return world_in(request.environ).book(ChangesBook).as_json()


@resource.post("/spectrum/changes")
def change_book() -> tuple[dict[str, Any], int]:
    """Change the book now; what follows reaches the extract, the next file and the bill."""
    from sandbox.fakes.spectrum.change_kinds import ChangeKind
    from sandbox.fakes.spectrum.changes import (
        ChangeOrder,
        ChangeRefusedError,
        change_document,
        make_change,
    )

    read_query()
    wanted = read_body("NewChange")
    world = world_in(request.environ)
    order = ChangeOrder(
        kind=ChangeKind(wanted["kind"]),
        amount=Decimal(wanted["amount"]) if "amount" in wanted else None,
        day=_day(wanted["date"]) if "date" in wanted else None,
        **{name: wanted[name] for name in NUMBERS if name in wanted},
        **{name: redact_text(wanted[name]) for name in TEXTS if name in wanted},
    )
    try:
        made = make_change(world, find_biller(world, wanted.get("biller")), order)
    except ChangeRefusedError as error:
        raise bad_input(error.message, remedy=error.remedy) from None
    return change_document(made), 201


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_input(
            f"date = {text!r}: no day of the calendar", remedy="Send such as 2026-01-05"
        ) from None
