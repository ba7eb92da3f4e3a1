"""What jobs and kinds of items work with: the ledger, the billers, the time, and the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.clock import Clock, steady_seconds
from adapter.domain.retry import RetryPolicy
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
class JobContext:
    """The ledger, the billers' connections, the time, the rules, and who observes the work.

    `steady` returns seconds that nobody can set: by them a lease ends, whatever a clock says.
    """

    ledger: Ledger
    billers: BillersPort
    clock: Clock
    rules: Rules
    observer: Observer = field(default_factory=Unobserved)
    steady: Callable[[], float] = steady_seconds
