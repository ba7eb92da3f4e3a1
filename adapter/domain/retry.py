"""Retry as a pure function of attempt, error and time: exponential, full jitter, bounded.

What may have left is tried so often, what surely never left for so long (decision 0035).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.errors import ConfigurationError, PartnerError, RejectedError

# Tries of a week may be many; no wait needs more doublings.
DOUBLINGS_MAX = 64


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Bounds of the retry: after `attempts_max` an item is a dead letter.

    One of which nothing left is tried on until `unsent_days_max` are over too.
    """

    first_delay_seconds: float = 30.0
    delay_seconds_max: float = 3600.0
    attempts_max: int = 60
    unsent_days_max: float = 7.0
    configuration_delay_seconds: float = 300.0


@dataclass(frozen=True, kw_only=True)
class RetryAt:
    """Try again at this moment (UTC); `counts` tells whether an attempt was used up."""

    at: datetime
    counts: bool


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """No further try: a person has to look."""

    reason: str


def decide_retry(
    *,
    attempt: int,
    error: Exception,
    now: datetime,
    policy: RetryPolicy,
    jitter_seed: str,
    unsent_since: datetime | None = None,
) -> RetryAt | GiveUp:
    """Decide what follows the failed try number `attempt` (from 1).

    `unsent_since` is when the item was accepted, if surely nothing of it has left since.

    The jitter is drawn from `jitter_seed` and the attempt, so the same history decides alike.
    A partner's Retry-After is a floor; a wrong setting waits without using up attempts.
    """
    if isinstance(error, ConfigurationError):
        wait = timedelta(seconds=policy.configuration_delay_seconds)
        return RetryAt(at=now + wait, counts=False)
    if isinstance(error, RejectedError):
        return GiveUp(reason=str(error))
    if attempt >= policy.attempts_max and not _is_tried_on(error, now, policy, unsent_since):
        return GiveUp(reason=f"{attempt} attempts failed, the last with: {error}")
    doublings = min(attempt - 1, DOUBLINGS_MAX)
    ceiling = min(policy.delay_seconds_max, policy.first_delay_seconds * 2**doublings)
    chance = random.Random(f"{jitter_seed}:{attempt}").random()  # noqa: S311  # jitter, no secret
    floor = error.retry_after_seconds or 0.0 if isinstance(error, PartnerError) else 0.0
    return RetryAt(at=now + timedelta(seconds=max(floor, ceiling * chance)), counts=True)


def _is_tried_on(
    error: Exception, now: datetime, policy: RetryPolicy, unsent_since: datetime | None
) -> bool:
    """Tell whether waiting may help still: a partner that is away for days comes back."""
    if unsent_since is None or not isinstance(error, PartnerError):
        return False
    return now - unsent_since < timedelta(days=policy.unsent_days_max)
