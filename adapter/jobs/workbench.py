"""What a job works with, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.clock import Clock
from adapter.domain.retry import RetryPolicy
from adapter.errors import AdapterError
from adapter.ledger.ledger import Ledger
from adapter.observer import Observer, Unobserved
from adapter.ports import BillersPort


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The bounds that jobs keep to, as the settings give them.

    `settle_seconds` is longer than any request of ours may take, at both ends. Without `keep_days`
    nothing is ever forgotten.
    """

    settle_seconds: float = 120.0
    lease_seconds: float = 90.0
    poll_overlap_minutes: float = 30.0
    first_reach_hours: float = 48.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    keep_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """The ledger, the billers' connections, the time, the rules, and who is told of the work."""

    ledger: Ledger
    billers: BillersPort
    clock: Clock
    rules: Rules
    observer: Observer = field(default_factory=Unobserved)


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
