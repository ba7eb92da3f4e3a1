"""Retry as a pure function: bounded, growing, jittered alike for alike histories."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.retry import GiveUp, RetryAt, RetryPolicy, decide_retry
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy()
WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
ATTEMPTS = st.integers(min_value=1, max_value=POLICY.attempts_max - 1)


def decide(attempt, error, seed="seed", policy=POLICY, **unsent):
    return decide_retry(
        attempt=attempt, error=error, now=NOW, policy=policy, jitter_seed=seed, **unsent
    )


@given(ATTEMPTS, st.text(max_size=20))
def test_wait_stays_within_the_growing_ceiling_and_the_same_history_decides_alike(attempt, seed):
    error = RetryableError("busy", **WHERE)
    decision = decide(attempt, error, seed)
    ceiling = min(POLICY.delay_seconds_max, POLICY.first_delay_seconds * 2 ** (attempt - 1))
    assert isinstance(decision, RetryAt)
    assert decision.counts
    assert NOW <= decision.at <= NOW + timedelta(seconds=ceiling)
    assert decide(attempt, error, seed) == decision


def test_payments_do_not_come_back_together():
    error = RetryableError("busy", **WHERE)
    assert len({decide(5, error, f"payment {n}") for n in range(100)}) > 90


@given(ATTEMPTS, st.floats(min_value=0, max_value=7200))
def test_retry_after_is_a_floor(attempt, seconds):
    error = RetryableError("busy", retry_after_seconds=seconds, **WHERE)
    assert decide(attempt, error).at >= NOW + timedelta(seconds=seconds)


@given(st.integers(min_value=POLICY.attempts_max, max_value=1000))
def test_tries_come_to_an_end(attempt):
    decision = decide(attempt, RetryableError("busy", **WHERE))
    assert isinstance(decision, GiveUp)
    assert "busy" in decision.reason
    assert str(attempt) in decision.reason


WAITED = st.timedeltas(timedelta(0), timedelta(days=30))


@given(st.integers(min_value=1, max_value=5000), WAITED)
def test_what_never_left_is_tried_for_days_then_it_is_a_persons(attempt, waited):
    """Waits are an hour at most; as many tries as anything else has, it has at any age."""
    error = RetryableError("connection refused", **WHERE)
    decision = decide(attempt, error, unsent_since=NOW - waited)
    has_tries = attempt < POLICY.attempts_max
    if has_tries or waited < timedelta(days=POLICY.unsent_days_max):
        assert isinstance(decision, RetryAt)
        assert decision.at - NOW <= timedelta(hours=1)
    else:
        assert isinstance(decision, GiveUp)


@given(st.text(max_size=20), st.floats(min_value=0.1, max_value=14))
def test_the_whole_schedule_of_what_never_left_takes_days_and_ends(seed, days):
    """From the first refused connection to the last: no gap is longer than an hour."""
    policy = RetryPolicy(unsent_days_max=days)
    error = RetryableError("connection refused", **WHERE)
    now = NOW
    for attempt in range(1, 5000):
        decision = decide_retry(
            attempt=attempt,
            error=error,
            now=now,
            policy=policy,
            jitter_seed=seed,
            unsent_since=NOW,
        )
        if isinstance(decision, GiveUp):
            break
        assert now <= decision.at <= now + timedelta(hours=1)
        now = decision.at
    assert isinstance(decision, GiveUp)
    assert attempt >= policy.attempts_max
    assert now - NOW >= timedelta(days=days)


def test_a_bug_or_a_refusal_is_not_tried_for_days():
    for error in (ValueError("odd"), RejectedError("no such invoice", **WHERE)):
        assert isinstance(decide(POLICY.attempts_max, error, unsent_since=NOW), GiveUp)


@given(st.integers(min_value=0, max_value=1000))
def test_a_wrong_setting_uses_up_no_try(attempt):
    """However often, it waits for the setting and never becomes a dead letter."""
    decision = decide(attempt, ConfigurationError("billers.x: setting 13 is refused"))
    wait = timedelta(seconds=POLICY.configuration_delay_seconds)
    assert decision == RetryAt(at=NOW + wait, counts=False)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (RejectedError("no such invoice", **WHERE), GiveUp),
        (OutcomeUnknownError("silence", **WHERE), RetryAt),
        (ValueError("odd"), RetryAt),
    ],
)
def test_only_a_refusal_is_never_repeated(error, decision):
    assert isinstance(decide(1, error), decision)
