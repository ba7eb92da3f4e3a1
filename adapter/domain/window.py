"""GMT windows of polls, half-open (C6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
