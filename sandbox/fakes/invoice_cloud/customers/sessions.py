"""Signing on: single-use tokens for SSO, and the sessions of the portal's pages (D1, D2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, Login
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import (
    has_password,
    register,
    require_password,
)
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

COOKIE_NAME = "ic_session"
SESSION_MINUTES = 30
SECRET_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class PortalSession:
    """Someone signed on to the portal for one account; `expires_at` is UTC."""

    biller: str
    login_guid: str
    account_number: str
    expires_at: datetime
    css_url: str = ""
    return_url: str = ""


@dataclass(frozen=True, kw_only=True)
class TokenIssued:
    """A remote authentication token was given out; only its fingerprint is kept."""

    fingerprint: str
    biller: str
    login_guid: str
    account_number: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class TokenRedeemed:
    """A token opened a session, and opens none again."""

    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SessionOpened:
    """A session began; its cookie is known by its fingerprint."""

    fingerprint: str
    session: PortalSession


@dataclass(frozen=True, kw_only=True)
class SessionMoved:
    """A session acts for another of its login's accounts."""

    fingerprint: str
    account_number: str


@dataclass(frozen=True, kw_only=True)
class SessionClosed:
    """Someone signed out."""

    fingerprint: str


class SessionsBook(Book):
    """Tokens and sessions of one world; their secrets come from the seed and are kept nowhere."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.tokens: dict[str, TokenIssued] = {}
        self.redeemed: set[str] = set()
        self.sessions: dict[str, PortalSession] = {}
        self._chance = world.chance(f"invoice_cloud:sessions:{world.name}")

    def next_secret(self) -> str:
        with self.lock:
            return self._chance.randbytes(SECRET_BYTES).hex()

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case TokenIssued() as issued:
                self.tokens[issued.fingerprint] = issued
            case TokenRedeemed(fingerprint=fingerprint):
                self.redeemed.add(fingerprint)
            case SessionOpened(fingerprint=fingerprint, session=session):
                self.sessions[fingerprint] = session
            case SessionMoved(fingerprint=fingerprint, account_number=number):
                session = self.sessions[fingerprint]
                self.sessions[fingerprint] = replace(session, account_number=number)
            case SessionClosed(fingerprint=fingerprint):
                self.sessions.pop(fingerprint, None)
            case event:
                raise TypeError(f"the sessions' book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell nothing: whoever is signed on is nobody's business, and the rest are secrets."""
        return {}


def issue_token(world: World, login: Login, account_number: str) -> tuple[str, datetime]:
    """Return a token that opens one session for an account, and when (UTC) it expires."""
    book = world.book(SessionsBook)
    lifetime = timedelta(seconds=world.behaviours.sso_token_lifetime_seconds)
    token = book.next_secret()
    expires_at = world.clock.now() + lifetime
    book.record(
        TokenIssued(
            fingerprint=fingerprint_of(token),
            biller=login.biller,
            login_guid=login.guid,
            account_number=account_number,
            expires_at=expires_at,
        )
    )
    return token, expires_at


def redeem_token(world: World, token: str, *, css_url: str = "", return_url: str = "") -> str:
    """Exchange a token for a session; return its cookie. Each token does so once."""
    book = world.book(SessionsBook)
    fingerprint = fingerprint_of(token)
    with book.locked():
        issued = book.tokens.get(fingerprint)
        if issued is None:
            raise PortalRefusedError("the sign-on token is unknown", remedy=_AGAIN)
        if fingerprint in book.redeemed:
            raise PortalRefusedError("the sign-on token was used before", remedy=_AGAIN)
        if issued.expires_at <= world.clock.now():
            raise PortalRefusedError("the sign-on token has expired", remedy=_AGAIN)
        book.record(TokenRedeemed(fingerprint=fingerprint))
    return _open(
        world,
        issued.biller,
        issued.login_guid,
        issued.account_number,
        css_url=css_url,
        return_url=return_url,
    )


def log_in(world: World, biller: str, email_address: str, password: str) -> str:
    """Sign on without SSO; return the session's cookie."""
    login = world.book(CustomersBook).find_login(biller, email_address)
    if login is None or not login.accounts or not has_password(login, password):
        raise PortalRefusedError(
            "e-mail address and password do not match a login",
            field="Password",
            remedy="Check both, or register",
        )
    return _open(world, biller, login.guid, login.accounts[0])


def register_payer(
    world: World, biller: str, account_number: str, email_address: str, password: str
) -> str:
    """Register at Invoice Cloud itself, and sign on; return the session's cookie."""
    require_password(password)
    known = world.book(CustomersBook).find_login(biller, email_address)
    if known is not None and not has_password(known, password):
        raise PortalRefusedError(
            "this e-mail address has a login with another password",
            field="Password",
            remedy="Log in with it, or register another address",
        )
    login = register(world, biller, email_address, password, (account_number,)).login
    return _open(world, biller, login.guid, account_number)


def session_of(world: World, cookie: str | None) -> PortalSession | None:
    """Return the session of a cookie, if it is one that has not ended."""
    session = world.book(SessionsBook).sessions.get(fingerprint_of(cookie or ""))
    if session is None or session.expires_at <= world.clock.now():
        return None
    login = world.book(CustomersBook).logins[session.login_guid]
    return session if session.account_number in login.accounts else None


def choose_account(world: World, cookie: str, account_number: str) -> None:
    """Let a session act for another account of its login."""
    session = session_of(world, cookie)
    accounts = accounts_of(world, session) if session else ()
    if account_number not in accounts:
        raise PortalRefusedError("this is none of your accounts", field="account_number")
    moved = SessionMoved(fingerprint=fingerprint_of(cookie), account_number=account_number)
    world.book(SessionsBook).record(moved)


def accounts_of(world: World, session: PortalSession) -> tuple[str, ...]:
    """Return the accounts that a session may act for."""
    return world.book(CustomersBook).logins[session.login_guid].accounts


def sign_out(world: World, cookie: str | None) -> None:
    if cookie:
        world.book(SessionsBook).record(SessionClosed(fingerprint=fingerprint_of(cookie)))


def fingerprint_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


_AGAIN = "Go back to your insurer's portal and follow the link again"


def _open(world: World, biller: str, login_guid: str, number: str, **urls: str) -> str:
    book = world.book(SessionsBook)
    cookie = book.next_secret()
    session = PortalSession(
        biller=biller,
        login_guid=login_guid,
        account_number=number,
        expires_at=world.clock.now() + timedelta(minutes=SESSION_MINUTES),
        **urls,
    )
    book.record(SessionOpened(fingerprint=fingerprint_of(cookie), session=session))
    return cookie
