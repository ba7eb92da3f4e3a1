"""How far each partner's clock is from ours, as its answers' Date headers tell."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from adapter.clock import Clock

# A Date header has whole seconds, and an answer is some moments old when it is read.
PRECISION_SECONDS = 2.0


class ClockWatch:
    """Keeps what each partner's last answer told; for any number of threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._skews: dict[str, float] = {}

    def note(self, partner: str, headers: Mapping[str, str]) -> None:
        """Note an answer; one without a Date that can be read tells nothing."""
        skew_seconds = skew_of(headers, self._clock)
        if skew_seconds is not None:
            with self._lock:
                self._skews[partner] = skew_seconds

    def skews(self) -> dict[str, float]:
        """Return by how many seconds each partner that was heard of is ahead of us."""
        with self._lock:
            return dict(self._skews)


def skew_of(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Return by how many seconds an answer's Date is ahead of us."""
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    if told.tzinfo is None:
        return None
    seconds = (told - clock.now()).total_seconds()
    return 0.0 if abs(seconds) <= PRECISION_SECONDS else seconds
