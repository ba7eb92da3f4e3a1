"""When evidence is looked for again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.evidence import LOOK_SECONDS_MAX, next_look_at

SENT_AT = datetime(2026, 1, 5, 9, 12, tzinfo=UTC)
SETTLE = 900


@given(st.floats(min_value=0, max_value=30 * 86_400))
def test_looks_grow_apart_within_bounds(passed):
    now = SENT_AT + timedelta(seconds=passed)
    wait = next_look_at(sent_at=SENT_AT, now=now, settle_seconds=SETTLE) - now
    assert timedelta(seconds=SETTLE) <= wait <= timedelta(seconds=LOOK_SECONDS_MAX)


def test_a_day_takes_few_looks():
    now, looks = SENT_AT + timedelta(seconds=SETTLE), 0
    while now - SENT_AT < timedelta(hours=24):
        now = next_look_at(sent_at=SENT_AT, now=now, settle_seconds=SETTLE)
        looks += 1
    assert looks < 20
