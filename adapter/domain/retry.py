"""Retry as a pure function of attempt, error and time: exponential, full jitter, bounded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.errors import ConfigurationError, PartnerError, RejectedError


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Bounds of the retry: after `attempts_max` the payment is a dead letter."""

    first_delay_seconds: float = 30.0
    delay_seconds_max: float = 3600.0
    attempts_max: int = 60
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
    *, attempt: int, error: Exception, now: datetime, policy: RetryPolicy, jitter_seed: str
) -> RetryAt | GiveUp:
    """Decide what follows the failed try number `attempt` (from 1).

    The jitter is drawn from `jitter_seed` and the attempt, so the same history decides alike.
    A partner's Retry-After is a floor; a wrong setting waits without using up attempts.
    """
    if isinstance(error, ConfigurationError):
        wait = timedelta(seconds=policy.configuration_delay_seconds)
        return RetryAt(at=now + wait, counts=False)
    if isinstance(error, RejectedError):
        return GiveUp(reason=str(error))
    if attempt >= policy.attempts_max:
        return GiveUp(reason=f"{attempt} attempts failed, the last with: {error}")
    ceiling = min(policy.delay_seconds_max, policy.first_delay_seconds * 2 ** (attempt - 1))
    chance = random.Random(f"{jitter_seed}:{attempt}").random()  # noqa: S311  # jitter, no secret
    floor = error.retry_after_seconds or 0.0 if isinstance(error, PartnerError) else 0.0
    return RetryAt(at=now + timedelta(seconds=max(floor, ceiling * chance)), counts=True)
