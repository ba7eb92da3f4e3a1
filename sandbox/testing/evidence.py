"""What a test leaves behind: the auditor's verdict, the end of the timeline, files to keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .connection import SandboxError
from .world import World

Keep = Literal["failed", "all", "none"]
TIMELINE_LINES = 10
# What a reader need not see; it is in the journal all the same.
QUIET_OPERATIONS = frozenset({"Token", "Sessions"})


@dataclass(kw_only=True)
class Evidence:
    """A world of one test, read at the test's end; `audited` says whether the auditor counts."""

    world: World
    audited: bool
    keep: Keep
    new_folder: Callable[[], Path]
    read: bool = False
    verdict: str = ""
    broken: bool = False
    timeline: tuple[str, ...] = ()
    kept_in: Path | None = None

    def gather(self, *, failed: bool) -> None:
        """Read the world once, and keep what was read where that is wanted."""
        if self.read:
            return
        self.read = True
        try:
            report = self.world.audit()
            self.broken = self.audited and not report["clean"]
            self.verdict = told_verdict(report)
            failed = failed or self.broken
            kept = self.keep == "all" or (self.keep == "failed" and failed)
            if failed or kept:
                journal = self.world.journal()
                self.timeline = tuple(told_timeline(journal))
            if kept:
                self._keep(self.new_folder(), journal, report)
        except SandboxError as error:
            self.verdict = f"the world cannot be read: {error}"
            self.broken = self.audited
        except OSError as error:
            self.verdict += f"\nnot kept: {error}"

    def _keep(self, folder: Path, journal: list[dict[str, Any]], report: dict[str, Any]) -> None:
        lines = "".join(f"{json.dumps(entry, sort_keys=True)}\n" for entry in journal)
        texts = {
            "journal.jsonl": lines,
            "timeline.txt": "".join(f"{line}\n" for line in self.timeline),
            "state.json": json.dumps(self.world.state(), indent=2),
            "audit.json": json.dumps(report, indent=2),
        }
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
        self.kept_in = folder

    def story(self) -> str:
        """Tell the end of the timeline, the verdict, and where the files are."""
        kept = (f"kept in {self.kept_in}",) if self.kept_in else ()
        return "\n".join([*self.timeline[-TIMELINE_LINES:], self.verdict, *kept])


def told_timeline(journal: Iterable[dict[str, Any]]) -> list[str]:
    """Tell each entry in one line: when (UTC), who called whom, what, and what came of it."""
    return [
        f"{entry['at']}  {_who(entry):<26}  {entry['operation']:<18}  {_outcome(entry)}".rstrip()
        for entry in journal
        if entry["operation"] not in QUIET_OPERATIONS
    ]


def told_verdict(report: dict[str, Any]) -> str:
    """Tell each broken invariant with its stories, or that none is broken."""
    lines = [
        line
        for invariant in report["invariants"]
        if not invariant["holds"]
        for line in (
            f"BROKEN {invariant['number']}: {invariant['statement']}",
            *(f"  {violation['story']}" for violation in invariant["violations"]),
        )
    ]
    return "\n".join(lines or ["The auditor: nothing lost, nothing doubled."])


def _who(entry: dict[str, Any]) -> str:
    if entry["source"] == entry["target"]:
        return str(entry["target"])
    return f"{entry['source']} > {entry['target']}"


def _outcome(entry: dict[str, Any]) -> str:
    return str(entry["outcome"] or (f"HTTP {entry['status']}" if entry["status"] else ""))
