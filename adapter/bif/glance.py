"""A quick look at a row: one that fits its record's pattern as a whole needs no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from adapter.bif.advice import ADVISED
from adapter.bif.dialects import announcements
from adapter.bif.figures import COMPARED
from adapter.bif.table import RecordShape, group_name, stands_in_calendar
from adapter.domain.invoice import BifDialect


class Look(NamedTuple):
    """What is looked at in a row of one kind: groups of its pattern, the dates among them first.

    `watched` are the FileSpecIDs whose values are handed on, those that are compared first.
    """

    shape: RecordShape
    fits: Callable[[str], re.Match[str] | None]
    groups: tuple[str, ...]
    date_count: int
    watched: tuple[int, ...]
    compared_count: int


@cache
def looks(dialect: BifDialect, *, advise: bool) -> Mapping[str, Look]:
    """Return how each kind of row is looked at, by how the row announces it."""
    return {
        announced: _look(shape, dialect, advise=advise)
        for announced, shape in announcements(dialect).items()
    }


def glance(look: Look, line: str) -> Sequence[str] | None:
    """Return the watched values of a faultless row that has every column; None: look closer."""
    match = look.fits(line)
    if match is None:
        return None
    if not look.groups:
        return ()
    # Group 0 is the row itself: with it the result is a tuple, however few are asked for.
    values = match.group(0, *look.groups)
    first = look.date_count + 1
    for day in values[1:first]:
        if day and not stands_in_calendar(day):
            return None
    return values[first:]


def _look(shape: RecordShape, dialect: BifDialect, *, advise: bool) -> Look:
    compared = COMPARED.get(shape.kind, ())
    watched = (*compared, *(ADVISED.get(shape.kind, ()) if advise else ()))
    return Look(
        shape=shape,
        fits=shape.row_patterns[dialect].fullmatch,
        groups=(*shape.date_groups, *map(group_name, watched)),
        date_count=len(shape.date_groups),
        watched=watched,
        compared_count=len(compared),
    )
