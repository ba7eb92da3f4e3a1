"""The balance door (RTDR): Invoice Cloud asks, Spectrum's present balance is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from adapter.domain.money import money_text
from adapter.doors.notices import Notice, Number, read
from adapter.doors.requests import query, require_biller
from adapter.errors import NotFoundError, RejectedError

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter


class _Question(Notice, title="a question for a balance"):
    invoice_number: Number = Field(
        alias="invoiceNumber",
        description="it must be digits. Send it once, as in ?invoiceNumber=30254",
    )


def rtdr_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("rtdr", __name__)

    @door.get("/billers/<biller>/balance")
    def balance(biller: str) -> Response:
        require_biller(request, adapter.source.current(), biller)
        invoice_number = read(_Question, query(request, "invoiceNumber")).invoice_number
        try:
            due = adapter.billers.ports(biller).rtdr.balance_due(invoice_number).balance
        except RejectedError:
            raise NotFoundError(f"Spectrum has no invoice {invoice_number}") from None
        return jsonify(invoiceNumber=invoice_number, balanceDue=money_text(due))

    return door
