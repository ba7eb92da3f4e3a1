"""The timeline: the journal and the adapter's ledger, told line by line as time advances."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from sandbox.audit.ledger_view import LedgerView
from sandbox.world.journal import Entry
from sandbox.world.world import World

# What a reader of the day need not see: it is in the journal all the same.
QUIET_OPERATIONS = frozenset({"Token", "Sessions"})
# Asked again and again: shown when the answer is another than the last time.
POLLS = {
    "InvoiceBalanceDue": "InvoiceBalanceDue",
    "ExtractInvoices": "ExtractInvoices",
    "ExtractReceipts": "ExtractReceipts",
    "PaymentReportingDataSetFromGMT": "PaymentReporting",
    "ACHRejectReportingDataSetFromGMT": "ACHRejects",
    "BillerSettledBatchDetailDataSet": "SettledBatches",
    "BillerAutoPayCustomerReportDataSet": "AutoPayReport",
    "BillerPaperlessCustomerReportDataSet": "PaperlessReport",
}
# A step that a call in the journal tells already.
QUIET_STEPS = frozenset({"sending"})
SHORT_NAMES = {**POLLS, "RemoteAuthentication": "RemoteAuth", "Settings": "PolicySettings"}
_NO_ROWS = re.compile(r"(^|: )0( |$)")
NAMES = {"spectrum": "Spectrum", "imt": "IMT", "invoice_cloud": "Invoice Cloud"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline; a chapter, a day and a rest have a text only. `at` is UTC."""

    at: str
    kind: str  # "chapter", "day", "call", "event", "fault", "ledger" or "rest"
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
        self._told_polls: dict[str, str] = {}
        self._repeated = 0
        self._day = ""

    def chapter(self, text: str) -> None:
        self.rest()
        self._show(_plain(f"{self._world.clock.now():%Y-%m-%dT%H:%M:%SZ}", "chapter", text))

    def tell(self) -> None:
        """Show everything that happened since the last call."""
        entries = [e for e in self._world.journal.entries() if e.sequence > self._told_journal]
        if entries:
            self._told_journal = entries[-1].sequence
        told: list[Line | None] = [
            None if self._brings_nothing_new(e) else _from_journal(e)
            for e in entries
            if e.operation not in QUIET_OPERATIONS
        ]
        self._repeated += told.count(None)
        lines = [line for line in told if line is not None]
        for line in sorted([*lines, *self._from_ledger()], key=lambda line: line.at):
            self._tell_line(line)

    def _brings_nothing_new(self, entry: Entry) -> bool:
        """Tell whether this is a poll without a row, or with the answer of the one before it."""
        if entry.kind != "call" or entry.operation not in POLLS:
            return False
        asked = entry.request.get("SettlementDate", "") if entry.request else ""
        key = f"{entry.operation} {asked or entry.tags.get('invoice_number', '')}"
        before = self._told_polls.get(key)
        self._told_polls[key] = entry.outcome
        return before == entry.outcome or _NO_ROWS.search(entry.outcome) is not None

    def _tell_line(self, line: Line) -> None:
        day = line.at[:10]
        if self._day and day != self._day:
            self._show(_plain(line.at, "day", f"{datetime.fromisoformat(day):%A, %B %d}"))
        self._day = day
        self._show(line)

    def rest(self) -> None:
        """Say how many calls were left out in this chapter."""
        if self._repeated:
            calls = "1 call" if self._repeated == 1 else f"{self._repeated} calls"
            at = f"{self._world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
            self._show(_plain(at, "rest", f"... {calls} brought nothing new"))
            self._repeated = 0

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
    if line.kind in {"day", "rest"}:
        console.print(f"[dim]{line.text}[/]")
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


def _plain(at: str, kind: str, text: str) -> Line:
    return Line(at=at, kind=kind, source="", target="", operation="", text=text)
