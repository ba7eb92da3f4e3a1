"""Examining an adapter: settings, ledger, disk, partners, clocks, payments, jobs."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path

from adapter.clock import Clock
from adapter.domain.alarm_rules import DISK_FREE_BYTES_MIN, behind_since, job_of
from adapter.domain.figures import Figures, MarkFigure
from adapter.domain.work_item import State
from adapter.doors.exit_codes import ExitCode
from adapter.doors.watch import figures_of, folder_of, length_text
from adapter.errors import AdapterError, ConfigurationError, LedgerError
from adapter.kinds import PAYMENTS
from adapter.ledger import Ledger, open_ledger
from adapter.partners.clock_watch import ClockWatch
from adapter.partners.http import PartnerHttp, open_client
from adapter.partners.probes import Probe, probes_of
from adapter.settings import BillerSettings, FileSettings, SettingsView

SKEW_WARN_SECONDS, SKEW_FAIL_SECONDS = 30.0, 300.0
# A partner that needs longer than this for a question about nothing does not answer.
PROBE_SECONDS_MAX = 10.0
# The payment poll first reaches back for two days.
GAP_TOLD = timedelta(days=3)


class Level(Enum):
    """How well it is: a warning needs somebody today, a failure now."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the list; what is not ok says what to do, and with which code to end."""

    level: Level
    name: str
    detail: str
    remedy: str = ""
    code: ExitCode = ExitCode.PROBLEM


def examine(config: Path, clock: Clock, *, offline: bool) -> Iterator[Check]:
    """Yield every check, each as soon as it is made; nothing is changed anywhere."""
    try:
        view = FileSettings(config).current()
    except ConfigurationError as error:
        yield from (_wrong_setting(problem) for problem in error.problems)
        return
    yield from _settings(view, config)
    figures = yield from _ledger(view, clock)
    if not offline:
        yield from _partners(view, clock)
    for biller in sorted(figures.posting_off):
        yield _switched_off(biller)
    if not figures.ledger_problem:
        yield from _payments(figures)
        yield from _jobs(figures)


def _wrong_setting(problem: str) -> Check:
    return Check(
        level=Level.FAIL,
        name="settings",
        detail=problem,
        remedy="Correct it; it takes effect at once, or at the next start where [adapter] is "
        "concerned",
        code=ExitCode.CONFIGURATION,
    )


def _settings(view: SettingsView, config: Path) -> Iterator[Check]:
    yield from (_wrong_setting(problem) for problem in view.all_problems)
    if not view.all_problems:
        names = ", ".join(sorted(view.billers))
        yield Check(level=Level.OK, name="settings", detail=f"{config} is right; billers: {names}")


def _ledger(view: SettingsView, clock: Clock) -> Generator[Check, None, Figures]:
    """Yield what the ledger is like, and return the figures."""
    url = view.adapter.ledger
    file = _file_of(url)
    measure = partial(figures_of, view=view, url=url)
    if file is not None and not file.exists():
        figures = measure(None, now=clock.now(), ledger_problem="it does not exist yet")
        yield _new_ledger(file)
    else:
        try:
            ledger = open_ledger(url, billers=lambda: view.biller_guids)
        except (ConfigurationError, LedgerError) as error:
            figures = measure(None, now=clock.now(), ledger_problem=str(error))
            is_setting = isinstance(error, ConfigurationError)
            yield _wrong_setting(str(error)) if is_setting else _opened(figures)
        else:
            now = ledger.keep_time(clock).now()
            figures = measure(ledger, now=now)
            yield _opened(figures)
            yield from _forgotten(ledger, now)
            ledger.close()
    if figures.disk_free_bytes is not None:
        yield _disk(figures.disk, figures.disk_free_bytes)
    return figures


def _file_of(url: str) -> Path | None:
    folder = folder_of(url)
    return None if folder is None else folder / url.rpartition("/")[2].partition("?")[0]


def _new_ledger(file: Path) -> Check:
    if os.access(file.parent, os.W_OK):
        return Check(
            level=Level.WARN,
            name="ledger",
            detail=f"{file} does not exist yet",
            remedy="`adapter serve --new-ledger` makes it. If payments were taken over before, "
            "name their file, or put back its copy",
        )
    return Check(
        level=Level.FAIL,
        name="ledger",
        detail=f"{file} does not exist, and {file.parent} cannot be written",
        remedy="Give the adapter's user the right to write there, or name another file",
        code=ExitCode.LEDGER,
    )


def _opened(figures: Figures) -> Check:
    if not figures.ledger_problem:
        return Check(
            level=Level.OK, name="ledger", detail="it opens, has the right schema, is writable"
        )
    return Check(
        level=Level.FAIL,
        name="ledger",
        detail=figures.ledger_problem,
        remedy="Nothing can be taken over until it can be written: see "
        "docs/operations.md#ledger_not_writable",
        code=ExitCode.LEDGER,
    )


def _forgotten(ledger: Ledger, now: datetime) -> Iterator[Check]:
    """Tell of gaps that payments of these days may lie in."""
    known = ledger.life.knowledge() if ledger.life.identity() else None
    for gap in () if known is None else known.gaps:
        if gap.start is not None and now - gap.end < GAP_TOLD:
            start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (gap.start, gap.end))
            yield Check(
                level=Level.WARN,
                name="forgotten time",
                detail=f"{start} to {end}: {gap.why}",
                remedy="Payments of that time are posted on evidence only: look at `adapter "
                "exceptions list`, and at docs/operations.md#when-the-ledger-has-a-gap",
            )


def _disk(folder: str, free: int) -> Check:
    told = f"{free / 1024**3:.1f} GiB are free at {folder}"
    if free >= DISK_FREE_BYTES_MIN:
        return Check(level=Level.OK, name="disk", detail=told)
    least = DISK_FREE_BYTES_MIN // 1024**2
    return Check(
        level=Level.FAIL,
        name="disk",
        detail=told,
        remedy=f"Free space: at least {least} MiB",
        code=ExitCode.LEDGER,
    )


def _partners(view: SettingsView, clock: Clock) -> Iterator[Check]:
    seconds = min(view.adapter.request_timeout_seconds, PROBE_SECONDS_MAX)
    watch = ClockWatch(clock)
    with ExitStack() as opened:
        https = {
            name: PartnerHttp(
                name, opened.enter_context(open_client(timeout_seconds=seconds)), watch=watch
            )
            for name in ("spectrum", "invoice_cloud", "imt")
        }
        for biller in view.billers.values():
            for probe in probes_of(biller, https.__getitem__, clock):
                yield _asked(biller, probe)
    for partner, skew_seconds in sorted(watch.skews().items()):
        yield _clock(partner, skew_seconds)


def _asked(biller: BillerSettings, probe: Probe) -> Check:
    name = f"{biller.slug}: {probe.name}"
    try:
        return Check(level=Level.OK, name=name, detail=probe.ask())
    except ConfigurationError as error:
        return Check(
            level=Level.FAIL,
            name=name,
            detail=str(error),
            remedy=f"Compare {probe.reads} with what the partner issued",
            code=ExitCode.CONFIGURATION,
        )
    except AdapterError as error:
        return Check(
            level=Level.FAIL,
            name=name,
            detail=str(error),
            remedy=f"Try the address of {probe.reads} from this machine; if it is right, ask the "
            "partner. Nothing is lost meanwhile: work waits and goes on by itself",
            code=ExitCode.PARTNER,
        )


def _clock(partner: str, skew_seconds: float) -> Check:
    name, apart = f"clock against {partner}", abs(skew_seconds)
    if apart <= SKEW_WARN_SECONDS:
        return Check(level=Level.OK, name=name, detail=f"{apart:.0f} s apart")
    which = "behind" if skew_seconds > 0 else "ahead of"
    return Check(
        level=Level.FAIL if apart > SKEW_FAIL_SECONDS else Level.WARN,
        name=name,
        detail=f"this machine is {apart:.0f} s {which} {partner}",
        remedy="Compare this machine's clock with its time server (`timedatectl`)",
    )


def _switched_off(biller: str) -> Check:
    return Check(
        level=Level.WARN,
        name=f"{biller}: posting",
        detail="it is switched off: payments and reversals are taken over and wait",
        remedy=f"Set billers.{biller}.posting to true when they may go",
    )


def _payments(figures: Figures) -> Iterator[Check]:
    waiting = figures.ledger.of(PAYMENTS.item.name)
    stuck = sum(f.count for f in waiting if f.state is State.NEEDS_PERSON)
    on_their_way = [f for f in waiting if f.state is not State.NEEDS_PERSON and f.oldest_at]
    if on_their_way:
        oldest = min(on_their_way, key=lambda f: f.oldest_at or figures.now)
        count = sum(f.count for f in on_their_way)
        named, word = oldest.oldest.partition(":")[0], PAYMENTS.word(oldest.state)
        yield Check(
            level=Level.OK,
            name="unfinished payments",
            detail=f"{count}; the oldest is {named} of {oldest.biller}, {word}, "
            f"accepted {oldest.oldest_at:%Y-%m-%dT%H:%M:%SZ}",
        )
    else:
        yield Check(level=Level.OK, name="unfinished payments", detail="none")
    if stuck:
        yield Check(
            level=Level.WARN,
            name="payments that need a person",
            detail=f"{stuck}",
            remedy="`adapter payments list`, then retry or resolve each",
        )
    for gone in sorted({f.biller for f in waiting} - figures.billers):
        yield Check(
            level=Level.FAIL,
            name=f"{gone}: settings",
            detail="the biller is not in the settings, and payments of it are unfinished",
            remedy="Put its table back",
            code=ExitCode.CONFIGURATION,
        )
    for item in figures.ledger.exceptions:
        yield Check(
            level=Level.WARN,
            name=f"{item.biller}: exceptions",
            detail=f"{item.count} {item.kind.value} open, the oldest since "
            f"{item.oldest_at:%Y-%m-%dT%H:%M:%SZ}",
            remedy="`adapter exceptions list` tells them; docs/adapter.md what ends each kind",
        )


def _jobs(figures: Figures) -> Iterator[Check]:
    for mark in figures.ledger.marks:
        interval = figures.intervals.get(job_of(mark.job))
        if interval is None or mark.biller not in figures.billers:
            continue
        yield _job(figures, mark, interval)


def _job(figures: Figures, mark: MarkFigure, interval: timedelta) -> Check:
    name, job = f"{mark.biller}: {mark.job}", job_of(mark.job)
    age = figures.now - mark.moved_at
    if age < -timedelta(seconds=SKEW_WARN_SECONDS):
        return Check(
            level=Level.WARN,
            name=name,
            detail=f"came to its end {length_text(-age)} in this machine's future",
            remedy="Somebody's clock is wrong: compare this machine's with its time server "
            "(`timedatectl`)",
        )
    detail = f"came to its end {length_text(age)} ago; it runs every {length_text(interval)}"
    if behind_since(figures, job, mark.moved_at) is None:
        return Check(level=Level.OK, name=name, detail=detail)
    return Check(
        level=Level.WARN,
        name=name,
        detail=detail,
        remedy=f"`adapter run {job} --biller {mark.biller}` tells what stops it",
    )
