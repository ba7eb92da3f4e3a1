"""IMT's sessions (B1) and policy settings (B2, B3).

Talking is `ImtClient`, one for each biller; mapping are the functions below it, the only place
that knows IMT's words. Names that the technical design leaves open are assumed (decision 0019).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from adapter.clock import Clock
from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.errors import ConfigurationError, RejectedError, RetryableError
from adapter.partners.credential import CachedCredential
from adapter.partners.http import (
    Answer,
    Call,
    PartnerHttp,
    UnreadableAnswerError,
)
from adapter.partners.json_rows import read_json
from adapter.settings import ImtAccess

MEDIA_TYPE = "application/vnd.api+json"
CORRELATION_HEADER = "X-Correlation-Id"
# Browsers take cookies of 4 KiB.
COOKIE_CHARACTERS_MAX = 4096
_COOKIE_VALUE = re.compile(rf"[\x21-\x3a\x3c-\x7e]{{1,{COOKIE_CHARACTERS_MAX}}}")
_IS_ENDED = re.compile(r";\s*max-age\s*=\s*(0|-[0-9]+)\s*(;|$)", re.IGNORECASE)
_NAMES_SHOWN_MAX = 5
# Whatever the sessions refuse is refused because of the credentials or the address.
_SESSION_BLAMES = frozenset(range(400, 500)) - {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# The session is not, or no longer, good; a log-in page says so as well.
_SESSION_REFUSED = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
    }
)


class ImtClient:
    """One biller's way to IMT: the enrolment port.

    `settings` names the settings that `access` came from, for errors. Any thread may call.
    """

    def __init__(
        self,
        http: PartnerHttp,
        access: ImtAccess,
        clock: Clock,
        *,
        settings: str = "the imt table",
    ) -> None:
        self._http = http
        self._access = access
        self._settings = settings
        self._sessions = CachedCredential(self._open_session, clock)

    def push(self, change: EnrollmentChange) -> None:
        """Set what the change says. A refused session did nothing: a new one, and once more."""
        call = self._call(
            method_of(change),
            f"settings/{quote(change.account_number, safe='')}/",
            operation=f"{change.kind.value} setting",
            content=settings_json(change),
            headers={CORRELATION_HEADER: change.event_guid},
            repeatable=False,
        )
        cookie = self._sessions.usable()
        try:
            answer = self._http.send(
                replace(self._bearing(call, cookie), handled=_SESSION_REFUSED)
            )
            if answer.status in _SESSION_REFUSED:
                cookie = self._sessions.usable(refused=cookie)
                answer = self._http.send(self._bearing(call, cookie))
        except RejectedError as error:
            raise self._http.believed(error, RetryableError) from None
        try:
            require_taken(answer.content, change)
        except UnreadableAnswerError as error:
            why = f"the answer does not say that it was taken ({error})"
            raise self._http.distrust(
                call, why, status=answer.status, content=answer.content
            ) from None

    def open_session(self) -> None:
        """Open a session, and do nothing with it: the credentials are right if nothing raises."""
        self._sessions.usable()

    def _open_session(self) -> tuple[str, None]:
        """Return a new session's cookie; nothing else of the answer is looked at (B1)."""
        call = self._call(
            "POST", "sessions/", operation="sessions", content=session_json(self._access)
        )
        answer = self._http.send(replace(call, blames_settings=_SESSION_BLAMES))
        cookie = cookie_of(answer.set_cookies, self._access.cookie_name)
        if cookie is None:
            raise ConfigurationError(
                f"{self._settings}.cookie_name: {self._http.partner} opened a session "
                f"{_told_cookies(answer)} and no {self._access.cookie_name}. "
                "Give the name of the cookie that carries the authorization"
            )
        return cookie, None

    def _call(self, method: str, path: str, **rest: Any) -> Call:
        access = self._access
        headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, **rest.pop("headers", {})}
        return Call(
            method=method,
            url=f"{access.base_url}/{quote(access.company_id, safe='')}/api/{path}",
            headers=headers,
            settings=self._settings,
            secrets=(access.password,),
            **rest,
        )

    def _bearing(self, call: Call, cookie: str) -> Call:
        headers = {**call.headers, "Cookie": f"{self._access.cookie_name}={cookie}"}
        return replace(call, headers=headers, secrets=(*call.secrets, cookie))


def session_json(access: ImtAccess) -> bytes:
    """Write B1's request."""
    attributes = {"username": access.username, "password": access.password}
    resource = {"id": access.company_id, "type": "sessions", "attributes": attributes}
    return json.dumps({"data": resource}).encode()


def method_of(change: EnrollmentChange) -> str:
    return "POST" if change.kind is EnrollmentKind.PAPERLESS else "PATCH"


def settings_json(change: EnrollmentChange) -> bytes:
    """Write B2's or B3's request."""
    resource = {
        "type": "policy-settings",
        "id": change.account_number,
        "attributes": _attributes(change),
    }
    return json.dumps({"data": resource}).encode()


def require_taken(content: bytes, change: EnrollmentChange) -> None:
    """Raise UnreadableAnswerError unless a successful answer is one that IMT would give.

    An empty answer is; so is a document without errors that, where it tells of the setting, tells
    what was sent. A log-in page with status 200 is not.
    """
    if not content.strip():
        return
    document = read_json(content)
    if not isinstance(document, dict):
        raise UnreadableAnswerError("it is no object")
    if document.get("errors"):
        raise UnreadableAnswerError("it holds errors")
    data = document.get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    for name, sent in _attributes(change).items():
        told = attributes.get(name, sent) if isinstance(attributes, dict) else sent
        if told != sent:
            raise UnreadableAnswerError(f"it tells another {name}")


def cookie_of(set_cookies: Iterable[str], name: str) -> str | None:
    """Return the value of the one cookie that counts among those that were set, if it was."""
    found: str | None = None
    for line in set_cookies:
        pair, _, _ = line.partition(";")
        told, _, value = (part.strip() for part in pair.partition("="))
        if told == name:
            is_usable = _COOKIE_VALUE.fullmatch(value) and not _IS_ENDED.search(line)
            found = value if is_usable else None
    return found


def _attributes(change: EnrollmentChange) -> dict[str, bool | str]:
    if change.kind is EnrollmentKind.PAPERLESS:
        return {"paperless": change.enrolled}
    return {"bill_mode": "autopay" if change.enrolled else "direct"}


def _told_cookies(answer: Answer) -> str:
    names = [line.partition("=")[0].strip()[:40] for line in answer.set_cookies]
    shown = ", ".join(name for name in names[:_NAMES_SHOWN_MAX] if name.isprintable())
    return f"with the cookies {shown}" if shown else "without any cookie"


class MissingImt:
    """Stands for IMT where a biller has no imt table: its enrolments wait for the setting."""

    def __init__(self, settings: str) -> None:
        self._settings = settings

    def push(self, change: EnrollmentChange) -> None:
        raise ConfigurationError(
            f"{self._settings}: is missing, and {change.kind.value} enrolments wait. "
            "Give the table with base_url, company_id, username and password"
        )
