"""Everything that alarms are judged by, gathered at once: ledger, settings, disk, clocks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from adapter.domain.alarms import Raised
from adapter.domain.figures import Figures, LedgerFigures
from adapter.errors import LedgerError
from adapter.jobs.schedule import SCHEDULE
from adapter.ledger import Ledger
from adapter.settings import SettingsView

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

_SQLITE = "sqlite:///"


def figures_of(
    ledger: Ledger | None,
    view: SettingsView,
    *,
    now: datetime,
    url: str,
    skews: Mapping[str, float] | None = None,
    ledger_problem: str = "",
) -> Figures:
    """Gather the figures of this moment; a ledger that fails is a figure too.

    `url` is the ledger's. Without a ledger, `ledger_problem` says why there is none.
    """
    figures, problem = LedgerFigures(), ledger_problem
    if ledger is not None:
        try:
            figures = ledger.figures.gather(view.billers, now=now)
            ledger.check_writable()
        except LedgerError as error:
            problem = str(error)
    folder = folder_of(url)
    return Figures(
        now=now,
        ledger=figures,
        intervals={schedule.job: schedule.interval for schedule in SCHEDULE},
        billers=frozenset({*view.billers, *view.biller_problems}),
        posting_off=frozenset(name for name, each in view.billers.items() if not each.posting),
        biller_problems=view.biller_problems,
        problems=view.problems,
        ledger_problem=problem,
        disk="" if folder is None else str(folder),
        disk_free_bytes=free_bytes(folder),
        skews=dict(skews or {}),
    )


def figures_now(adapter: Adapter) -> Figures:
    """Gather the figures of a running adapter."""
    return figures_of(
        adapter.ledger,
        adapter.source.current(),
        now=adapter.clock.now(),
        url=adapter.settings.ledger,
        skews=adapter.billers.clock_watch.skews(),
    )


def folder_of(url: str) -> Path | None:
    """Return the folder of an SQLite ledger; another database's disk is its server's affair."""
    if not url.startswith(_SQLITE):
        return None
    return Path(unquote(url.removeprefix(_SQLITE).partition("?")[0])).parent


def free_bytes(folder: Path | None) -> int | None:
    try:
        return None if folder is None else shutil.disk_usage(folder).free
    except OSError:
        return None


def length_text(length: timedelta) -> str:
    """Write a length of time in its two largest units."""
    minutes = int(length / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def alarm_view(each: Raised) -> dict[str, Any]:
    """Tell a raised alarm as plain JSON."""
    return {
        "name": each.alarm.name,
        "severity": each.alarm.severity.value,
        "biller": each.biller,
        "meaning": each.alarm.meaning,
        "detail": each.detail,
        "count": each.count,
        "since": None if each.since is None else f"{each.since:%Y-%m-%dT%H:%M:%SZ}",
        "advice": each.alarm.advice,
        "docs": each.alarm.docs,
    }
