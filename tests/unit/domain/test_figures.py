"""Figures are plain facts; without any, nothing is known and nothing is wrong."""

from datetime import UTC, datetime

import pytest

from adapter.domain.figures import Figures, LedgerFigures, StateFigure
from adapter.domain.work_item import State


def test_an_empty_ledger_has_no_figures():
    empty = LedgerFigures()
    assert (empty.items, empty.exceptions, empty.marks) == ((), (), ())


def test_figures_are_asked_for_by_kind():
    payment, reversal = (
        StateFigure(kind=kind, biller="a", state=State.WAITING, count=1)
        for kind in ("payment", "reversal")
    )
    assert LedgerFigures(items=(payment, reversal)).of("reversal") == (reversal,)


def test_figures_of_a_moment_do_not_change():
    now = datetime(2026, 1, 5, tzinfo=UTC)
    figures = Figures(now=now, ledger=LedgerFigures(), intervals={})
    with pytest.raises(AttributeError):
        figures.ledger_problem = "x"
