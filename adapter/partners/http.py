"""HTTP beneath every partner: one client, bounded answers, and httpx's errors translated once.

What an error means depends on the call. A repeatable call changes nothing at the partner, so
whatever went wrong can be tried again. For one that may have moved money, only what surely did
not reach the partner, or was surely refused, has a known outcome (decision 0031). Every call ends
within its time, whatever the partner does meanwhile.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from adapter.correlation import HEADER, present_correlation_id
from adapter.errors import (
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    PartnerError,
    RejectedError,
    RetryableError,
)
from adapter.observer import Observer, Unobserved
from adapter.partners.clock_watch import ClockWatch
from adapter.partners.deadline import count_down, timeouts_until
from adapter.redaction import READ_CHARACTERS_MAX, redacted_excerpt
from adapter.version import user_agent

# Tokens, balances and receipts take a few kilobytes; a page of a megabyte is a mistake.
ANSWER_BYTES_MAX = 1024 * 1024
# A partner that asks for more than a day of patience is asked again after a day.
RETRY_AFTER_SECONDS_MAX = 86_400
# How long a call may take whose client would wait for ever.
CALL_SECONDS_MAX = 600.0
# Two for each of the four threads that run jobs, and as many for the doors' eight.
CONNECTIONS_MAX = 16
# Not carried out, in HTTP's own words; of what may have moved money nobody believes them.
_NOT_CARRIED_OUT = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
# A redirect that leaves the request undone; any other may follow what was carried out.
_SENT_ELSEWHERE = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class UnauthorizedError(ConfigurationError):
    """The partner answered 401 to a call that moves no money: the credentials were refused."""


class UnreadableAnswerError(Exception):
    """An answer is not what the partner promises; the message says why, without quoting it."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a partner.

    `settings` names the settings that are wrong when the partner refuses us; `blames_settings`
    are the statuses that say so. `handled` statuses are returned like a success, for the caller
    to read. `seconds_max` bounds the whole call; None takes the client's read timeout. A call that
    may have moved money names the only statuses that refuse it, in JSON, as its `refusals`: any
    other failure leaves doubt.
    """

    operation: str
    method: str
    url: str
    settings: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    repeatable: bool = True
    blames_settings: frozenset[int] = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
    handled: frozenset[int] = frozenset()
    refusals: frozenset[int] | None = None
    answer_bytes_max: int = ANSWER_BYTES_MAX
    seconds_max: float | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def doubt(self) -> type[PartnerError]:
        """Return which error an answer is that cannot be believed."""
        return RetryableError if self.repeatable else OutcomeUnknownError


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A partner's whole answer; its status is a success or one that the call handles.

    `set_cookies` holds every Set-Cookie line as it came.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    set_cookies: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class StreamedAnswer:
    """A partner's answer while it arrives; reading `chunks` raises the same errors as sending."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    set_cookies: tuple[str, ...] = field(default=(), repr=False)

    def read(self) -> Answer:
        """Wait for the whole answer."""
        return Answer(
            status=self.status,
            headers=self.headers,
            content=b"".join(self.chunks),
            set_cookies=self.set_cookies,
        )


def open_client(
    *, timeout_seconds: float, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Build a client for one partner; certificates are verified.

    Connecting takes at most a third of the time. Cookies are kept for nobody, for the client
    serves every biller. A proxy of the environment is used, except towards this machine.
    """
    client = httpx.Client(
        timeout=httpx.Timeout(
            timeout_seconds, connect=timeout_seconds / 3, pool=timeout_seconds / 3
        ),
        verify=_trusted_certificates(),
        transport=transport,
        mounts=dict.fromkeys(_LOOPBACK),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
    )
    count_down(client)
    return client


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """Load the certificates to trust once a process: it takes 70 ms."""
    return httpx.create_ssl_context()


class PartnerHttp:
    """Sends one partner's calls; `monotonic` measures the seconds an answer takes.

    `watch` is told what the partner's clock says.
    """

    def __init__(
        self,
        partner: str,
        client: httpx.Client,
        *,
        observer: Observer | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        watch: ClockWatch | None = None,
    ) -> None:
        self.partner = partner
        self._watch = watch
        self._client = client
        self._observer = observer or Unobserved()
        self._monotonic = monotonic

    def send(self, call: Call) -> Answer:
        """Send a call and read the whole answer; raises whatever the answer means."""
        with self.stream(call) as answer:
            return answer.read()

    @contextmanager
    def stream(self, call: Call) -> Iterator[StreamedAnswer]:
        """Send a call and hand its answer over while it arrives."""
        with self._observer.partner_call(self.partner, call.operation):
            ends_at = self._monotonic() + self._seconds_of(call)
            response = self._open(call, ends_at)
            self._note(call, response.headers)
            try:
                self._judge(call, response, ends_at)
                yield StreamedAnswer(
                    status=response.status_code,
                    headers=response.headers,
                    chunks=self._chunks(call, response, ends_at),
                    set_cookies=tuple(response.headers.get_list("Set-Cookie")),
                )
            finally:
                response.close()

    def dated_at(self, call: Call, headers: Mapping[str, str]) -> datetime | None:
        """Return the moment (UTC) of an answer by our clock, as far as the host's is known."""
        if self._watch is None:
            return None
        return self._watch.our_time(httpx.URL(call.url).host, headers)

    def _note(self, call: Call, headers: Mapping[str, str]) -> None:
        if self._watch is None:
            return
        self._watch.note(self.partner, headers)
        if call.method == "POST":  # what answers it is kept by no cache
            self._watch.measure(httpx.URL(call.url).host, headers)

    def distrust(
        self, call: Call, why: str, *, status: int | None = None, content: bytes = b""
    ) -> PartnerError:
        """Return the error for an answer that cannot be believed."""
        return self._error(call.doubt, call, why, status=status, content=content)

    def refuse(
        self, call: Call, why: str, *, status: int | None = None, content: bytes = b""
    ) -> PartnerError:
        """Return the error for a call that can never pass, sent or unsent."""
        return self._error(RejectedError, call, why, status=status, content=content)

    @staticmethod
    def believed(error: RejectedError, otherwise: type[PartnerError]) -> PartnerError:
        """Believe a refusal in JSON, as a partner's own are; a gateway's page refuses nothing."""
        if error.excerpt.lstrip().startswith("{"):
            return error
        return otherwise(
            f"the refusal is not the partner's own (HTTP {error.status})",
            partner=error.partner,
            operation=error.operation,
            status=error.status,
            excerpt=error.excerpt,
        )

    def _seconds_of(self, call: Call) -> float:
        return call.seconds_max or self._client.timeout.read or CALL_SECONDS_MAX

    def _open(self, call: Call, ends_at: float) -> httpx.Response:
        headers = {"User-Agent": user_agent(), "Accept-Encoding": "identity", **call.headers}
        if correlation_id := present_correlation_id():
            headers[HEADER] = correlation_id
        try:
            request = self._client.build_request(
                call.method,
                call.url,
                params=call.params or None,
                headers=headers,
                content=call.content,
                extensions={
                    "timeout": timeouts_until(ends_at, self._client.timeout, self._monotonic)
                },
            )
            return self._client.send(request, stream=True, follow_redirects=False)
        except _BEFORE_SENDING as error:
            why = f"no connection was made ({type(error).__name__})"
            raise self._error(RetryableError, call, why) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise self._misconfigured(call, "leads to no address that can be called") from error
        except httpx.TransportError as error:
            raise self._broken(call, error) from error

    def _chunks(self, call: Call, response: httpx.Response, ends_at: float) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > call.answer_bytes_max:
                    why = f"the answer is larger than {call.answer_bytes_max} bytes"
                    raise self.distrust(call, why, status=response.status_code)
                if self._monotonic() > ends_at:
                    why = f"the answer took more than {self._seconds_of(call):g} seconds"
                    raise self.distrust(call, why, status=response.status_code)
                yield chunk
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._broken(call, error, status=response.status_code) from error

    def _broken(self, call: Call, error: Exception, *, status: int | None = None) -> PartnerError:
        silence = isinstance(error, httpx.TimeoutException)
        what = "no answer came in time" if silence else "the connection was lost"
        return self.distrust(call, f"{what} ({type(error).__name__})", status=status)

    def _judge(self, call: Call, response: httpx.Response, ends_at: float) -> None:
        """Raise what a status means, unless it is a success or one that the call handles."""
        status = response.status_code
        if response.is_success or status in call.handled:
            return
        if call.refusals is not None:
            if status in call.refusals:
                content = b"".join(self._chunks(call, response, ends_at))
            else:
                content = _beginning(response)
            kind = _kind_of_failure(status, content, call.refusals)
            raise self._error(kind, call, f"answered {status}", status=status, content=content)
        if status in call.blames_settings:
            refused = status == HTTPStatus.UNAUTHORIZED
            kind_of_setting = UnauthorizedError if refused else ConfigurationError
            raise self._misconfigured(call, f"refused with {status}", kind_of_setting)
        if status in _SENT_ELSEWHERE or (response.is_redirect and call.repeatable):
            raise self._misconfigured(call, f"answered by a redirect ({status})")
        kind = _kind_of_status(call, status)
        wait = _retry_after_seconds(response.headers) if kind is RetryableError else None
        why, content = f"answered {status}", _beginning(response)
        raise self._error(kind, call, why, status=status, content=content, wait_seconds=wait)

    def _misconfigured(
        self, call: Call, what: str, kind: type[ConfigurationError] = ConfigurationError
    ) -> ConfigurationError:
        return kind(
            f"{call.settings}: {self.partner} {call.operation} {what}. "
            "Give the values that the partner issued"
        )

    def _error(
        self,
        kind: type[PartnerError],
        call: Call,
        why: str,
        *,
        status: int | None = None,
        content: bytes = b"",
        wait_seconds: float | None = None,
    ) -> PartnerError:
        excerpt = redacted_excerpt(content, secrets=call.secrets)
        return kind(
            f"{why}: {excerpt}" if excerpt else why,
            partner=self.partner,
            operation=call.operation,
            status=status,
            excerpt=excerpt,
            retry_after_seconds=wait_seconds,
        )


def _kind_of_failure(status: int, content: bytes, refusals: frozenset[int]) -> type[PartnerError]:
    """Return what follows of a failure of a call that may have moved money."""
    if status == HTTPStatus.UNAUTHORIZED:
        return CredentialsRefusedError
    return RejectedError if status in refusals and _is_json(content) else OutcomeUnknownError


def _is_json(content: bytes) -> bool:
    """Tell whether a page speaks JSON; a word or number alone is no document of anybody's."""
    try:
        return isinstance(json.loads(content), dict | list | str)
    except (ValueError, RecursionError):
        return False


def _kind_of_status(call: Call, status: int) -> type[PartnerError]:
    if status in _NOT_CARRIED_OUT:
        return RetryableError
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return RejectedError
    return call.doubt


def _beginning(response: httpx.Response) -> bytes:
    """Return as much of an error's body as an excerpt needs; a body that breaks off will do."""
    content = b""
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) >= READ_CHARACTERS_MAX:
                break
    except (httpx.TransportError, httpx.DecodingError):
        pass
    return content[:READ_CHARACTERS_MAX]


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a moment, which counts from the answer's own Date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:9]), RETRY_AFTER_SECONDS_MAX)
        return float(seconds)
    until, told = _moment(text), _moment(headers.get("Date", ""))
    if until is None or told is None:
        return None
    return min(max(0.0, (until - told).total_seconds()), RETRY_AFTER_SECONDS_MAX)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
