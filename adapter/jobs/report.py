"""What one run of a job reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.errors import AdapterError


@dataclass(frozen=True, kw_only=True)
class JobReport:
    """What one run of a job did for one biller; `failure` is what ended it before its end.

    A failure is no loss: the next run of the schedule takes up where this one ended. A run that
    is cut short has done its share, and others get their turn before the rest.
    """

    job: str
    biller: str
    counts: Mapping[str, int]
    note: str = ""
    failure: AdapterError | None = None
    is_cut_short: bool = False
