"""The adapter's log: structured, on standard error, redacted in one place before it is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from adapter.redaction import HIDDEN, redacted

# A value of this length may be a word of the log; replacing it everywhere would garble lines.
KNOWN_SECRET_LENGTH_MIN = 8
DEPTH_MAX = 6
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|credential|private_?key|web_?service_?key"
    r"|door_?key|ops_?key|api_?key|card_?number|routing_?number|bank_?account",
    re.IGNORECASE,
)
# What invoices and policies are called is digits too, and no card.
_PLAIN_NAMES = frozenset({"invoice_number", "account_number", "policy_number"})


class Redaction:
    """The processor that takes secrets and card numbers out of every line of the log.

    `known` tells the secrets of the present settings; they are hidden wherever they stand.
    """

    def __init__(self, known: Callable[[], frozenset[str]] = frozenset) -> None:
        self._known = known

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        secrets = _any_of(self._known())
        return {key: self._value(key, value, secrets, DEPTH_MAX) for key, value in event.items()}

    def _value(self, name: str, value: Any, secrets: re.Pattern[str] | None, depth: int) -> Any:
        if _SECRET_NAME.search(name):
            return HIDDEN
        if depth == 0:
            return "..."
        if isinstance(value, Mapping):
            return {
                str(key): self._value(str(key), inner, secrets, depth - 1)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", inner, secrets, depth - 1) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value) if secrets is None else secrets.sub(HIDDEN, str(value))
        return text if name in _PLAIN_NAMES and text.isdigit() else redacted(text)


@lru_cache(maxsize=4)
def _any_of(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """Return one pattern for all secrets, the longest first; every line of the log is searched."""
    long = [secret for secret in secrets if len(secret) >= KNOWN_SECRET_LENGTH_MIN]
    words = sorted(long, key=lambda secret: (-len(secret), secret))
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None


def configure_logging(
    *,
    known_secrets: Callable[[], frozenset[str]] = frozenset,
    stream: TextIO | None = None,
    level: int = logging.INFO,
) -> None:
    """Send every line, ours and the libraries', to `stream`: JSON, or plain text on a terminal."""
    stream = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                Redaction(known_secrets),
                _renderer(stream),
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "zeep", "sqlalchemy", "waitress.queue"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        # structlog's own choice prints local variables, secrets among them.
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
