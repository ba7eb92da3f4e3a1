"""The timeline: the journal and the adapter's ledger, told line by line as time advances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from sandbox.audit.ledger_view import LedgerView
from sandbox.world.journal import Entry
from sandbox.world.world import World

# What a reader of the day need not see: it is in the journal all the same.
QUIET_OPERATIONS = frozenset({"Token"})
# A step that a call in the journal tells already.
QUIET_STEPS = frozenset({"sending"})
SHORT_NAMES = {"PaymentReportingDataSetFromGMT": "PaymentReporting"}
NAMES = {"spectrum": "Spectrum", "invoice_cloud": "Invoice Cloud", "adapter": "adapter"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline; a chapter has a text only. `at` is UTC."""

    at: str
    kind: str  # "chapter", "call", "event", "fault" or "ledger"
    source: str
    target: str
    operation: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Timeline:
    """Tells each journal entry and each telling ledger event once, in order of time."""

    def __init__(self, world: World, show: Callable[[Line], None]) -> None:
        self._world = world
        self._show = show
        self._told_journal = 0
        self._told_ledger: set[tuple[str, str]] = set()

    def chapter(self, text: str) -> None:
        at = f"{self._world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        self._show(Line(at=at, kind="chapter", source="", target="", operation="", text=text))

    def tell(self) -> None:
        """Show everything that happened since the last call."""
        entries = [e for e in self._world.journal.entries() if e.sequence > self._told_journal]
        if entries:
            self._told_journal = entries[-1].sequence
        told = [_from_journal(e) for e in entries if e.operation not in QUIET_OPERATIONS]
        for line in sorted([*told, *self._from_ledger()], key=lambda line: line.at):
            self._show(line)

    def _from_ledger(self) -> list[Line]:
        lines = []
        for event in LedgerView(self._world).events():
            if event.key in self._told_ledger:
                continue
            self._told_ledger.add(event.key)
            from_pump = event.step == "accepted" and event.source == "data_pump"
            if event.step not in QUIET_STEPS and not from_pump:
                lines.append(
                    Line(
                        at=event.at,
                        kind="ledger",
                        source="adapter",
                        target="adapter",
                        operation=event.step,
                        text=f"invoice {event.invoice_number}: {event.detail}",
                    )
                )
        return lines


def print_line(console: Console, line: Line) -> None:
    """Print a line for a reader: time, who called whom, what, and what came of it."""
    if line.kind == "chapter":
        console.print()
        console.print(f"[bold cyan]{line.text}[/]")
        return
    style = {"fault": "yellow", "ledger": "magenta"}.get(line.kind, "")
    who = NAMES.get(line.source, line.source)
    if line.source != line.target:
        who = f"{who} > {NAMES.get(line.target, line.target)}"
    operation = SHORT_NAMES.get(line.operation, line.operation.replace("_", " "))
    row = Text(f"{line.at[11:19]}  {who:<23}  {operation:<17}  {line.text}", style=style)
    console.print(row, soft_wrap=True)


def _from_journal(entry: Entry) -> Line:
    outcome = entry.outcome or (f"HTTP {entry.status}" if entry.status else "")
    return Line(
        at=entry.at,
        kind=entry.kind,
        source=entry.source,
        target=entry.target,
        operation=entry.operation,
        text=outcome,
    )
