"""The sign-on door: IMT asks for a payer's way into Invoice Cloud's pages (D1 to D3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, jsonify, request

from adapter.doors.envelope import NotSetUpError, envelope
from adapter.doors.requests import json_object, require_sign_on
from adapter.doors.sign_on_request import sign_on_of
from adapter.doors.sign_on_steps import sign_on
from adapter.errors import RejectedError

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

_log = structlog.get_logger(__name__)


def sign_on_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("sign_on", __name__)

    @door.post("/billers/<biller>/sign-on")
    def let_in(biller: str) -> Response:
        """Register the payer as far as needed; the answer's URL signs on once."""
        require_sign_on(request, adapter.source.current(), biller)
        payer, destination = sign_on_of(json_object(request))
        accounts = adapter.billers.ports(biller).payer_accounts
        if accounts is None:
            raise NotSetUpError(
                "the biller has no way to Invoice Cloud's REST services",
                f"Set billers.{biller}.invoice_cloud.api_key",
            )
        signed_on = sign_on(accounts, payer, destination)
        _log.info(
            "payer signed on",
            biller=biller,
            account_number=payer.account_number,
            branch=signed_on.branch.value,
            password_updated=signed_on.password_updated,
        )
        return jsonify(
            url=signed_on.url,
            branch=signed_on.branch.value,
            passwordUpdated=signed_on.password_updated,
        )

    door.register_error_handler(RejectedError, _from_rejected)
    return door


def _from_rejected(error: RejectedError) -> Response:
    """Tell what Invoice Cloud refuses: the same request can never pass."""
    _log.warning("a sign-on is refused", partner=error.partner, reason=str(error))
    return envelope(
        422,
        "refused",
        f"Invoice Cloud refuses {error.operation}: {error.excerpt or 'no reason was given'}",
        "Check the e-mail address and the customer's data",
    )
