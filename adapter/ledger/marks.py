"""The second marks: what each worker of this host wrote last, kept outside the database (0034).

A copy of the database that is put back is older than they are. So they must not travel with it:
they lie in a folder of their own, below the identity of their ledger, a file for each worker. A
worker's name is held by a lock for as long as its process lives, and the next process takes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from adapter.domain.ledger_life import Heartbeat

_MARK, _LOCK = ".mark", ".lock"
# Always as many, so that nothing of a longer one is left.
MARK_BYTES = 400
# Its content has to reach the disk; not every system can leave out when it was changed.
SYNC = getattr(os, "fdatasync", os.fsync)


class Marks:
    """The marks of one ledger in one folder."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder / identity
        self._lock: int | None = None
        self._own = ""

    def take(self) -> str:
        """Reserve a worker's name, one that was used before if it is free; raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (*self._names(), str(uuid.uuid4())):
            held = _hold(self.folder / f"{name}{_LOCK}")
            if held is not None:
                self._lock, self._own = held, name
                return name
        raise AssertionError("a name that nobody knows is free")

    def are_in_use(self) -> bool:
        """Tell whether a worker of this host is at work on the ledger."""
        for name in self._names():
            held = _hold(self.folder / f"{name}{_LOCK}")
            if held is None:
                return True
            os.close(held)
        return False

    def read(self) -> dict[str, Heartbeat]:
        """Return every mark by its worker; one that cannot be read is none."""
        found = {}
        for name in self._names():
            with suppress(OSError, ValueError, KeyError, TypeError):
                mark = json.loads((self.folder / f"{name}{_MARK}").read_text())
                found[name] = Heartbeat(
                    worker=name,
                    at=datetime.fromisoformat(mark["at"]),
                    beats=int(mark["beats"]),
                    where=str(mark["where"]),
                    ended=bool(mark["ended"]),
                )
        return found

    def write(self, beat: Heartbeat) -> None:
        """Keep a heartbeat, on the disk when this returns; raises OSError.

        Where it cannot be kept, an older one would prove what is not so: there is none then.
        """
        path = self.folder / f"{beat.worker}{_MARK}"
        mark = {
            "at": beat.at.isoformat(),
            "beats": beat.beats,
            "where": beat.where,
            "ended": beat.ended,
        }
        try:
            is_new = not path.exists()
            _overwrite(path, json.dumps(mark).encode().ljust(MARK_BYTES))
            if is_new:
                _sync(self.folder)
        except OSError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    def follow(self, where: str) -> None:
        """Have every mark name the database that the ledger was moved to; raises OSError."""
        for mark in self.read().values():
            self.write(replace(mark, where=where))

    def release(self) -> None:
        """Let another process have the name."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _names(self) -> Iterator[str]:
        return (path.stem for path in sorted(self.folder.glob(f"*{_LOCK}")))


def _hold(path: Path) -> int | None:
    """Lock a file, which the system unlocks when the process ends, however it ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        os.close(file)
        raise
    return file


def _overwrite(path: Path, content: bytes) -> None:
    """Write a mark in its place: less than a sector of the disk, so that it is the old or the new.

    A mark that is neither cannot be read, and proves nothing.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, content)
        SYNC(file)
    finally:
        os.close(file)


def _sync(folder: Path) -> None:
    """Have the folder itself reach the disk, so that a power cut does not undo a renaming."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
