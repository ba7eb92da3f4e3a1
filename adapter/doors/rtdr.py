"""The balance door (RTDR): Invoice Cloud asks, Spectrum's present balance is the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from adapter.domain.money import money_text
from adapter.doors.access import require_biller
from adapter.doors.requests import query
from adapter.errors import BadInputError, NotFoundError, RejectedError

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

_PARAMETER = "invoiceNumber"
_INVOICE_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def rtdr_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("rtdr", __name__)

    @door.get("/billers/<biller>/balance")
    def balance(biller: str) -> Response:
        require_biller(request, adapter.source.current(), biller)
        invoice_number = _invoice_number(query(request, _PARAMETER))
        try:
            due = adapter.billers.ports(biller).rtdr.balance_due(invoice_number)
        except RejectedError:
            raise NotFoundError(f"Spectrum has no invoice {invoice_number}") from None
        return jsonify(invoiceNumber=invoice_number, balanceDue=money_text(due))

    return door


def _invoice_number(parameters: dict[str, str]) -> str:
    value = parameters.get(_PARAMETER, "")
    if not _INVOICE_NUMBER.fullmatch(value):
        raise BadInputError(
            field=_PARAMETER,
            value=value[:40],
            rule="it must be an invoice number in digits",
            remedy="Send it once, as in ?invoiceNumber=30254",
        )
    return value
