"""Figures are plain facts; without any, nothing is known and nothing is wrong."""

from datetime import UTC, datetime

import pytest

from adapter.domain.figures import Figures, LedgerFigures


def test_an_empty_ledger_has_no_figures():
    told = LedgerFigures()
    assert (told.deliveries, told.exceptions, told.marks) == ((), (), ())


def test_figures_of_a_moment_do_not_change():
    now = datetime(2026, 1, 5, tzinfo=UTC)
    figures = Figures(now=now, ledger=LedgerFigures(), intervals={})
    with pytest.raises(AttributeError):
        figures.ledger_problem = "x"
