"""The world's journal: who called whom, when in virtual time, and what came of it.

An entry takes its place when a call begins and is completed when it ends, so the journal reads
in the order of causes. Nothing that differs between two runs of one seed stands in it: no port,
process id, wall time or host.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sandbox.world.redaction import pattern_of, redact

# Enough for a month of virtual days; the oldest entries leave first.
ENTRIES_MAX = 200_000
EXCERPT_LENGTH = 2_000
_LOCAL_ADDRESS = re.compile(r"(https?://(?:127\.0\.0\.1|localhost|\[::1\])):[0-9]+")


class TellsTime(Protocol):
    def now(self) -> datetime: ...


@dataclass(kw_only=True)
class Entry:
    """One line of the journal; `source` calls `target`, or an event happens at `target`."""

    sequence: int
    at: str
    kind: str  # "call", "event" or "fault"
    source: str
    target: str
    operation: str
    request: Any = None
    status: int | None = None
    response: Any = None
    outcome: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_line(self) -> str:
        """Return one line of JSON; a Decimal is spelled as text."""
        return f"{json.dumps(self.as_json(), sort_keys=True, default=str)}\n"


class Journal:
    """Entries in order of their beginning, bounded, safe between threads, always redacted.

    `secrets` are hidden wherever they stand, also under a name that nobody expected them under.
    """

    def __init__(self, clock: TellsTime, *, secrets: Iterable[str] = ()) -> None:
        self._clock = clock
        self._secrets = pattern_of(secrets)
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_MAX)
        self._sequence = 0
        self._open_calls = 0
        self._lock = threading.Lock()

    @property
    def open_calls(self) -> int:
        """How many calls have begun and not ended."""
        return self._open_calls

    @property
    def position(self) -> tuple[int, int]:
        """The newest entry's number and how many calls are open: unmoved, nothing happened."""
        with self._lock:
            return self._sequence, self._open_calls

    @contextmanager
    def call(
        self, *, source: str, target: str, operation: str, request: Any = None, **tags: str
    ) -> Iterator[Entry]:
        """Record a call around the block; the block fills in status, response and outcome."""
        entry = self._append(
            kind="call",
            source=source,
            target=target,
            operation=operation,
            request=request,
            tags=tags,
        )
        begun_with = entry.request
        with self._lock:
            self._open_calls += 1
        try:
            yield entry
        finally:
            if entry.request is not begun_with:
                entry.request = self._told(entry.request)
            entry.response = self._told(entry.response)
            entry.outcome = self._told(entry.outcome)
            entry.tags = {name: self._told(value) for name, value in entry.tags.items()}
            with self._lock:
                self._open_calls -= 1

    def event(self, *, target: str, operation: str, outcome: str = "", **tags: str) -> None:
        """Record something that happened at one party, without a call."""
        entry = self._append(
            kind="event", source=target, target=target, operation=operation, tags=tags
        )
        entry.outcome = self._told(outcome)

    def fault(self, *, target: str, operation: str, outcome: str, **tags: str) -> None:
        """Record that an armed fault struck."""
        entry = self._append(
            kind="fault", source="sandbox", target=target, operation=operation, tags=tags
        )
        entry.outcome = outcome

    def entries(self, /, **wanted: str) -> list[Entry]:
        """Return entries whose fields or tags equal all of `wanted`."""
        with self._lock:
            everything = list(self._entries)
        return [entry for entry in everything if _matches(entry, wanted)]

    def as_lines(self) -> str:
        """Return the journal as JSON lines, byte for byte the same for the same seed."""
        return "".join(entry.as_line() for entry in self.entries())

    def _told(self, value: Any) -> Any:
        return _shortened(_without_ports(redact(value, known=self._secrets)))

    def _append(
        self,
        *,
        kind: str,
        source: str,
        target: str,
        operation: str,
        tags: Mapping[str, str],
        request: Any = None,
    ) -> Entry:
        with self._lock:
            self._sequence += 1
            entry = Entry(
                sequence=self._sequence,
                at=f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
                kind=kind,
                source=source,
                target=target,
                operation=operation,
                request=self._told(request),
                tags={name: self._told(value) for name, value in tags.items()},
            )
            self._entries.append(entry)
            return entry


def _matches(entry: Entry, wanted: Mapping[str, str]) -> bool:
    return all(
        entry.tags.get(name) == value or str(getattr(entry, name, None)) == value
        for name, value in wanted.items()
    )


def _without_ports(value: Any) -> Any:
    """Take the port out of addresses on this machine: it is another one in every run."""
    match value:
        case str():
            return _LOCAL_ADDRESS.sub(r"\1", value)
        case Mapping():
            return {name: _without_ports(item) for name, item in value.items()}
        case list():
            return [_without_ports(item) for item in value]
    return value


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > EXCERPT_LENGTH:
        return f"{value[:EXCERPT_LENGTH]}... ({len(value)} characters)"
    return value
