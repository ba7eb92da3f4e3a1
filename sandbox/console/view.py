"""What the console shows of a world, read once and in readers' words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.fakes import FAKES, state_of
from sandbox.world.billers import Biller
from sandbox.world.fault_board import ArmedFault
from sandbox.world.journal import Entry
from sandbox.world.registry import DEFAULT_WORLD
from sandbox.world.world import World

TIMELINE_LENGTH_MAX = 60
OUTCOME_LENGTH_MAX = 300
NAMES = {
    "adapter": "Adapter",
    "client": "Client",
    "imt": "IMT",
    "invoice_cloud": "Invoice Cloud",
    "sandbox": "Sandbox",
    "spectrum": "Spectrum",
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a book; `money` is a sum in dollars, where there is one."""

    label: str
    count: int
    money: str = ""


@dataclass(frozen=True, kw_only=True)
class BookView:
    """One partner's book in figures."""

    partner: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of the journal as a line of the timeline."""

    at: str
    day: str
    time: str
    kind: str
    who: str
    operation: str
    outcome: str
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorldView:
    """Everything on the page; moments are UTC."""

    world: World
    now: datetime
    next_event: str
    billers: tuple[Biller, ...]
    books: tuple[BookView, ...]
    audit: dict[str, Any]
    timeline: tuple[Line, ...]
    entries: int
    faults: tuple[str, ...]
    other_worlds: tuple[tuple[str, str], ...]

    @property
    def broken(self) -> int:
        return sum(not invariant["holds"] for invariant in self.audit["invariants"])


def look_at(world: World, names: list[str]) -> WorldView:
    """Read a world's books, journal and verdict as they stand now."""
    from sandbox.audit import run_audit  # reads an adapter's ledger over HTTP, so brings a client

    entries = world.journal.entries()
    return WorldView(
        world=world,
        now=world.clock.now(),
        next_event=_next_event(world),
        billers=world.billers,
        books=tuple(_book_view(world, partner) for partner in FAKES),
        audit=run_audit(world).as_json(),
        timeline=tuple(_line(entry) for entry in reversed(entries[-TIMELINE_LENGTH_MAX:])),
        entries=len(entries),
        faults=tuple(_fault_words(armed) for armed in world.faults.armed()),
        other_worlds=tuple((n, world_path(n)) for n in names if n != world.name),
    )


def world_path(name: str) -> str:
    return "/" if name == DEFAULT_WORLD else f"/w/{name}/"


def _next_event(world: World) -> str:
    pending = world.clock.pending()
    return f"{pending[0].label} at {pending[0].at:%H:%M:%S}" if pending else ""


def _book_view(world: World, partner: str) -> BookView:
    """Count each list of a book, and add up the money that its rows are about."""
    told = state_of(world, partner)
    figures = [
        figure
        for name, rows in told.items()
        if isinstance(rows, list)
        for figure in _figures(name.replace("_", " "), rows)
    ]
    return BookView(partner=NAMES[partner], figures=tuple(figures))


def _figures(label: str, rows: list[dict[str, Any]]) -> Iterator[Figure]:
    """Tell declined payments and refused files apart from the others."""
    for flag in ("approved", "accepted"):
        if rows and flag in rows[0]:
            others = [row for row in rows if not row[flag]]
            yield _figure(label, [row for row in rows if row[flag]])
            if others:
                yield Figure(label=f"{label} not {flag}", count=len(others))
            return
    yield _figure(label, rows)


def _figure(label: str, rows: list[dict[str, Any]]) -> Figure:
    for column, word in (("balance_due", "due"), ("amount", "in all")):
        if rows and column in rows[0]:
            total = sum((Decimal(row[column]) for row in rows), Decimal(0))
            return Figure(label=label, count=len(rows), money=f"${total:,.2f} {word}")
    return Figure(label=label, count=len(rows))


def _line(entry: Entry) -> Line:
    at = datetime.fromisoformat(entry.at)
    who = NAMES.get(entry.source, entry.source)
    if entry.target != entry.source:
        who = f"{who} → {NAMES.get(entry.target, entry.target)}"
    outcome = entry.outcome or (f"HTTP {entry.status}" if entry.status else "no answer")
    if len(outcome) > OUTCOME_LENGTH_MAX:
        outcome = f"{outcome[:OUTCOME_LENGTH_MAX]}..."
    tags = [f"invoice {entry.tags['invoice_number']}"] if entry.tags.get("invoice_number") else []
    return Line(
        at=entry.at,
        day=f"{at:%A, %B %d, %Y}",
        time=f"{at:%H:%M:%S}",
        kind=entry.kind,
        who=who,
        operation=entry.operation,
        outcome=outcome,
        tags=tuple(tags),
    )


def _fault_words(armed: ArmedFault) -> str:
    often = "for ever" if armed.count is None else f"{armed.count} more"
    match = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in armed.match.items())
    return (
        f"{armed.kind} {armed.moment} {NAMES[armed.partner]} {armed.operation}"
        f"{f' of {match}' if match else ''}: struck {armed.struck}, {often}"
    )
