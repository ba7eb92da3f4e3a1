"""Who may control the sandbox: the loopback, or whoever bears the control token."""

from __future__ import annotations

import hmac
import ipaddress

from flask import request

from sandbox.control.errors import RefusedError


def check_access(token: str | None) -> None:
    """Refuse a request from elsewhere, or one without the token where there is a token.

    A browser has no way to send a bearer token of its own, so HTTP Basic is taken too, with the
    token as its password.
    """
    if token is None:
        if not _is_loopback(request.remote_addr or ""):
            raise RefusedError(
                403,
                "loopback_only",
                "the sandbox is controlled from its own machine only",
                remedy="Start it with --control-token to control it from elsewhere",
            )
        return
    if not any(hmac.compare_digest(given.encode(), token.encode()) for given in _given()):
        raise RefusedError(
            401,
            "control_token",
            "the control token is missing or wrong",
            remedy="Send Authorization: Bearer and the token the sandbox was started with",
            headers={"WWW-Authenticate": 'Bearer realm="sandbox", Basic realm="sandbox"'},
        )


def _given() -> list[str]:
    try:
        authorization = request.authorization
    except ValueError:  # Basic with what is no ASCII
        return []
    if authorization is None:
        return []
    return [given for given in (authorization.token, authorization.password) if given]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
