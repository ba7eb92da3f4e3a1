"""Since when a ledger is kept, when its workers last lived, and what it has forgotten (0034).

What was done in a time that the ledger does not know of must not be taken for undone.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, bindparam, func, insert, select, update

from adapter.clock import Clock, require_aware
from adapter.domain.ledger_life import (
    ALIVE_MAX,
    BEAT_INTERVAL,
    Gap,
    Heartbeat,
    LedgerKnowledge,
    Start,
    gap_until,
    judge_start,
)
from adapter.errors import LedgerError
from adapter.ledger.columns import EPOCH
from adapter.ledger.marks import Marks
from adapter.ledger.schema import gaps, heartbeats, meta
from adapter.ledger.store import WHOLE_LEDGER, ConcurrentWriteError, Store

_BEGUN, _IDENTITY = "begun", "identity"
# Only the last end is ever asked for; whoever looks wants to see some more.
GAPS_TOLD_MAX = 100
# Asked before every post: building a statement costs more than running it.
_VALUE_OF = select(meta.c.value).where(meta.c.name == bindparam("asked"))
_NEWEST_GAPS = select(gaps).order_by(gaps.c.ended_at.desc()).limit(GAPS_TOLD_MAX)
_BEATS = select(heartbeats)
_BEAT_AGAIN = update(heartbeats).where(heartbeats.c.worker == bindparam("of"))
# Whether another worker lives is looked at so often.
WAITING_INTERVAL = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


class LedgerLife:
    """The ledger's beginning, its gaps, and its workers' heartbeats; times are UTC.

    A process that works on the ledger calls `begin`, then `arrive`, then `beat` whenever it does
    something, and `leave` at its end. Whoever only looks calls none of them.
    """

    def __init__(self, store: Store, worker: str) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._marks: Marks | None = None
        self._clock: Clock | None = None
        self._is_new = False
        # What this process wrote last, when it tried to, and on how many connections.
        self._mine = Heartbeat(worker=worker, at=EPOCH, beats=0)
        self._tried_at: datetime | None = None
        self._connections = 0
        # Another worker that seems to live, and since when it is waited for.
        self._waits_for: tuple[Heartbeat, datetime] | None = None

    def begin(self, begun: datetime) -> datetime:
        """Note the beginning of a new ledger; return the beginning of this one.

        Of the time before, it knows nothing: that is its first gap.
        """
        begun = require_aware(begun, "begun")
        with suppress(ConcurrentWriteError), self._store.writing(WHOLE_LEDGER) as connection:
            if _note(connection, _BEGUN) is None:
                notes = {_BEGUN: begun.isoformat(), _IDENTITY: str(uuid.uuid4())}
                rows = [{"name": name, "value": value} for name, value in notes.items()]
                connection.execute(insert(meta), rows)
                _forget(connection, Gap(start=None, end=begun, why="it was made"))
                self._is_new = True
        with self._store.reading() as connection:
            return datetime.fromisoformat(_note(connection, _BEGUN) or begun.isoformat())

    def arrive(self, clock: Clock, marks_folder: Path | None = None) -> Gap | None:
        """Begin to work on a ledger that was begun; return the gap that this start found.

        `marks_folder` holds the second marks of this host's workers. Without it, or where it
        cannot be written, nothing proves at the next start that the ledger is the newest.
        """
        with self._lock:
            self._clock = clock
            self._marks = self._take_mark(marks_folder)
            marks = {} if self._marks is None else self._marks.read()
            where, now = self._store.where(), clock.now()
            with self._store.writing(WHOLE_LEDGER) as connection:
                kept = _heartbeats(connection)
                start = Start()
                if not self._is_new:
                    known_until = last_gap_end(connection)
                    start = judge_start(kept, marks, where=where, known_until=known_until, now=now)
                if start.gap is not None:
                    _forget(connection, start.gap)
                    _take_note_of(connection, kept, marks.values())
                self._mine = self._beat(connection, _heartbeats(connection), now, where)
            self._keep_mark()
            if start.waits_for is not None:
                self._waits_for = (start.waits_for, now)
            self._tried_at, self._connections = now, self._store.connections
        if start.gap is not None:
            _log.warning("the ledger has a gap", why=start.gap.why, until=str(start.gap.end))
        return start.gap

    def beat(self, *, now: datetime) -> None:
        """Write that this worker lives, once a minute at most; its heartbeat never goes back.

        Where the ledger holds an older one than this process wrote, or is another database, it
        was put back or failed over under the process: a gap until now.
        """
        with self._lock:
            if self._is_early(now):
                return
            where = self._store.where()
            # Read before the ledger: what is newer in them it does not hold.
            marks = {} if self._waits_for is None or self._marks is None else self._marks.read()
            with self._store.writing() as connection:
                kept = _heartbeats(connection)
                gap = self._gap_noticed(kept, marks, now, where)
                if gap is not None:
                    _forget(connection, gap)
                    _log.warning("the ledger has a gap", why=gap.why, until=str(gap.end))
                self._mine = self._beat(connection, kept, now, where)
            self._keep_mark()
            self._tried_at, self._connections = now, self._store.connections

    def leave(self, *, now: datetime) -> None:
        """Write that this worker ended, and is not to be waited for."""
        with self._lock:
            if self._clock is None:
                return
            self._tried_at = None
            self.beat(now=now)
            self._mine = replace(self._mine, ended=True)
            with self._store.writing() as connection:
                mine = heartbeats.c.worker == self._mine.worker
                connection.execute(update(heartbeats).where(mine).values(ended=True))
            self._keep_mark()
            self._clock = None

    def close(self) -> None:
        if self._marks is not None:
            self._marks.release()

    def knowledge(self) -> LedgerKnowledge:
        """Return since when the ledger is kept, and its gaps, whoever noticed them.

        A connection that is new may lead to another database: then the heartbeat is looked at
        first. Not to be called within a transaction. Raises LedgerError for a ledger that was
        never begun.
        """
        known = self._read_knowledge()
        if self._clock is None:
            return known
        with self._lock:
            now = self._clock.now()
            if self._waits_for is not None or self._leads_elsewhere():
                self.beat(now=now)
                known = self._read_knowledge()
            if self._waits_for is not None:
                not_yet = gap_until(now, self._waits_for[0].at, why="another worker may be dead")
                known = replace(known, gaps=(not_yet, *known.gaps))
        return known

    def forget(self, gap: Gap) -> None:
        """Write down a time that the ledger cannot speak for."""
        with self._store.writing() as connection:
            _forget(connection, gap)

    def marks_in(self, folder: Path) -> Marks:
        """Return this ledger's marks in a folder; nothing is made there."""
        return Marks(folder, self.identity())

    def identity(self) -> str:
        """Return what names this ledger and its copies, whatever they are called."""
        with self._store.reading() as connection:
            return _note(connection, _IDENTITY) or ""

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """Return every worker's heartbeat, the newest first."""
        with self._store.reading() as connection:
            kept = _heartbeats(connection)
        return tuple(sorted(kept.values(), key=lambda beat: beat.at, reverse=True))

    def last_heartbeat(self) -> datetime | None:
        """Return when any worker last wrote; None before the first."""
        return next((beat.at for beat in self.heartbeats()), None)

    def _read_knowledge(self) -> LedgerKnowledge:
        with self._store.reading() as connection:
            begun = _note(connection, _BEGUN)
            rows = connection.execute(_NEWEST_GAPS).all()
        if begun is None:
            raise LedgerError(
                f"the ledger {self._store.name} was never begun: nobody worked on it"
            )
        found = (Gap(start=row.began_at, end=row.ended_at, why=row.why) for row in rows)
        return LedgerKnowledge(beginning=datetime.fromisoformat(begun), gaps=tuple(found))

    def _take_mark(self, folder: Path | None) -> Marks | None:
        if folder is None:
            return None
        marks = Marks(folder, self.identity())
        try:
            self._mine = replace(self._mine, worker=marks.take())
        except OSError as error:
            _log.error("no mark can be kept: each start will be a gap", reason=str(error))
            return None
        return marks

    def _keep_mark(self) -> None:
        if self._marks is None:
            return
        try:
            self._marks.write(self._mine)
        except OSError as error:
            _log.error("no mark can be kept: the next start will be a gap", reason=str(error))

    def _is_early(self, now: datetime) -> bool:
        if self._tried_at is None:
            return False
        interval = BEAT_INTERVAL if self._waits_for is None else WAITING_INTERVAL
        return timedelta(0) <= now - self._tried_at < interval

    def _leads_elsewhere(self) -> bool:
        """Tell whether a new connection leads to another ledger; then the next beat is due."""
        opened = self._store.connections
        if self._connections == opened:
            return False
        where = self._store.where()
        with self._store.reading() as connection:
            is_other = self._what_is_wrong(_heartbeats(connection), where) is not None
        if is_other:
            self._tried_at = None
        else:
            self._connections = opened
        return is_other

    def _what_is_wrong(self, kept: dict[str, Heartbeat], where: str) -> str | None:
        mine = kept.get(self._mine.worker)
        if self._mine.beats and (mine is None or mine.beats < self._mine.beats):
            return "it holds an older heartbeat than its worker wrote"
        if self._mine.where and where and where != self._mine.where:
            return "it is another database than before"
        return None

    def _gap_noticed(
        self,
        kept: dict[str, Heartbeat],
        marks: dict[str, Heartbeat],
        now: datetime,
        where: str,
    ) -> Gap | None:
        why = self._what_is_wrong(kept, where)
        last = max((beat.at for beat in kept.values()), default=None)
        if why is None:
            return self._waiting_in_vain(kept, marks, now)
        if last is None:
            return Gap(start=None, end=max(now, self._mine.at), why=why)
        return gap_until(now, last, [self._mine], why=why)

    def _waiting_in_vain(
        self, kept: dict[str, Heartbeat], marks: dict[str, Heartbeat], now: datetime
    ) -> Gap | None:
        """Return a gap once another worker, which would have proven this start, shows no life.

        One of this host that had begun in the same moment proves it by its mark, too.
        """
        if self._waits_for is None:
            return None
        waited_for, since = self._waits_for
        other, mark = kept.get(waited_for.worker, waited_for), marks.get(waited_for.worker)
        if mark is not None and waited_for.beats <= mark.beats <= other.beats:
            self._waits_for = None
            return None
        if other.beats == waited_for.beats and not other.ended and now - since <= ALIVE_MAX:
            return None
        self._waits_for = None
        if other.beats > waited_for.beats:
            return None
        return gap_until(now, waited_for.at, why="the other worker shows no life")

    def _beat(
        self, connection: Connection, kept: dict[str, Heartbeat], now: datetime, where: str
    ) -> Heartbeat:
        """Write this worker's heartbeat, above whatever it wrote before."""
        worker, mine = self._mine.worker, kept.get(self._mine.worker)
        beat = Heartbeat(
            worker=worker,
            at=now if mine is None else max(now, mine.at),
            beats=max(self._mine.beats, 0 if mine is None else mine.beats) + 1,
            where=where,
        )
        _write(connection, beat, is_new=mine is None)
        return beat


def last_gap_end(connection: Connection) -> datetime | None:
    """Return the end of the last gap; until then, anything may have been forgotten."""
    found: datetime | None = connection.execute(select(func.max(gaps.c.ended_at))).scalar()
    return found


def _note(connection: Connection, name: str) -> str | None:
    found: str | None = connection.execute(_VALUE_OF, {"asked": name}).scalar()
    return found


def _heartbeats(connection: Connection) -> dict[str, Heartbeat]:
    return {
        row.worker: Heartbeat(worker=row.worker, at=row.at, beats=row.beats, ended=row.ended)
        for row in connection.execute(_BEATS)
    }


def _forget(connection: Connection, gap: Gap) -> None:
    connection.execute(insert(gaps).values(began_at=gap.start, ended_at=gap.end, why=gap.why))


def _take_note_of(
    connection: Connection, kept: dict[str, Heartbeat], marks: Iterable[Heartbeat]
) -> None:
    """Raise the ledger's heartbeats to the marks, once the gap is written: it knows them."""
    for mark in marks:
        known = kept.get(mark.worker)
        if known is None or known.beats < mark.beats:
            at = mark.at if known is None else max(known.at, mark.at)
            _write(connection, replace(mark, at=at), is_new=known is None)


def _write(connection: Connection, beat: Heartbeat, *, is_new: bool) -> None:
    values = {"at": beat.at, "beats": beat.beats, "ended": beat.ended}
    if is_new:
        connection.execute(insert(heartbeats).values(worker=beat.worker, **values))
    else:
        connection.execute(_BEAT_AGAIN, {"of": beat.worker, **values})
