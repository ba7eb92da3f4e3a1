"""What every request goes through: its correlation id, who may pass, and what it carries.

A biller's own credentials open its doors, operators' the ops door. Bodies are read strictly:
figures digit by digit, each key once, nothing nested deep, all within bounds.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import re
import uuid
from contextlib import ExitStack
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import structlog
from flask import Request, Response, g, request
from werkzeug.datastructures import Authorization

from adapter.correlation import HEADER, present_correlation_id
from adapter.doors.envelope import (
    BODY,
    ForbiddenError,
    MediaTypeError,
    NotSetUpError,
    UnauthorizedError,
)
from adapter.errors import BadInputError
from adapter.redaction import redacted
from adapter.settings import DoorAccess, SettingsView

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

BODY_BYTES_MAX = 64 * 1024
# What a log line, a header and a column of the ledger carry unchanged.
_SAFE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._:-]{0,62}[0-9A-Za-z])?")
# W3C trace context, version 00; an id of zeros is none.
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_BASIC = 'Basic realm="adapter", charset="UTF-8"'
_BEARER = 'Bearer realm="adapter-ops"'
# Stands in for an unknown biller, so that it takes the same steps as a known one.
_NOBODY = DoorAccess.model_construct(biller_guid="", door_key="")
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger(__name__)


def begin(adapter: Adapter) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        correlation_id=correlation_id_of(request), method=request.method, path=request.path[:200]
    )
    # A path that is no route's gets no label of its own: callers could make any number of them.
    route = request.url_rule.rule if request.url_rule is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    g.observation = ExitStack()
    g.observed = g.observation.enter_context(adapter.watch.door_request(method, route))


def finish(answer: Response) -> Response:
    answer.headers[HEADER] = present_correlation_id()
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    g.observed.status = answer.status_code
    _log.info("request answered", status=answer.status_code)
    return answer


def end(_error: BaseException | None) -> None:
    if "observation" in g:
        g.pop("observation").close()
    structlog.contextvars.clear_contextvars()  # the thread serves others too


def correlation_id_of(request: Request) -> str:
    """Return `X-Correlation-Id`, else `traceparent`, else a new id.

    One that cannot be kept as it is gets no error: a payment matters more than its label.
    """
    given = request.headers.get(HEADER, "")
    if _SAFE.fullmatch(given) and redacted(given) == given:
        return given
    traceparent = request.headers.get("traceparent", "")
    return traceparent if _TRACEPARENT.fullmatch(traceparent) else str(uuid.uuid4())


def require_biller(request: Request, settings: SettingsView, biller: str) -> DoorAccess:
    """Return what opens this biller's doors when the caller knows it, else UnauthorizedError.

    An unknown biller, a wrong username and a wrong password get the same answer.
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


def json_object(request: Request) -> dict[str, Any]:
    """Return the body's JSON object; it must be announced as JSON in UTF-8."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise MediaTypeError("the body must be announced as application/json in UTF-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaTypeError("the body must not be compressed")
    return parse_object(request.get_data(cache=False))


def query(request: Request, *known: str) -> dict[str, str]:
    """Return the query parameters, each given once and each one known."""
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known:
            remedy = f"Known here: {', '.join(known) or 'none'}"
            raise BadInputError(
                field=name[:60], value="", rule="it is no parameter", remedy=remedy
            )
        if len(values) > 1:
            raise BadInputError(
                field=name, value="", rule="it stands twice in the query", remedy="Send it once"
            )
        found[name] = values[0]
    return found


def parse_object(content: bytes) -> dict[str, Any]:
    """Return the one JSON object of a body; a figure with a point or exponent is a Decimal.

    Raises BadInputError for anything else: other encodings, doubled keys, NaN, deep nesting.
    """
    try:
        parsed = json.loads(
            content.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_of,
        )
    except UnicodeDecodeError:
        raise _refused("it must be UTF-8", "Encode the body as UTF-8") from None
    except RecursionError:
        raise _refused("it is nested too deep", "Send one flat object") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refused(f"it must be JSON; see {place}", "Send one JSON object") from None
    except (ValueError, ArithmeticError):
        raise _refused("it holds a figure beyond every bound", "Send dollars and cents") from None
    if not isinstance(parsed, dict):
        raise _refused("it must be a JSON object", "Send one JSON object")
    return parsed


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInputError(
                field=key[:60],
                value="",
                rule="it stands twice in the body",
                remedy="Send each field once",
            )
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _refused(f"it holds {name}, which is no JSON", "Send figures in digits")


def _refused(rule: str, remedy: str) -> BadInputError:
    return BadInputError(field=BODY, value="", rule=rule, remedy=remedy)
