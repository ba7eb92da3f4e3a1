"""The balance door (RTDR): Invoice Cloud asks what is owed now of an invoice (A2, 0036)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from adapter.domain.money import money_text
from adapter.doors.notices import Notice, Number, read
from adapter.doors.requests import query, require_biller
from adapter.errors import NotFoundError, RejectedError
from adapter.kinds.under_way import balance_owed

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
            ports = adapter.billers.ports(biller)
            if ports.subtract_under_way:
                due = balance_owed(adapter.ledger, biller, invoice_number, ports, adapter.clock)
            else:
                due = ports.rtdr.balance_due(invoice_number).balance
        except RejectedError:
            raise NotFoundError(f"Spectrum has no invoice {invoice_number}") from None
        return jsonify(invoiceNumber=invoice_number, balanceDue=money_text(due))

    return door
