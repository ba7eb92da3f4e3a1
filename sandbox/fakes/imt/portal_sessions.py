"""Who is signed on to IMT's portal: one confirmed owner, in one browser, for half an hour."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

COOKIE_NAME = "imt_portal"
LIFETIME = timedelta(minutes=30)
SECRET_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class PortalSession:
    """A confirmed owner; `branch` is what registering came to (D3), `expires_at` is UTC."""

    biller: str
    policy_number: str
    email: str
    branch: str
    password_updated: bool
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SessionOpened:
    """An owner signed on; the cookie is known by its fingerprint."""

    fingerprint: str
    session: PortalSession


@dataclass(frozen=True, kw_only=True)
class SessionClosed:
    """An owner signed out."""

    fingerprint: str


class PortalBook(Book):
    """The portal's sessions in one world; their secrets come from the seed, kept nowhere."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sessions: dict[str, PortalSession] = {}
        self._chance = world.chance(f"imt:portal:{world.name}")

    def next_secret(self) -> str:
        with self.lock:
            return self._chance.randbytes(SECRET_BYTES).hex()

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case SessionOpened(fingerprint=fingerprint, session=session):
                self.sessions[fingerprint] = session
            case SessionClosed(fingerprint=fingerprint):
                self.sessions.pop(fingerprint, None)
            case event:
                raise TypeError(f"the portal's book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell nothing: whoever is signed on is nobody's business."""
        return {}


def open_session(
    world: World,
    biller: str,
    *,
    policy_number: str,
    email: str,
    branch: str,
    password_updated: bool,
) -> str:
    """Sign an owner on; return the cookie."""
    book = world.book(PortalBook)
    secret = book.next_secret()
    session = PortalSession(
        biller=biller,
        policy_number=policy_number,
        email=email,
        branch=branch,
        password_updated=password_updated,
        expires_at=world.clock.now() + LIFETIME,
    )
    book.record(SessionOpened(fingerprint=_fingerprint(secret), session=session))
    return secret


def session_of(world: World, biller: str, cookie: str | None) -> PortalSession | None:
    """Return the session of a cookie, if it is this company's and has not ended."""
    session = world.book(PortalBook).sessions.get(_fingerprint(cookie or ""))
    if session is None or session.biller != biller:
        return None
    return session if session.expires_at > world.clock.now() else None


def close_session(world: World, cookie: str | None) -> None:
    if cookie:
        world.book(PortalBook).record(SessionClosed(fingerprint=_fingerprint(cookie)))


def _fingerprint(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
