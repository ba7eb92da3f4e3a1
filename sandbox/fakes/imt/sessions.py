"""IMT's sessions (B1): opened with a company's credentials, carried by one cookie of several."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response

from sandbox.fakes.imt.book import ImtBook, SessionOpened
from sandbox.fakes.imt.errors import bad_credentials, no_session
from sandbox.world.billers import Biller, next_guid
from sandbox.world.world import World

# The name is assumed (decision 0019); the others are there to be told apart from it.
COOKIE_NAME = "authorization"
CSRF_COOKIE_NAME = "csrftoken"
VISITOR_COOKIE_NAME = "imt_visitor"
COOKIE_BYTES = 32


def open_session(
    world: World, biller: Biller, attributes: Mapping[str, Any]
) -> tuple[SessionOpened, dict[str, str]]:
    """Open a session; return it with the cookies to set, or refuse the credentials."""
    told = f"{attributes['username']}\0{attributes['password']}".encode()
    known = f"{biller.imt.username}\0{biller.imt.password}".encode()
    if not hmac.compare_digest(told, known):
        raise bad_credentials()
    book = world.book(ImtBook)
    with book.locked():
        chance = world.chance(f"imt:session:{world.name}:{len(book.sessions)}")
        cookies = {
            CSRF_COOKIE_NAME: chance.randbytes(COOKIE_BYTES).hex(),
            COOKIE_NAME: chance.randbytes(COOKIE_BYTES).hex(),
            VISITOR_COOKIE_NAME: next_guid(chance),
        }
        lifetime = timedelta(seconds=world.behaviours.imt_session_lifetime_seconds)
        opened = SessionOpened(
            biller=biller.slug,
            session_id=str(len(book.sessions) + 1),
            fingerprint=_fingerprint(cookies[COOKIE_NAME]),
            expires_at=world.clock.now() + lifetime,
        )
        book.record(opened)
    return opened, cookies


def require_session(world: World, biller: Biller, cookies: Mapping[str, str]) -> SessionOpened:
    """Return the session of the cookie that counts; without one, or an expired one, refuse."""
    cookie = cookies.get(COOKIE_NAME)
    if not cookie:
        raise no_session("No authorization cookie came with the request.")
    opened = world.book(ImtBook).sessions.get(_fingerprint(cookie))
    if opened is None or opened.biller != biller.slug:
        raise no_session("The session is unknown.")
    if opened.expires_at <= world.clock.now():
        raise no_session("The session has expired.")
    return opened


def set_cookies(
    response: Response, cookies: Mapping[str, str], *, path: str, lifetime_seconds: int
) -> None:
    """Set them on the company's own path; only the authorization has an end of its own."""
    for name, value in cookies.items():
        response.set_cookie(
            name,
            value,
            path=path,
            max_age=lifetime_seconds if name == COOKIE_NAME else None,
            httponly=name != CSRF_COOKIE_NAME,
            samesite="Lax",
        )


def _fingerprint(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
