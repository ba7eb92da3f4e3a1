"""The tables within a biller's: the guard's figures are those of the rules unless they are set."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapter.domain.guard import GuardFigures
from adapter.settings.biller_tables import GuardSettings


def test_the_guards_figures_are_the_rules_own_unless_set():
    assert GuardSettings().figures == GuardFigures()
    figures = GuardSettings(settle_seconds=60, feed_patience_seconds=7200).figures
    assert (figures.settle, figures.feed_patience) == (timedelta(minutes=1), timedelta(hours=2))
    assert figures.bracket == GuardFigures().bracket


@pytest.mark.parametrize("seconds", [0, -1, "soon"])
def test_a_guard_without_a_settle_time_is_refused(seconds):
    with pytest.raises(ValidationError):
        GuardSettings(settle_seconds=seconds)
