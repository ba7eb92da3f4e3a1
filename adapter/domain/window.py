"""GMT windows for polls: half-open, overlapping, resumed from a high-water mark (C6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.clock import require_aware


@dataclass(frozen=True, kw_only=True)
class GmtWindow:
    """Moments from `start_gmt` (included) to `end_gmt` (excluded), both aware, in UTC."""

    start_gmt: datetime
    end_gmt: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_gmt", require_aware(self.start_gmt, "start_gmt"))
        object.__setattr__(self, "end_gmt", require_aware(self.end_gmt, "end_gmt"))
        if self.end_gmt < self.start_gmt:
            raise ValueError(f"window ends {self.end_gmt} before it starts {self.start_gmt}")


def next_window(
    mark: datetime | None, now: datetime, *, overlap: timedelta, first_reach: timedelta
) -> GmtWindow:
    """Return the window to poll now: from the mark less the overlap, however long the outage.

    Without a mark (the first poll ever) the window reaches back by `first_reach`.
    """
    start = now - first_reach if mark is None else min(mark, now) - overlap
    return GmtWindow(start_gmt=start, end_gmt=now)
