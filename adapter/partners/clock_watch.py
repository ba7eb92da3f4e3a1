"""How far each partner's clock is from ours, as its answers' Date headers tell."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from adapter.clock import Clock

# A Date header has whole seconds, and an answer is some moments old when it is read.
PRECISION_SECONDS = 2.0
# A clock that is set back is believed after at most twice this long.
MEASURED_FOR = timedelta(minutes=30)
# A Date that is further away measures nothing.
OFFSET_MAX = timedelta(days=1)


class ClockWatch:
    """Keeps what the partners' answers told; for any number of threads.

    The last answer of each partner counts for its skew. The offset of a host's clock, by which
    the moment of an answer is told in our time, is measured by answers alone that no cache keeps.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._skews: dict[str, float] = {}
        self._offsets: dict[str, _Offset] = {}

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

    def measure(self, host: str, headers: Mapping[str, str]) -> None:
        """Measure a host's clock by an answer that surely was made for this request."""
        dated, now = _date_of(headers), self._clock.now()
        if dated is None or abs(dated - now) > OFFSET_MAX:
            return
        with self._lock:
            known = self._offsets.get(host)
            self._offsets[host] = _Offset.measured(known, dated - now, now)

    def our_time(self, host: str, headers: Mapping[str, str]) -> datetime | None:
        """Return an answer's Date (UTC) by our clock; None without one, or for an unknown host."""
        dated = _date_of(headers)
        with self._lock:
            offset = self._offsets.get(host)
        if dated is None or offset is None:
            return None
        try:
            return dated - offset.ahead
        except OverflowError:
            return None


@dataclass(frozen=True, kw_only=True)
class _Offset:
    """How far a clock is ahead of ours: the greatest that was measured lately.

    An answer is told before it is read, and a Date is cut to its second: every measurement is too
    small, and the greatest is the best.
    """

    since: datetime
    greatest: timedelta
    before: timedelta

    @property
    def ahead(self) -> timedelta:
        return max(self.greatest, self.before)

    @classmethod
    def measured(cls, known: _Offset | None, ahead: timedelta, now: datetime) -> _Offset:
        if known is None or now - known.since >= 2 * MEASURED_FOR:
            return cls(since=now, greatest=ahead, before=ahead)
        if now - known.since >= MEASURED_FOR:
            return cls(since=now, greatest=ahead, before=known.greatest)
        return cls(since=known.since, greatest=max(known.greatest, ahead), before=known.before)


def skew_of(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Return by how many seconds an answer's Date is ahead of us."""
    dated = _date_of(headers)
    if dated is None:
        return None
    seconds = (dated - clock.now()).total_seconds()
    return 0.0 if abs(seconds) <= PRECISION_SECONDS else seconds


def _date_of(headers: Mapping[str, str]) -> datetime | None:
    try:
        dated = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return dated if dated.tzinfo is not None else None
