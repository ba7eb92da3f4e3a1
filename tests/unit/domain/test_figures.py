"""Figures are plain facts."""

from adapter.domain.figures import LedgerFigures, StateFigure
from adapter.domain.work_item import State


def test_figures_are_asked_for_by_kind():
    payment, reversal = (
        StateFigure(kind=kind, biller="a", state=State.WAITING, count=1)
        for kind in ("payment", "reversal")
    )
    assert LedgerFigures(items=(payment, reversal)).of("reversal") == (reversal,)
