"""The database's clock, by which all who share a ledger on PostgreSQL tell the time (0035)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from adapter.clock import require_aware, steady_seconds

# Two counters drift apart by less between two looks; what differs more was set by somebody, or
# the database is another one now.
STEP_SECONDS_MIN = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


class DatabaseClock:
    """Tells the database's time between two looks at it, by this machine's steady seconds.

    A look takes a while, and the answer is of some moment within it: the offset moves only as far
    as the answer demands, so that slow answers move nothing. It is followed on and back, since
    whoever does not follow shares no clock with the others. Safe to use from many threads.
    """

    def __init__(self, steady: Callable[[], float] = steady_seconds) -> None:
        self._steady = steady
        self._changing = threading.Lock()
        self._offset: float | None = None  # seconds since 1970, less the steady ones

    def now(self) -> datetime:
        """Return the database's time in UTC; raises RuntimeError before the first look."""
        if self._offset is None:
            raise RuntimeError("the database has not been asked for its time")
        return _EPOCH + timedelta(seconds=self._offset + self._steady())

    def ask(self, question: Callable[[], datetime]) -> None:
        """Ask the database, by a question that is answered with its aware time."""
        asked = self._steady()
        database_time = (require_aware(question(), "the database's time") - _EPOCH).total_seconds()
        earliest, latest = database_time - self._steady(), database_time - asked
        with self._changing:
            before = self._offset
            self._offset = earliest if before is None else min(max(before, earliest), latest)
            step = 0.0 if before is None else self._offset - before
        if abs(step) >= STEP_SECONDS_MIN:
            _log.warning("the database's clock was set, or its host is another", seconds=step)
