"""What a ledger knows of time: its beginning, and the gaps that it cannot speak for (0034).

What was done in a gap may be missing here and done all the same: absence proves nothing there.
Moments are aware, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# Between two heartbeats, and between partners' clocks and ours, lies less than this.
MARGIN = timedelta(minutes=5)
# A worker writes its heartbeat each minute; one that was silent for longer may be dead.
BEAT_INTERVAL = timedelta(minutes=1)
ALIVE_MAX = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time of which the ledger may have forgotten anything; a start of None is since ever."""

    start: datetime | None
    end: datetime
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class LedgerKnowledge:
    """Since when the ledger is kept, and its gaps, the one that ended last first.

    What was paid before `beginning` is nobody's to post by itself.
    """

    beginning: datetime
    gaps: tuple[Gap, ...] = ()

    def since(self, payments_since: datetime | None) -> LedgerKnowledge:
        """Return what is known for a biller whose settings may name another beginning.

        A beginning that is named stands also where the ledger is younger: then the gap before
        the ledger says what has to be looked at.
        """
        return self if payments_since is None else replace(self, beginning=payments_since)

    def latest_gap_end_after(self, moment: datetime) -> datetime | None:
        """Return when the last gap ended, if that is later than `moment`."""
        last = max((gap.end for gap in self.gaps), default=None)
        return last if last is not None and last > moment else None

    def is_whole_since(self, paid_at: datetime) -> bool:
        """Tell whether the ledger knows of all that happened to a payment made at `paid_at`."""
        return paid_at >= self.beginning and self.latest_gap_end_after(paid_at - MARGIN) is None


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """What a worker wrote last: when, for the how-manieth time, in which database (`where`).

    It stands in the ledger, and as a mark outside of it. Times may be set back; `beats` may not.
    """

    worker: str
    at: datetime
    beats: int
    where: str = ""
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a start found: a gap, or another worker that has yet to show that it lives."""

    gap: Gap | None = None
    waits_for: Heartbeat | None = None


def judge_start(
    kept: Mapping[str, Heartbeat],
    marks: Mapping[str, Heartbeat],
    *,
    where: str,
    known_until: datetime | None,
    now: datetime,
) -> Start:
    """Say whether the ledger's last heartbeat is proven to be the newest; without proof: a gap.

    `kept` are the heartbeats that the ledger holds, `marks` what this host's workers wrote outside
    of it, both by worker. `where` is the database that was opened now, "" where it has no name.
    `known_until` is the end of the last gap: what lies before was forgotten already.
    """
    if not kept:
        end = max((now, *(mark.at for mark in marks.values())))
        return Start(gap=Gap(start=None, end=end, why="it holds no heartbeat"))
    newest = max(kept.values(), key=lambda beat: beat.at)
    why = _what_is_wrong(kept, marks, where, known_until)
    if why is None:
        mark = marks.get(newest.worker)
        if mark is not None and mark.beats >= newest.beats - 1:
            return Start()
        if mark is None and not newest.ended and abs(now - newest.at) <= ALIVE_MAX:
            return Start(waits_for=newest)
        why = "nothing outside of it proves that its last heartbeat is the newest"
    return Start(gap=gap_until(now, newest.at, marks.values(), why=why))


def gap_until(now: datetime, last: datetime, others: Iterable[Heartbeat] = (), *, why: str) -> Gap:
    """Return the gap from the last heartbeat to now; a clock that was set back shortens none."""
    end = max((now, last, *(beat.at for beat in others)))
    return Gap(start=min(now, last) - MARGIN, end=end, why=why)


def _what_is_wrong(
    kept: Mapping[str, Heartbeat],
    marks: Mapping[str, Heartbeat],
    where: str,
    known_until: datetime | None,
) -> str | None:
    for worker, mark in marks.items():
        if worker not in kept or mark.beats > kept[worker].beats:
            return f"a worker wrote at {mark.at:%Y-%m-%dT%H:%M:%SZ} what it does not hold"
    last = max(marks.values(), key=lambda beat: beat.at, default=None)
    if last is None or not (last.where and where) or last.where == where:
        return None
    if known_until is not None and last.at <= known_until:
        return None
    return "it is not the database that was written last, but another one or a copy"
