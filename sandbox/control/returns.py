"""Returns: a payer's bank returns a payment now, or says something else about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.control.body import read_body, read_query
from sandbox.control.errors import bad_input
from sandbox.world.binding import world_in

resource = Blueprint("returns", __name__)


@resource.post("/payers/returns")
def return_payment() -> tuple[dict[str, Any], int]:
    """Put a row of any code into the report of returns; again makes another row."""
    from sandbox.fakes.invoice_cloud.processor.nacha import reason_of
    from sandbox.fakes.invoice_cloud.processor.returns import NotReturnableError, post_return

    read_query()
    wanted = read_body("ReturnOrder")
    guid, code = wanted["payment_guid"].lower(), wanted["code"]
    try:
        reject = post_return(
            world_in(request.environ),
            guid,
            code=code,
            reason=wanted.get("reason") or reason_of(code),
        )
    except NotReturnableError:
        raise bad_input(
            f"payment_guid = {guid!r}: no approved payment from a bank account",
            remedy="Take one of the state's invoice_cloud.payments whose method is ACH",
        ) from None
    told = {
        "reject_guid": reject.event.reject_guid,
        "payment_guid": guid,
        "code": code,
        "reason": reject.event.reason,
        "money_moved": reject.event.goes_back,
    }
    return told, 201
