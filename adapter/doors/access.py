"""Who may pass: a biller's own credentials at its doors, operators at the ops door."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Request
from werkzeug.datastructures import Authorization

from adapter.doors.envelope import ForbiddenError, NotSetUpError, UnauthorizedError
from adapter.settings import DoorAccess, SettingsView

_BASIC = 'Basic realm="adapter", charset="UTF-8"'
_BEARER = 'Bearer realm="adapter-ops"'
# Stands in for an unknown biller, so that it takes the same steps as a known one.
_NOBODY = DoorAccess.model_construct(biller_guid="", door_key="")
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded")


def require_biller(request: Request, settings: SettingsView, biller: str) -> DoorAccess:
    """Return what opens this biller's doors when the caller knows it, else UnauthorizedError.

    An unknown biller, a wrong username and a wrong password cannot be told apart.
    """
    access = settings.doors.get(biller, _NOBODY)
    username_fits, password_fits = _basic_fits(request, access.biller_guid, access.door_key)
    if not (username_fits and password_fits and access is not _NOBODY):
        raise UnauthorizedError(_BASIC, "Send the biller's GUID and door key by HTTP Basic")
    return access


def require_sign_on(request: Request, settings: SettingsView, biller: str) -> None:
    """Let IMT pass at a biller's sign-on door when it knows the key, else UnauthorizedError.

    Only who knows the biller's GUID learns, by NotSetUpError, that it has no sign-on.
    """
    access = settings.doors.get(biller, _NOBODY)
    key = access.sign_on_key
    username_fits, password_fits = _basic_fits(request, access.biller_guid, key or "")
    if username_fits and key is None and access is not _NOBODY:
        raise NotSetUpError(
            "this biller's payers cannot sign on",
            f"Give the settings' table billers.{biller}.sign_on a key and a password_seed",
        )
    if not (username_fits and password_fits and access is not _NOBODY):
        raise UnauthorizedError(_BASIC, "Send the biller's GUID and sign-on key by HTTP Basic")


def require_operator(request: Request, ops_key: str | None) -> None:
    """Let an operator pass: with the ops key where one is set, else from the loopback only."""
    if ops_key is None:
        if not _is_local(request):
            raise ForbiddenError("without an ops key only the loopback is answered")
        return
    given = _authorization(request)
    token = (given.token or "") if given is not None and given.type == "bearer" else ""
    if not _same(token, ops_key):
        raise UnauthorizedError(_BEARER, "Send the ops key as a Bearer token")


def _basic_fits(request: Request, username: str, password: str) -> tuple[bool, bool]:
    """Tell whether HTTP Basic shows this username, in any case, and this password."""
    given = _authorization(request)
    is_basic = given is not None and given.type == "basic"
    shown_username = (given.username or "") if given is not None and is_basic else ""
    shown_password = (given.password or "") if given is not None and is_basic else ""
    username_fits = _same(shown_username.lower(), username.lower())
    password_fits = _same(shown_password, password)
    return username_fits and is_basic, password_fits and is_basic


def _authorization(request: Request) -> Authorization | None:
    """Return what the caller shows, or nothing where it cannot be read."""
    try:
        return request.authorization
    except ValueError:  # Basic with what is no ASCII
        return None


def _is_local(request: Request) -> bool:
    """Tell a client on this machine from one behind a proxy, or behind a rebound name, on it."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    return _is_loopback(request.remote_addr or "") and (name == "localhost" or _is_loopback(name))


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _same(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing of the content or the length."""
    return hmac.compare_digest(_digest(given), _digest(expected))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
